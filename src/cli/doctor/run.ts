/**
 * Runs the checks of `doctor`.
 *
 * @module
 */

import { resolveRoot } from "../../root.ts";
import { PROGRAM } from "../command.ts";
import type { Context } from "../context.ts";
import { proposal } from "../proposal.ts";
import { colored, printRecords } from "../records.ts";
import { oneLine, type Style, wrap } from "../text.ts";
import { checkCredentials } from "./check_credentials.ts";
import { checkExecutions } from "./check_executions.ts";
import { checkFolder } from "./check_folder.ts";
import { checkMachine } from "./check_machine.ts";
import { checkTemplates, checkWorkflows } from "./check_workflows.ts";
import { type Finding, findingsOf } from "./finding.ts";

const STYLES: Record<Finding["status"], Style> = { ok: "green", warning: "yellow", failed: "red" };

/** Runs all checks; one that fails does not keep the others from running. */
export async function runDoctor(context: Context): Promise<number> {
  const root = resolveRoot(context.root);
  const found = [
    ...await findingsOf("machine", () => checkMachine(root)),
    ...await findingsOf("folder", () => checkFolder(root)),
    ...await findingsOf("workflows", () => checkWorkflows(root)),
    ...await findingsOf("templates", () => checkTemplates(root)),
    ...await findingsOf("executions", () => checkExecutions(root)),
    ...await findingsOf("credentials", () => checkCredentials(root)),
  ];
  const findings = found.map((finding) => {
    const command = finding.cure?.startsWith(OWN) && finding.cure.slice(OWN.length);
    return command ? { ...finding, cure: proposal(context, command) } : finding;
  });
  if (context.format === "text") printFindings(context, findings);
  else {
    await printRecords<Finding>(context, {
      name: "findings",
      items: findings,
      columns: [],
      json: (finding) => finding,
      empty: "",
    });
  }
  const failed = findings.filter(({ status }) => status === "failed");
  if (failed.length === 0) return 0;
  return failed.every(({ area }) => area === "credentials") ? 6 : 1;
}

/** No table: what was found takes several lines. */
function printFindings(context: Context, findings: readonly Finding[]): void {
  const width = Math.max(Math.min(context.io.stdout.columns(), LINE) - INDENT.length, 30);
  for (const { status, area, finding, cure } of findings) {
    const head = colored(context.io, status.padEnd(9), STYLES[status]) + area.padEnd(13);
    const lines = wrap(oneLine(finding), width);
    if (cure !== undefined) {
      const line = oneLine(`Cure: ${cure}`);
      // A command stays in one line, or it could not be pasted.
      lines.push(...COMMAND.test(cure) ? [line] : wrap(line, width));
    }
    context.print(lines.map((line, index) => (index === 0 ? head : INDENT) + line).join("\n"));
  }
}

/** Begins a cure that is a command of this program. */
const OWN = `${PROGRAM} `;
/** Begins a cure that is to be pasted. */
const COMMAND = new RegExp(`^(?:${PROGRAM}|chmod|edit|rm) `);

const INDENT = " ".repeat(22);
/** Columns where the output has no width. */
const LINE = 100;
