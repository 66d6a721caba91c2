/**
 * `example`: each store at work in a fresh folder.
 *
 * @module
 */

import { join } from "../paths.ts";
import { KeyringCredentialStore } from "../credentials/keyring_store.ts";
import { MemoryKeyring } from "../credentials/memory.ts";
import { KeyringError, NotFoundError, PermissionDeniedError } from "../domain/errors.ts";
import { Execution } from "../domain/execution.ts";
import { NodeExecution } from "../domain/node_execution.ts";
import { type FilesystemStorage, openStorage } from "../storage.ts";
import { exampleWorkflows } from "./example_workflows.ts";
import type { Command } from "./command.ts";
import type { Context } from "./context.ts";
import { freshFolder } from "./fresh_folder.ts";

/** The example keeps to a service of its own, away from the user's credentials. */
const SERVICE = "goflow-example";

/** Shows each store at work, and leaves the folder for the user to look at. */
export const exampleCommand: Command = {
  name: "example",
  summary: "show each store at work in a fresh folder",
  details: "The folder of --root must be empty or missing; by default it is a new temporary one.",
  examples: [["example", "work in a new temporary folder"]],
  async run(context) {
    const root = await freshFolder(context.root);
    context.print(`All data of this example is in ${root}`);
    await using storage = await openStorage({ root, credentials: { service: SERVICE } });
    await showWorkflows(storage, context);
    await showExecutions(storage, context);
    await showCredentials(storage.credentials, root, context);
    context.print(`\nDone. Look around in ${root}, then delete it.`);
  },
};

async function showWorkflows(
  { workflows, root }: FilesystemStorage,
  context: Context,
): Promise<void> {
  context.print(`\nWorkflows, one YAML file each`);
  for (const workflow of exampleWorkflows()) {
    await workflows.save(workflow);
    const types = new Set(workflow.nodes.map((node) => node.type));
    context.print(
      `  saved     ${join(root, "workflows", `${workflow.id}.yaml`)}` +
        ` (${workflow.nodes.length} nodes of ${types.size} types)`,
    );
  }

  const loaded = await workflows.load("order-import");
  loaded.description = "Import orders, each line checked twice";
  await workflows.save(loaded);
  context.print(`  changed   the description of "${loaded.id}"`);
  const { changed } = await workflows.save(await workflows.load("order-import"));
  context.print(
    `  saved     "${loaded.id}" again: ${changed ? "written" : "nothing changed, not written"}`,
  );
  context.print(`  found     "${(await workflows.findByName("invoice-triage"))?.id}" by its name`);

  const { workflows: all, invalid } = await workflows.list();
  context.print(`  listed    ${all.length} workflows, ${invalid.length} unreadable`);
  for (const workflow of all) {
    const problems = workflow.problems();
    context.print(
      `  validated "${workflow.id}": ${problems.length ? problems.join("; ") : "valid"}`,
    );
  }
  await workflows.delete("draft");
  context.print(`  deleted   "draft"`);
}

