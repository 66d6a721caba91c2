/**
 * `workflow export` and `workflow import`.
 *
 * @module
 */

import { join } from "@std/path";
import { requirePermissions } from "../../permissions.ts";
import type { ExportedWorkflow, ImportedWorkflow } from "../../workflows/sharing.ts";
import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";
import { fileError } from "../files.ts";
import { Progress } from "../progress.ts";
import { readAll } from "../prompt.ts";
import { printRecords } from "../records.ts";
import { oneLine } from "../text.ts";
import { openWorkflows } from "./store.ts";

/** Writes workflows without their secrets. */
export async function exportWorkflows(context: Context): Promise<void> {
  const output = context.text("output");
  const folder = context.text("dir");
  let ids = context.arguments("ID");
  if (folder === undefined && ids.length !== 1) {
    throw new UsageError(`One workflow is exported without "--dir", ${ids.length} were named`);
  }
  if (folder !== undefined && output !== undefined) {
    throw new UsageError('Options "--output" and "--dir" exclude each other');
  }
  const store = await openWorkflows(context);
  if (folder === undefined) {
    const exported = await store.exportWorkflow(ids[0]!);
    if (output === undefined) context.io.stdout.write(exported.text);
    else await writeFile(output, exported.text);
    reportRemoved(context, exported);
    return;
  }
  if (ids.length === 0) ids = (await store.summaries()).summaries.map(({ id }) => id);
  const action = `Cannot write to "${folder}"`;
  requirePermissions(action, { name: "write", path: folder });
  await Deno.mkdir(folder, { recursive: true }).catch((cause) => {
    throw fileError(cause, action, folder);
  });
  using progress = new Progress(context.io, "Exporting", "files");
  for (const [index, id] of ids.entries()) {
    const exported = await store.exportWorkflow(id);
    await writeFile(join(folder, `${id}.yaml`), exported.text);
    reportRemoved(context, exported);
    progress.update(index + 1, ids.length);
  }
  context.note(oneLine(`Exported ${ids.length} workflows to ${folder}`));
}

function reportRemoved(context: Context, { id, removed }: ExportedWorkflow): void {
  for (const { path, kind } of removed) {
    context.note(oneLine(`Removed from "${id}" (${kind}): ${path}`));
  }
}

async function writeFile(path: string, text: string): Promise<void> {
  const action = `Cannot write "${path}"`;
  requirePermissions(action, { name: "write", path });
  await Deno.writeTextFile(path, text).catch((cause) => {
    throw fileError(cause, action, path);
  });
}

/** Saves workflows that were shared. */
export async function importWorkflows(context: Context): Promise<void> {
  const id = context.text("id");
  const name = context.text("name");
  const files = await listFiles(context.arguments("FILE"));
  if (files.length !== 1 && (id !== undefined || name !== undefined)) {
    throw new UsageError(`"--id" and "--name" are for one workflow, ${files.length} were named`);
  }
  const store = await openWorkflows(context);
  const imported: ImportedWorkflow[] = [];
  {
    using progress = new Progress(context.io, "Importing", "files");
    for (const file of files) {
      const source = file === "-" ? { text: await readAll(context.io.stdin) } : { path: file };
      imported.push(await store.importWorkflow(source, { id, name }));
      progress.update(imported.length, files.length);
    }
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
    empty: "No YAML files found",
  });
}

/** Replaces folders by the YAML files in them. */
async function listFiles(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const action = `Cannot read "${path}"`;
    if (path !== "-") requirePermissions(action, { name: "read", path });
    try {
      if (path === "-" || !(await Deno.stat(path)).isDirectory) files.push(path);
      else {
        const names = await Array.fromAsync(Deno.readDir(path), ({ name }) => name);
        const found = names.filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort();
        files.push(...found.map((name) => join(path, name)));
      }
    } catch (cause) {
      throw fileError(cause, action, path);
    }
  }
  return files;
}
