/**
 * Runs the checks of `doctor`.
 *
 * @module
 */

import { resolveRoot } from "../../root.ts";
import type { Context } from "../context.ts";
import { printRecords } from "../records.ts";
import type { Style } from "../text.ts";
import {
  checkCredentials,
  checkExecutions,
  checkFolder,
  checkMachine,
  checkWorkflows,
} from "./checks.ts";
import { type Finding, findingsOf } from "./finding.ts";

const STYLES: Record<Finding["status"], Style> = { ok: "green", warning: "yellow", failed: "red" };

/** Runs all checks; one that fails does not keep the others from running. */
export async function runDoctor(context: Context): Promise<number> {
  const root = resolveRoot(context.root);
  const findings = [
    ...await findingsOf("machine", () => checkMachine(root)),
    ...await findingsOf("folder", () => checkFolder(root)),
    ...await findingsOf("workflows", () => checkWorkflows(root)),
    ...await findingsOf("executions", () => checkExecutions(root)),
    ...await findingsOf("credentials", () => checkCredentials(root)),
  ];
  await printRecords<Finding>(context, {
    name: "findings",
    items: findings,
    columns: [
      { title: "STATUS", text: ({ status }) => status, style: ({ status }) => STYLES[status] },
      { title: "AREA", text: ({ area }) => area },
      { title: "FINDING", text: ({ finding }) => finding },
      { title: "CURE", text: ({ cure }) => cure ?? "" },
    ],
    json: (finding) => finding,
    empty: "",
  });
  const failed = findings.filter(({ status }) => status === "failed");
  if (failed.length === 0) return 0;
  return failed.every(({ area }) => area === "credentials") ? 6 : 1;
}
