/**
 * What `doctor` says about workflows and templates.
 *
 * @module
 */

import { findSecrets } from "../../domain/secrets.ts";
import { templateProblems } from "../../domain/template.ts";
import type { InvalidWorkflow } from "../../domain/workflow_repository.ts";
import { join } from "../../paths.ts";
import { FilesystemWorkflowRepository } from "../../workflows/repository.ts";
import { FilesystemTemplateRepository } from "../../workflows/template_repository.ts";
import { operand, shellWord } from "../text.ts";
import type { Check, Finding } from "./finding.ts";

/** Files that cannot be read, are not valid, or hold secrets. */
export const checkWorkflows: Check = async (root) => {
  const area = "workflows";
  const store = await FilesystemWorkflowRepository.open({ root });
  const { workflows, invalid, warnings } = await store.list();
  const findings: Finding[] = [
    { status: "ok", area, finding: `${workflows.length} readable` },
    ...unreadable(area, invalid),
  ];
  for (const { path, message } of warnings) {
    findings.push({
      status: "warning",
      area,
      finding: `${path}: ${message}`,
      cure: `edit ${shellWord(path)}`,
    });
  }
  for (const workflow of workflows) {
    const { id } = workflow;
    const cure = `goflow-storage workflow edit ${operand(id)}`;
    for (const problem of workflow.problems()) {
      findings.push({ status: "warning", area, finding: `"${id}": ${problem}`, cure });
    }
    for (const { message, path, line } of await store.inspect(id)) {
      const place = line === undefined ? path : `line ${line}`;
      findings.push({ status: "warning", area, finding: `"${id}", ${place}: ${message}`, cure });
    }
    for (const { path, kind, certain } of findSecrets(workflow)) {
      findings.push({
        status: certain ? "failed" : "warning",
        area,
        finding: `"${id}" ${certain ? "holds" : "may hold"} a secret (${kind}) at ${path}`,
        cure: "put it into the keyring and name it by credential_ref, and replace it",
      });
    }
  }
  return findings;
};

/** Templates that cannot be read or are not valid. */
export const checkTemplates: Check = async (root) => {
  const area = "templates";
  const store = await FilesystemTemplateRepository.open({ root });
  const { templates, invalid } = await store.list();
  const findings: Finding[] = [
    { status: "ok", area, finding: `${templates.length} readable` },
    ...unreadable(area, invalid),
  ];
  for (const template of templates) {
    const { id } = template;
    const cure = `edit ${shellWord(join(root, "templates", `${id}.yaml`))}`;
    for (const problem of templateProblems(template)) {
      findings.push({ status: "warning", area, finding: `"${id}": ${problem}`, cure });
    }
  }
  return findings;
};

function unreadable(area: Finding["area"], invalid: readonly InvalidWorkflow[]): Finding[] {
  return invalid.map(({ path, error }) => ({
    status: "failed",
    area,
    finding: error.message,
    cure: `edit ${shellWord(path)}`,
  }));
}
