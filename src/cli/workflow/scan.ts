/**
 * `workflow scan`.
 *
 * @module
 */

import { findSecrets } from "../../domain/secrets.ts";
import type { Workflow } from "../../domain/workflow.ts";
import type { Context } from "../context.ts";
import { noteInvalid, printRecords } from "../records.ts";
import { openWorkflows } from "./store.ts";

/** Looks for secrets; the exit code is 1 when there certainly is one. */
export async function scanWorkflows(context: Context): Promise<number> {
  const ids = context.arguments("ID");
  const store = await openWorkflows(context);
  const workflows: Workflow[] = [];
  for (const id of ids) workflows.push(await store.load(id));
  if (ids.length === 0) {
    const { workflows: all, invalid } = await store.list();
    workflows.push(...all);
    noteInvalid(context, invalid);
  }
  const findings = workflows.flatMap((workflow) =>
    findSecrets(workflow).map((finding) => ({ workflow: workflow.id, ...finding }))
  );
  await printRecords(context, {
    name: "findings",
    items: findings,
    columns: [
      { title: "WORKFLOW", text: ({ workflow }) => workflow },
      { title: "PATH", text: ({ path }) => path, shrinks: true },
      { title: "KIND", text: ({ kind }) => kind },
      {
        title: "CERTAIN",
        text: ({ certain }) => certain ? "yes" : "likely",
        style: ({ certain }) => certain ? "red" : "yellow",
      },
      { title: "VALUE", text: ({ excerpt }) => excerpt, shrinks: true },
    ],
    json: (finding) => finding,
    empty: `No secrets found in ${workflows.length} workflows`,
  });
  return findings.some(({ certain }) => certain) ? 1 : 0;
}
