/**
 * `verify`: does each store work on this machine?
 *
 * @module
 */

import type { KeyringCredentialStore } from "../credentials/keyring_store.ts";
import { KeyringError, NotFoundError, PermissionDeniedError } from "../domain/errors.ts";
import { Execution } from "../domain/execution.ts";
import { NodeExecution } from "../domain/node_execution.ts";
import { newId } from "../domain/ids.ts";
import { type FilesystemStorage, openStorage } from "../storage.ts";
import { exampleWorkflows } from "./example_workflows.ts";
import type { Command } from "./command.ts";
import type { Context } from "./context.ts";
import { errorLine } from "./failure.ts";
import { freshFolder } from "./fresh_folder.ts";

/**
 * Checks each store on a temporary root, and the keyring of the system with a
 * throw-away key; cleans up whatever happens.
 */
export const verifyCommand: Command = {
  name: "verify",
  summary: "check that each store works on this machine",
  details: "Ends with a verdict and exit code 0 (all work), 6 (only the keyring is locked or\n" +
    "unavailable) or 1. The folder of --root must be empty or missing; it is deleted in the end.",
  examples: [["verify", "work in a new temporary folder"]],
  run: verify,
};

async function verify(context: Context): Promise<number> {
  const root = await freshFolder(context.root);
  context.print(
    `Deno ${Deno.version.deno} on ${Deno.build.os} ${Deno.build.arch}, data in ${root}`,
  );
  printPermissions(context);
  const failures: unknown[] = [];
  const check = async (store: string, run: () => Promise<string>) => {
    try {
      context.print(`ok      ${store}: ${await run()}`);
    } catch (error) {
      failures.push(error);
      context.print(`failed  ${store}: ${errorLine(error)}`);
    }
  };
  try {
    await using storage = await openStorage({ root });
    await check("workflows", () => checkWorkflows(storage));
    await check("executions", () => checkExecutions(storage));
    await check("credentials", () => checkCredentials(storage.credentials, context));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
  if (failures.length === 0) {
    context.print("Verdict: everything works on this machine");
    return 0;
  }
  context.print(`Verdict: ${failures.length} of 3 stores cannot be used, see above for the cure`);
  return failures.every(isKeyringOutOfReach) ? 6 : 1;
}

function printPermissions(context: Context): void {
  const names = ["read", "write", "env", "run", "ffi", "sys", "net"] as const;
  const states = names.map((name) => `${name} ${Deno.permissions.querySync({ name }).state}`);
  context.print(`Permissions: ${states.join(", ")}`);
}

function isKeyringOutOfReach(error: unknown): boolean {
  return error instanceof KeyringError &&
    (error.reason === "locked" || error.reason === "unavailable");
}

async function checkWorkflows({ workflows, root }: FilesystemStorage): Promise<string> {
  const samples = exampleWorkflows();
  for (const workflow of samples) await workflows.save(workflow);
  for (const workflow of samples) {
    const loaded = await workflows.load(workflow.id);
    expect(loaded.nodes.length === workflow.nodes.length, `"${workflow.id}" came back whole`);
  }
  const { workflows: all, invalid } = await workflows.list();
  expect(all.length === samples.length && invalid.length === 0, "all workflows are listed");
  for (const { id } of samples) await workflows.delete(id);
  return `saved, loaded, listed and deleted ${samples.length} YAML files under ${root}`;
}

async function checkExecutions({ executions }: FilesystemStorage): Promise<string> {
  const run = Execution.create("verify", "1.0", { answer: 42 });
  run.start();
  const node = run.addNodeExecution(NodeExecution.create(run.id, "only", "transform"));
  node.start();
  node.complete({ answer: 42 });
  run.complete({ answer: 42 });
  await executions.record(run);
  const loaded = await executions.load(run.id);
  expect(loaded.nodeExecutions[0]?.outputs["answer"] === 42, "the run came back whole");
  await executions.delete(run.id);
  const { driver, sqliteVersion, journalMode, schemaVersion } = await executions.info();
  return `recorded, loaded and deleted a run; driver ${driver}, SQLite ${sqliteVersion}, ` +
    `journal mode ${journalMode}, schema version ${schemaVersion}`;
}

async function checkCredentials(store: KeyringCredentialStore, context: Context): Promise<string> {
  const key = `verify:${newId()}`;
  const value = `not a secret: ${newId()}\nsecond line, ünïcode ✓`;
  try {
    await store.set(key, value);
    expect(await store.get(key) === value, "the value came back");
    expect((await store.list()).includes(key), "the key is listed");
  } catch (error) {
    await discard(store, key, context, error);
    throw error;
  }
  await store.delete(key);
  expect(!(await store.list()).includes(key), "the key is gone");
  return `stored, read, listed and deleted a throw-away key in the keyring of the system`;
}

/** Deletes the key if it is there; the error that led here matters more than one of this. */
async function discard(
  store: KeyringCredentialStore,
  key: string,
  context: Context,
  reason: unknown,
): Promise<void> {
  try {
    await store.delete(key);
  } catch (error) {
    // Never stored, or what kept it from being stored keeps it from being deleted.
    if (error instanceof NotFoundError || isSameFailure(error, reason)) return;
    context.print(`        clean-up of "${key}": ${errorLine(error)}`);
  }
}

function isSameFailure(error: unknown, other: unknown): boolean {
  if (error instanceof KeyringError && other instanceof KeyringError) {
    return error.reason === other.reason && isKeyringOutOfReach(error);
  }
  return error instanceof PermissionDeniedError && other instanceof PermissionDeniedError;
}

function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(`Expected that ${what}`);
}
