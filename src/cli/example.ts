/**
 * `example`: each store at work in a fresh folder.
 *
 * @module
 */

import { join } from "@std/path";
import { KeyringCredentialStore } from "../credentials/keyring_store.ts";
import { MemoryKeyring } from "../credentials/memory.ts";
import { KeyringError, NotFoundError, PermissionDeniedError } from "../domain/errors.ts";
import { Execution } from "../domain/execution.ts";
import { NodeExecution } from "../domain/node_execution.ts";
import { openStorage, type Storage } from "../storage.ts";
import { exampleWorkflows } from "./example_workflows.ts";
import type { CommandOptions } from "./main.ts";
import { freshFolder, print } from "./output.ts";

/** The example keeps to a service of its own, away from the user's credentials. */
const SERVICE = "goflow-example";

/**
 * Runs the example and leaves the folder for the user to look at.
 *
 * @param options The folder to work in, a new temporary one by default.
 * @returns The exit code.
 */
export async function example(options: CommandOptions): Promise<number> {
  const root = await freshFolder(options.root);
  print(`All data of this example is in ${root}`);
  await using storage = await openStorage({ root, credentials: { service: SERVICE } });
  await showWorkflows(storage);
  await showExecutions(storage);
  await showCredentials(storage.credentials, root);
  print(`\nDone. Look around in ${root}, then delete it.`);
  return 0;
}

async function showWorkflows({ workflows, root }: Storage): Promise<void> {
  print(`\nWorkflows, one YAML file each`);
  for (const workflow of exampleWorkflows()) {
    await workflows.save(workflow);
    const types = new Set(workflow.nodes.map((node) => node.type));
    print(
      `  saved     ${join(root, "workflows", `${workflow.id}.yaml`)}` +
        ` (${workflow.nodes.length} nodes of ${types.size} types)`,
    );
  }

  const loaded = await workflows.load("order-import");
  loaded.description = "Import orders, each line checked twice";
  await workflows.save(loaded);
  print(`  changed   the description of "${loaded.id}"`);
  const { changed } = await workflows.save(await workflows.load("order-import"));
  print(
    `  saved     "${loaded.id}" again: ${changed ? "written" : "nothing changed, not written"}`,
  );
  print(`  found     "${(await workflows.findByName("invoice-triage"))?.id}" by its name`);

  const { workflows: all, invalid } = await workflows.list();
  print(`  listed    ${all.length} workflows, ${invalid.length} unreadable`);
  for (const workflow of all) {
    const problems = workflow.problems();
    print(`  validated "${workflow.id}": ${problems.length ? problems.join("; ") : "valid"}`);
  }
  await workflows.delete("draft");
  print(`  deleted   "draft"`);
}

async function showExecutions({ executions, root }: Storage): Promise<void> {
  print(`\nExecutions, in SQLite`);
  const run = Execution.create("order-import", "1.0", { orders: [17, 18], customer: "Zoë" });
  await executions.save(run);
  print(`  saved     run ${run.id} as ${run.status} in ${join(root, "goflow.db")}`);
  run.start();
  await executions.save(run);
  print(`  updated   it to ${run.status}`);

  const list = run.addNodeExecution(NodeExecution.create(run.id, "list", "mcp_tool"));
  list.inputs = { region: "eu" };
  list.start();
  list.fail({ type: "connection", message: "refused", context: { attempt: 1 } });
  await executions.saveNodeExecution(list);
  list.retry();
  list.complete({ orders: [{ id: 17 }, { id: 18 }] });
  await executions.saveNodeExecution(list);
  print(`  recorded  node "list": failed, then ${list.status} after ${list.retryCount} retry`);

  run.setVariable("orders", [{ id: 17 }, { id: 18 }], list.id);
  const store = run.addNodeExecution(NodeExecution.create(run.id, "store", "mcp_tool"));
  store.start();
  store.fail({ type: "quota", message: "too many requests", context: { code: 429 } });
  run.addNodeExecution(NodeExecution.create(run.id, "count", "transform")).skip();
  run.fail({ type: "execution", message: 'Node "store" failed', nodeId: "store" });
  await executions.record(run);
  print(
    `  recorded  the whole run in one transaction: ${run.status}, ` +
      `${run.nodeExecutions.length} node executions, ${run.variableSnapshots.length} snapshots`,
  );

  const ok = Execution.create("release-notes", "1.0", { since: "v1.0" });
  ok.start();
  ok.complete(["Fix the build"]);
  await executions.record(ok);
  print(`  recorded  run ${ok.id} of "release-notes": ${ok.status}`);

  const loaded = await executions.load(run.id);
  print(
    `  loaded    the failed run: ${loaded.nodeExecutions.map((node) => node.status).join(", ")}; ` +
      `error "${loaded.error?.message}"; variables ${Object.keys(loaded.variables).join(", ")}`,
  );
  const byWorkflow = await executions.listByWorkflow("order-import");
  print(`  queried   by workflow "order-import": ${byWorkflow.length} run`);
  const failed = await executions.listByStatus("failed");
  print(`  queried   by status failed: ${failed.length} run`);
  const page = await executions.list({
    nameSearch: "notes",
    startedAfter: new Date(Date.now() - 3_600_000),
    total: "exact",
  });
  print(`  queried   by "notes" in the workflow id, the last hour: ${page.total?.count} run`);

  await executions.delete(run.id);
  const gone = await executions.load(run.id).then(() => false, (error) => {
    if (error instanceof NotFoundError) return true;
    throw error;
  });
  const left = await countChildren(executions, run.id);
  print(
    `  deleted   run ${run.id}: ${gone ? "gone" : "still there"}, ` +
      `${left} of its node executions and snapshots left`,
  );
}

/** Stores an empty run under the old id for a moment: children left behind would show up in it. */
async function countChildren(executions: Storage["executions"], id: string): Promise<number> {
  const again = Execution.create("order-import", "1.0");
  again.id = id;
  await executions.save(again);
  const { nodeExecutions, variableSnapshots } = await executions.load(id);
  await executions.delete(id);
  return nodeExecutions.length + variableSnapshots.length;
}

async function showCredentials(store: KeyringCredentialStore, root: string): Promise<void> {
  print(`\nCredentials, in the keyring of the system under the service "${SERVICE}"`);
  try {
    await useCredentials(store);
  } catch (error) {
    if (!(error instanceof KeyringError || error instanceof PermissionDeniedError)) throw error;
    print(`  no keyring: ${error.message}`);
    print(`  going on with a keyring in memory, for this part only`);
    const keyring = new MemoryKeyring();
    await useCredentials(await KeyringCredentialStore.open({ root, service: SERVICE, keyring }));
  }
}

async function useCredentials(store: KeyringCredentialStore): Promise<void> {
  await store.set("erp:token", crypto.randomUUID());
  try {
    print(`  stored    "erp:token"`);
    await store.setStructured("shop:login", { user: "importer", password: crypto.randomUUID() });
    print(`  stored    "shop:login", a structured credential`);
    print(
      `  read      "erp:token": ${(await store.get("erp:token")).length} characters, not shown`,
    );
    const login = await store.getStructured<Record<string, unknown>>("shop:login");
    print(`  read      "shop:login": fields ${Object.keys(login).join(", ")}`);
    print(`  listed    ${(await store.list()).map((key) => `"${key}"`).join(", ")}`);
  } finally {
    for (const key of await store.list()) await store.delete(key);
  }
  print(`  deleted   both, ${(await store.list()).length} left`);
}
