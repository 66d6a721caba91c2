/**
 * What the tests run in processes of their own.
 *
 * @module
 */

import { PermissionDeniedError, StorageError } from "../../src/domain/errors.ts";
import { Workflow } from "../../src/domain/workflow.ts";
import { FilesystemWorkflowRepository } from "../../src/workflows/repository.ts";

const [task, root = "", number = "0"] = Deno.args;
// Twenty of them may take long on a machine that has other work.
const workflows = await FilesystemWorkflowRepository.open({ root, lockTimeout: 240_000 });

function workflow(id: string): Workflow {
  const workflow = Workflow.create(id, undefined, { id });
  workflow.extra = { writer: Number(number) };
  for (let i = 0; i < 300; i++) {
    workflow.addNode({ id: `n${i}`, type: "passthrough", description: `by ${number}` });
  }
  return workflow;
}

async function save(): Promise<void> {
  for (let i = 0; i < 5; i++) await workflows.save(workflow("shared"));
}

async function outcome(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
    return "ok";
  } catch (error) {
    if (error instanceof PermissionDeniedError) return error.flag ?? error.name;
    if (error instanceof StorageError) return error.name;
    throw error;
  }
}

async function readOnly(): Promise<void> {
  const loaded = await workflows.load("greet");
  loaded.description = "changed";
  console.log([
    `loaded ${loaded.id}`,
    await outcome(() => workflows.save(loaded)),
    await outcome(() => workflows.delete("greet")),
  ].join(", "));
}

async function fullDisk(): Promise<void> {
  const greet = workflow("greet");
  await workflows.save(greet);
  const before = await Deno.readTextFile(workflows.pathOf("greet"));
  using filler = await Deno.open(`${root}/filler`, { write: true, create: true });
  let error: unknown;
  try {
    for (;;) await filler.write(new Uint8Array(4096));
  } catch {
    greet.description = "x".repeat(50_000);
    error = await workflows.save(greet).catch((error) => error);
  }
  if (!(error instanceof StorageError)) throw new Error("the save was to fail", { cause: error });
  const names = [...Deno.readDirSync(`${root}/workflows`)].map(({ name }) => name);
  const after = await Deno.readTextFile(workflows.pathOf("greet"));
  await workflows.delete("greet");
  console.log([
    error.name,
    /the disk is full$/.exec(error.message)?.[0],
    ...names,
    before === after ? "unchanged" : "changed",
    "deleted",
  ].join(", "));
}

async function flags(): Promise<void> {
  const copy = workflow("copy");
  console.log(JSON.stringify({
    load: await outcome(() => workflows.load("greet")),
    list: await outcome(() => workflows.list()),
    find: await outcome(() => workflows.findByName("greet")),
    save: await outcome(() => workflows.save(copy)),
    delete: await outcome(() => workflows.delete("greet")),
  }));
}

async function count(): Promise<void> {
  for (let i = 0; i < Number(number); i++) {
    await workflows.update("greet", ({ extra }) => {
      extra!.count = Number(extra!.count) + 1;
    });
  }
}

async function history(): Promise<void> {
  const { id } = await workflows.load("greet");
  const revisions = await workflows.history(id);
  console.log(`${id} ${revisions.map(({ source }) => source)}`);
}

async function churn(): Promise<void> {
  for (let round = 0;; round++) {
    await workflows.update("greet", (workflow) => void (workflow.extra = { count: round }));
    if (round === 0) console.log("begun");
    const loaded = await workflows.load("greet");
    loaded.description = `round ${round}`;
    await workflows.save(loaded);
    const [, before] = await workflows.history("greet");
    await workflows.restore("greet", before!.revision);
    await workflows.prune({ keep: 5 });
  }
}

switch (task) {
  case "churn":
    await churn();
    break;
  case "history":
    await history();
    break;
  case "count":
    await count();
    break;
  case "save":
    await save();
    break;
  case "read-only":
    await readOnly();
    break;
  case "full-disk":
    await fullDisk();
    break;
  case "flags":
    await flags();
    break;
}
