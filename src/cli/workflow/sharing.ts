/**
 * `workflow export` and `workflow import`.
 *
 * @module
 */

import { join } from "../../paths.ts";
import { requirePermissions } from "../../permissions.ts";
import type { WorkflowRepository } from "../../domain/workflow_repository.ts";
import type { ExportedWorkflow, ImportedWorkflow } from "../../domain/workflow_sharing.ts";
import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";
import { fileError, requireName, stat } from "../files.ts";
import { outputFile, writeOutput } from "../output_file.ts";
import { Progress } from "../progress.ts";
import { readAll } from "../prompt.ts";
import { printRecords } from "../records.ts";
import { oneLine, printable, visible } from "../text.ts";
import { openWorkflows } from "./store.ts";

/** Writes workflows without their secrets; the exit code is 1 when one cannot be read. */
export async function exportWorkflows(context: Context): Promise<number> {
  const id = context.optionalArgument("ID");
  const output = context.text("output");
  const file = outputFile(output);
  const folder = context.text("dir");
  if (folder !== undefined) requireName(folder, "folder");
  const store = await openWorkflows(context);
  if (id === undefined) {
    if (folder === undefined) throw new UsageError('Name a workflow, or pass "--dir" for all');
    if (output !== undefined) {
      throw new UsageError('Options "--output" and "--dir" exclude each other');
    }
    return await exportFolder(context, store, folder);
  }
  if (folder !== undefined) throw new UsageError('Option "--dir" is for all workflows, without ID');
  const exported = await store.exportWorkflow(id);
  const { stdout } = context.io;
  if (file === undefined) stdout.write(printable(stdout, exported.text));
  else await writeText(context, file, exported.text);
  reportRemoved(context, exported);
  return 0;
}

async function exportFolder(
  context: Context,
  store: WorkflowRepository,
  folder: string,
): Promise<number> {
  const action = `Cannot write to "${folder}"`;
  requirePermissions(action, { name: "write", path: folder });
  await Deno.mkdir(folder, { recursive: true }).catch((cause) => {
    throw fileError(cause, action, folder);
  });
  const { signal } = context;
  let written = 0;
  let failed = 0;
  {
    using progress = new Progress(context.io, "Exporting", "files");
    for await (const { done, total, ...shared } of store.exportAll()) {
      if (signal.aborted) break;
      if ("error" in shared) {
        context.note(visible(shared.error.message));
        failed++;
      } else {
        await writeText(context, join(folder, `${shared.id}.yaml`), shared.text);
        reportRemoved(context, shared);
        written++;
      }
      progress.update(done, total);
    }
  }
  context.note(oneLine(`Exported ${written} workflows to ${folder}`));
  signal.throwIfAborted();
  return failed === 0 ? 0 : 1;
}

function reportRemoved(context: Context, { id, removed }: ExportedWorkflow): void {
  for (const { path, kind } of removed) {
    context.note(oneLine(`Removed from "${id}" (${kind}): ${path}`));
  }
}

async function writeText(context: Context, path: string, text: string): Promise<void> {
  await writeOutput(context, path, [new TextEncoder().encode(text)]);
}

/** Saves workflows that were shared; the exit code is 1 when one cannot be imported. */
export async function importWorkflows(context: Context): Promise<number> {
  const id = context.text("id");
  const name = context.text("name");
  const source = context.argument("SOURCE");
  const store = await openWorkflows(context);
  const imported: ImportedWorkflow[] = [];
  let failed = 0;
  let signal: AbortSignal | undefined;
  if (source !== "-" && (await stat(source, `Cannot read "${source}"`)).isDirectory) {
    if (id !== undefined || name !== undefined) {
      throw new UsageError('Options "--id" and "--name" are for one workflow, not for a folder');
    }
    // One file keeps the usual Ctrl-C, which ends the waiting for standard input too.
    signal = context.signal;
    using progress = new Progress(context.io, "Importing", "files");
    for await (const { done, total, ...shared } of store.importFolder(source)) {
      if ("error" in shared) {
        context.note(visible(shared.error.message));
        failed++;
      } else imported.push(shared);
      progress.update(done, total);
      if (signal.aborted) break;
    }
  } else {
    const from = source === "-" ? { text: await readAll(context.io.stdin) } : { path: source };
    imported.push(await store.importWorkflow(from, { id, name }));
  }
  await printRecords(context, {
    name: "workflows",
    items: imported,
    columns: [
      { title: "ID", text: ({ workflow }) => workflow.id },
      { title: "SERVERS", text: ({ servers }) => servers.map(({ id }) => id).join(", ") },
      { title: "CREDENTIALS", text: ({ credentials }) => credentials.join(", ") },
      { title: "TO FILL IN", text: ({ placeholders }) => placeholders.join(", "), shrinks: true },
      { title: "PROBLEMS", text: ({ problems }) => String(problems.length), right: true },
    ],
    json: ({ workflow, revision, servers, credentials, placeholders, problems }) => ({
      id: workflow.id,
      name: workflow.name,
      revision,
      servers,
      credentials,
      placeholders,
      problems,
    }),
    empty: "No workflows imported",
  });
  signal?.throwIfAborted();
  return failed === 0 ? 0 : 1;
}
