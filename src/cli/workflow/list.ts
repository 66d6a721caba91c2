/**
 * `workflow list`.
 *
 * @module
 */

import type { Workflow } from "../../domain/workflow.ts";
import type { Context } from "../context.ts";
import { printRecords } from "../records.ts";
import { visible } from "../text.ts";
import { formatTime } from "../values.ts";
import { openWorkflows } from "./store.ts";

/** Lists workflows. */
export async function listWorkflows(context: Context): Promise<void> {
  const tags = context.texts("tag");
  const search = context.text("search")?.toLowerCase();
  const store = await openWorkflows(context);
  const { workflows, invalid, warnings } = await store.list();
  const matches = ({ id, name, description, metadata }: Workflow) =>
    tags.every((tag) => metadata.tags?.includes(tag)) &&
    (search === undefined ||
      [id, name, description].some((text) => text?.toLowerCase().includes(search)));
  await printRecords(context, {
    name: "workflows",
    items: workflows.filter(matches),
    columns: [
      { title: "ID", text: ({ id }) => id, shrinks: true },
      { title: "NAME", text: ({ name }) => name, shrinks: true },
      { title: "VERSION", text: ({ version }) => version },
      { title: "NODES", text: ({ nodes }) => String(nodes.length), right: true },
      { title: "MODIFIED", text: ({ metadata }) => formatTime(metadata.lastModified) },
      { title: "TAGS", text: ({ metadata }) => metadata.tags?.join(", ") ?? "", shrinks: true },
    ],
    json: ({ id, name, version, description, metadata, nodes, revision }) => ({
      id,
      name,
      version,
      description,
      tags: metadata.tags ?? [],
      nodes: nodes.length,
      modified: metadata.lastModified,
      revision,
    }),
    empty: "No workflows found",
    fields: () => ({
      invalid: invalid.map(({ id, path, error }) => ({ id, path, error: error.message })),
    }),
  });
  for (const { error } of invalid) context.note(visible(error.message));
  for (const { message, path } of warnings) context.note(visible(`${message}: ${path}`));
}