async function showExecutions(
  { executions, root }: FilesystemStorage,
  context: Context,
): Promise<void> {
  context.print(`\nExecutions, in SQLite`);
  const run = Execution.create("order-import", "1.0", { orders: [17, 18], customer: "Zoë" });
  await executions.save(run);
  context.print(`  saved     run ${run.id} as ${run.status} in ${join(root, "goflow.db")}`);
  run.start();
  await executions.save(run);
  context.print(`  updated   it to ${run.status}`);

  const list = run.addNodeExecution(NodeExecution.create(run.id, "list", "mcp_tool"));
  list.inputs = { region: "eu" };
  list.start();
  list.fail({ type: "connection", message: "refused", context: { attempt: 1 } });
  await executions.saveNodeExecution(list);
  list.retry();
  list.complete({ orders: [{ id: 17 }, { id: 18 }] });
  await executions.saveNodeExecution(list);
  context.print(
    `  recorded  node "list": failed, then ${list.status} after ${list.retryCount} retry`,
  );

  run.setVariable("orders", [{ id: 17 }, { id: 18 }], list.id);
  const store = run.addNodeExecution(NodeExecution.create(run.id, "store", "mcp_tool"));
  store.start();
  store.fail({ type: "quota", message: "too many requests", context: { code: 429 } });
  run.addNodeExecution(NodeExecution.create(run.id, "count", "transform")).skip();
  run.fail({ type: "execution", message: 'Node "store" failed', nodeId: "store" });
  await executions.record(run);
  context.print(
    `  recorded  the whole run in one transaction: ${run.status}, ` +
      `${run.nodeExecutions.length} node executions, ${run.variableSnapshots.length} snapshots`,
  );

  const ok = Execution.create("release-notes", "1.0", { since: "v1.0" });
  ok.start();
  ok.complete(["Fix the build"]);
  await executions.record(ok);
  context.print(`  recorded  run ${ok.id} of "release-notes": ${ok.status}`);

  const loaded = await executions.load(run.id);
  context.print(
    `  loaded    the failed run: ${loaded.nodeExecutions.map((node) => node.status).join(", ")}; ` +
      `error "${loaded.error?.message}"; variables ${Object.keys(loaded.variables).join(", ")}`,
  );
  const byWorkflow = await executions.listByWorkflow("order-import");
  context.print(`  queried   by workflow "order-import": ${byWorkflow.length} run`);
  const failed = await executions.listByStatus("failed");
  context.print(`  queried   by status failed: ${failed.length} run`);
  const page = await executions.list({
    nameSearch: "notes",
    startedAfter: new Date(Date.now() - 3_600_000),
    total: "exact",
  });
  context.print(
    `  queried   by "notes" in the workflow id, the last hour: ${page.total?.count} run`,
  );

  await executions.delete(run.id);
  const gone = await executions.load(run.id).then(() => false, (error) => {
    if (error instanceof NotFoundError) return true;
    throw error;
  });
  const left = await countChildren(executions, run.id);
  context.print(
    `  deleted   run ${run.id}: ${gone ? "gone" : "still there"}, ` +
      `${left} of its node executions and snapshots left`,
  );
}

/** Stores an empty run under the old id for a moment: children left behind would show up in it. */
async function countChildren(
  executions: FilesystemStorage["executions"],
  id: string,
): Promise<number> {
  const again = Execution.create("order-import", "1.0");
  again.id = id;
  await executions.save(again);
  const { nodeExecutions, variableSnapshots } = await executions.load(id);
  await executions.delete(id);
  return nodeExecutions.length + variableSnapshots.length;
}

async function showCredentials(
  store: KeyringCredentialStore,
  root: string,
  context: Context,
): Promise<void> {
  context.print(`\nCredentials, in the keyring of the system under the service "${SERVICE}"`);
  try {
    await useCredentials(store, context);
  } catch (error) {
    if (!(error instanceof KeyringError || error instanceof PermissionDeniedError)) throw error;
    context.print(`  no keyring: ${error.message}`);
    context.print(`  going on with a keyring in memory, for this part only`);
    const keyring = new MemoryKeyring();
    const memory = await KeyringCredentialStore.open({ root, service: SERVICE, keyring });
    await useCredentials(memory, context);
  }
}

async function useCredentials(store: KeyringCredentialStore, context: Context): Promise<void> {
  await store.set("erp:token", crypto.randomUUID());
  try {
    context.print(`  stored    "erp:token"`);
    await store.setStructured("shop:login", { user: "importer", password: crypto.randomUUID() });
    context.print(`  stored    "shop:login", a structured credential`);
    context.print(
      `  read      "erp:token": ${(await store.get("erp:token")).length} characters, not shown`,
    );
    const login = await store.getStructured<Record<string, unknown>>("shop:login");
    context.print(`  read      "shop:login": fields ${Object.keys(login).join(", ")}`);
    context.print(`  listed    ${(await store.list()).map((key) => `"${key}"`).join(", ")}`);
  } finally {
    for (const key of await store.list()) await store.delete(key);
  }
  context.print(`  deleted   both, ${(await store.list()).length} left`);
}
