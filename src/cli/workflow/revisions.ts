/**
 * `workflow history`, `diff`, `restore` and `tag`.
 *
 * @module
 */

import type { WorkflowChange } from "../../domain/diff.ts";
import { NotFoundError } from "../../domain/errors.ts";
import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";
import { snakeCase, toJson } from "../json.ts";
import { colored, printRecord, printRecords, printTable } from "../records.ts";
import { oneLine, printable, type Style } from "../text.ts";
import { formatSize, formatTime } from "../values.ts";
import { openWorkflows, revisionOptions } from "./store.ts";

/** Enough of a revision to tell it from others. */
const SHOWN = 12;

/** Lists the revisions of a workflow. */
export async function showHistory(context: Context): Promise<void> {
  const store = await openWorkflows(context);
  await printRecords(context, {
    name: "revisions",
    items: await store.history(context.argument("ID")),
    columns: [
      { title: "REVISION", text: ({ revision }) => revision.slice(0, SHOWN) },
      { title: "TIME", text: ({ time }) => formatTime(time) },
      { title: "SOURCE", text: ({ source }) => source },
      { title: "SIZE", text: ({ size }) => formatSize(size), right: true },
      { title: "AUTHOR", text: ({ author }) => author ?? "-", shrinks: true },
      { title: "TAGS", text: ({ tags }) => tags.join(", "), shrinks: true },
      { title: "MESSAGE", text: ({ message }) => message ?? "", shrinks: true },
    ],
    json: (revision) => snakeCase(revision),
    empty: "No revisions found",
  });
}

/** Shows what differs between two revisions. */
export async function showDiff(context: Context): Promise<void> {
  const id = context.argument("ID");
  const store = await openWorkflows(context);
  const from = context.optionalArgument("FROM") ?? (await store.history(id))[1]?.revision;
  if (from === undefined) {
    throw new NotFoundError(`Cannot compare revisions of workflow "${id}": there is only one`, {
      kind: "revision",
      id,
    });
  }
  const { changes, unified } = await store.diff(id, from, context.optionalArgument("TO"));
  printRecord(context, { changes, unified }, () => {
    if (changes.length === 0 && unified === "") context.note("Nothing differs");
    else if (context.flag("structure")) printChanges(context, changes);
    else printUnified(context, unified);
  });
}

function printUnified(context: Context, unified: string): void {
  const style = (line: string): Style | undefined => {
    if (line.startsWith("+++") || line.startsWith("---")) return "bold";
    return line.startsWith("+") ? "green" : line.startsWith("-") ? "red" : undefined;
  };
  for (const line of unified.replace(/\n$/, "").split("\n")) {
    const shown = printable(context.io.stdout, line);
    context.print(colored(context.io, shown, style(line)));
  }
}

const CHANGE_STYLES: Record<WorkflowChange["change"], Style> = {
  added: "green",
  removed: "red",
  changed: "yellow",
};

function printChanges(context: Context, changes: readonly WorkflowChange[]): void {
  printTable(context.io, changes, [
    { title: "CHANGE", text: ({ change }) => change, style: ({ change }) => CHANGE_STYLES[change] },
    { title: "KIND", text: ({ kind }) => kind },
    { title: "NAME", text: ({ name }) => name, shrinks: true },
    { title: "DETAIL", text: detailOf, shrinks: true },
  ]);
}

function detailOf({ kind, change, fields, before, after }: WorkflowChange): string {
  if (fields !== undefined) return fields.join(", ");
  if (kind !== "field" || change !== "changed") return "";
  return `${toJson(before)} -> ${toJson(after)}`;
}

/** Makes an older revision the stored one. */
export async function restoreRevision(context: Context): Promise<void> {
  const id = context.argument("ID");
  const store = await openWorkflows(context);
  const result = await store.restore(id, context.argument("REVISION"), revisionOptions(context));
  printRecord(context, { id, ...snakeCase(result) }, () => {
    context.note(oneLine(
      result.changed
        ? `Restored workflow "${id}" to revision ${result.revision.slice(0, SHOWN)}`
        : `Workflow "${id}" is at this revision already`,
    ));
  });
}

/** Names a revision. */
export async function tagRevision(context: Context): Promise<void> {
  const id = context.argument("ID");
  const tag = context.argument("TAG");
  const revision = context.optionalArgument("REVISION");
  const remove = context.flag("remove");
  if (remove && revision !== undefined) {
    throw new UsageError('Argument REVISION and option "--remove" exclude each other');
  }
  const store = await openWorkflows(context);
  await store.tag(id, tag, remove ? null : revision);
  context.note(oneLine(`${remove ? "Removed" : "Set"} tag "${tag}" of workflow "${id}"`));
}
