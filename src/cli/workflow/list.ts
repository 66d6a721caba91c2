/**
 * `workflow list`.
 *
 * @module
 */

import type { SummaryFilter } from "../../domain/workflow_repository.ts";
import { resolveRoot } from "../../root.ts";
import { listSummaries } from "../../workflows/summary_cache.ts";
import type { Context } from "../context.ts";
import { snakeCase } from "../json.ts";
import { invalidJson, noteInvalid, printRecords } from "../records.ts";
import { formatSize, formatTime } from "../values.ts";

/** Lists workflows. */
export async function listWorkflows(context: Context): Promise<void> {
  const filter = { tag: context.text("tag"), text: context.text("search") };
  const read = async (filter: SummaryFilter) => {
    const { openWorkflows } = await import("./store.ts");
    return await (await openWorkflows(context)).summaries(filter);
  };
  const { summaries, invalid } = context.url === undefined
    ? await listSummaries(resolveRoot(context.root), filter, () => read({}))
    : await read(filter);
  await printRecords(context, {
    name: "workflows",
    items: summaries,
    columns: [
      { title: "ID", text: ({ id }) => id, shrinks: true },
      { title: "NAME", text: ({ name }) => name, shrinks: true },
      { title: "VERSION", text: ({ version }) => version },
      { title: "SIZE", text: ({ size }) => formatSize(size), right: true },
      { title: "MODIFIED", text: ({ modified }) => formatTime(modified) },
      { title: "TAGS", text: ({ tags }) => tags.join(", "), shrinks: true },
    ],
    json: (summary) => snakeCase(summary),
    id: ({ id }) => id,
    empty: "No workflows found",
    fields: () => ({ invalid: invalidJson(invalid) }),
  });
  noteInvalid(context, invalid);
}
