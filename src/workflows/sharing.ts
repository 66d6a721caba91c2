/**
 * Shares workflows without their secrets.
 *
 * @module
 */

import { basename, join } from "../paths.ts";
import { AlreadyExistsError, InvalidDataError, StorageError } from "../domain/errors.ts";
import { newId } from "../domain/ids.ts";
import {
  findSecrets,
  hasReference,
  isSecretKey,
  isSecretVariable,
  type SecretFinding,
} from "../domain/secrets.ts";
import { visitTexts } from "../domain/value.ts";
import type { Workflow } from "../domain/workflow.ts";
import type { SaveResult } from "../domain/workflow_repository.ts";
import type {
  ExportedWorkflow,
  ImportedWorkflow,
  ImportOptions,
  ImportSource,
  Shared,
} from "../domain/workflow_sharing.ts";
import { asFileError } from "../file_errors.ts";
import { requirePermissions } from "../permissions.ts";
import { decodeFile } from "../text_decoding.ts";
import { encodeWorkflow } from "./encode.ts";
import { copyWorkflow, parseWorkflow } from "./workflow_cache.ts";
import { refuseLarge } from "./workflow_files.ts";
import { idProblem } from "./workflow_id.ts";
import type { WorkflowStore } from "./workflow_store.ts";
import { formatDocument } from "./yaml_format.ts";

/** What stands in place of a secret. */
const SECRET = "<SECRET_REQUIRED>";
/** What stands in place of the key of a credential, as the Go implementation writes it. */
const CREDENTIAL = "<CREDENTIAL_REF_REQUIRED>";

/** Makes a text without secrets. Comments may hold some, so they are left out. */
export function exportWorkflow(workflow: Workflow): ExportedWorkflow {
  const copy = copyWorkflow(workflow);
  delete copy.revision;
  const removed = new Map<string, SecretFinding>();
  for (const finding of findSecrets(copy)) {
    if (isSecretKey(finding)) {
      throw new InvalidDataError(
        `Cannot export workflow "${workflow.id}": the key at ${finding.path} is a secret ` +
          `(${finding.kind}), name it otherwise`,
      );
    }
    removed.set(finding.path, finding);
  }
  for (const [index, server] of copy.servers.entries()) {
    if (server.credentialRef) server.credentialRef = CREDENTIAL;
    for (const field of ["env", "headers"] as const) {
      for (const [name, value] of Object.entries(server[field] ?? {})) {
        const path = `servers[${index}].${field}.${name}`;
        if (removed.has(path) || !isSecretVariable(name)) continue;
        if (value === "" || hasReference(value)) continue;
        removed.set(path, { path, kind: "named-secret", certain: false, excerpt: "****" });
      }
    }
  }
  visitTexts(copy, { text: (_text, path) => removed.has(path) ? SECRET : undefined });
  const { value } = encodeWorkflow(copy);
  return { id: workflow.id, text: formatDocument(value), removed: [...removed.values()] };
}

/** Saves a workflow that was shared. */
export async function importWorkflow(
  store: WorkflowStore,
  source: ImportSource,
  options: ImportOptions,
): Promise<ImportedWorkflow> {
  const action = "path" in source ? `Cannot import "${source.path}"` : "Cannot import the workflow";
  const text = "path" in source ? readImport(source.path, action) : source.text;
  const named = "path" in source ? basename(source.path).replace(/\.ya?ml$/, "") : "";
  const parsed = parseWorkflow(named, text, action, "path" in source ? source.path : undefined);
  const workflow = copyWorkflow(parsed.workflow);
  delete workflow.revision;
  if (options.name !== undefined) workflow.name = options.name;
  const { author, message } = options;
  const candidates = options.id === undefined
    ? [parsed.idInFile ?? named, slug(workflow.name), newId()]
    : [options.id];
  for (const id of candidates) {
    if (options.id === undefined && idProblem(id) !== undefined) continue;
    workflow.id = id;
    try {
      const saved = await store.save(
        workflow,
        { ifAbsent: true, author, message },
        "imported",
        `${action} as "${id}"`,
      );
      return { ...saved, ...needsOf(workflow) };
    } catch (error) {
      const taken = error instanceof AlreadyExistsError && options.id === undefined;
      if (!taken || id === candidates.at(-1)) throw error;
    }
  }
  throw new InvalidDataError(`${action}: no id is free`);
}

/** Exports all workflows, one by one. */
export async function* exportAll(store: WorkflowStore): AsyncGenerator<Shared<ExportedWorkflow>> {
  const ids = await store.texts.ids("Cannot export the workflows");
  for (const [index, id] of ids.entries()) {
    const progress = { done: index + 1, total: ids.length };
    yield {
      ...progress,
      ...await attempt(id, async () => exportWorkflow((await store.load(id, "export")).workflow)),
    };
  }
}

/** Imports all files of a folder, one by one. */
export async function* importFolder(
  store: WorkflowStore,
  folder: string,
  options: Pick<ImportOptions, "author" | "message">,
): AsyncGenerator<Shared<ImportedWorkflow & { id: string }>> {
  const action = `Cannot import the folder "${folder}"`;
  requirePermissions(action, { name: "read", path: folder });
  const names = listImports(folder, action);
  for (const [index, name] of names.entries()) {
    const progress = { done: index + 1, total: names.length };
    const result = await attempt(name, async () => {
      const path = join(folder, name);
      refuseOther(path, `Cannot import "${path}"`);
      const imported = await importWorkflow(store, { path }, options);
      return { ...imported, id: imported.workflow.id };
    });
    yield { ...progress, ...result };
  }
}

function listImports(folder: string, action: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name)
      .filter((name) => /^[^.].*\.ya?ml$/s.test(name)).sort();
  } catch (cause) {
    throw asFileError(cause, action, folder);
  }
}

async function attempt<T>(
  id: string,
  run: () => Promise<T>,
): Promise<T | { id: string; error: StorageError }> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof StorageError) return { id, error };
    throw error;
  }
}

/** Whoever reads a pipe that is found in a folder may wait for ever. */
function refuseOther(path: string, action: string): void {
  try {
    const { isFile, isDirectory } = Deno.statSync(path);
    if (isFile) return;
    const what = isDirectory ? "a folder" : "not a regular file";
    throw new InvalidDataError(`${action}: it is ${what}, a file is wanted`, { path });
  } catch (cause) {
    throw asFileError(cause, action, path);
  }
}

function readImport(path: string, action: string): string {
  requirePermissions(action, { name: "read", path });
  try {
    refuseLarge(Deno.statSync(path).size, action, path);
    return decodeFile(Deno.readFileSync(path), action, path);
  } catch (cause) {
    throw asFileError(cause, action, path);
  }
}

/** Makes an id of a name. */
function slug(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 50);
}

function needsOf(workflow: Workflow): Omit<ImportedWorkflow, keyof SaveResult> {
  const placeholders: string[] = [];
  visitTexts(copyWorkflow(workflow), {
    text(text, path) {
      if (/<[A-Z][A-Z_]*_REQUIRED>/.test(String(text))) placeholders.push(path);
    },
  });
  const credentials = workflow.servers.map(({ credentialRef }) => credentialRef)
    .filter((key) => key !== undefined && key !== CREDENTIAL);
  return {
    workflow,
    servers: workflow.servers.map(({ id, command, url }) => ({
      id,
      ...(command === undefined ? {} : { command }),
      ...(url === undefined ? {} : { url }),
    })),
    credentials: [...new Set(credentials)] as string[],
    placeholders,
    problems: workflow.problems(),
  };
}
