/**
 * A storage that holds a bit of everything.
 *
 * @module
 */

import { Execution } from "../../src/domain/execution.ts";
import { NodeExecution } from "../../src/domain/node_execution.ts";
import type { Storage } from "../../src/storage.ts";
import { greeting } from "../workflows/temp_store.ts";

/** Texts that people wrote: each is to arrive byte for byte. */
export const TEXTS: Readonly<Record<string, string>> = {
  "by-hand": "# mine\r\nname:   by hand # why\r\nversion: 1.10\r\n",
  "no-end": "name: no line break at the end",
  "marked": "\ufeffname: with a byte order mark\n",
  "broken": "name: [ # not finished yet\n",
  "ünïcode 😀": "name: 'ünïcode 😀'\n",
};

/** A text of a template that nothing parses. */
const TEMPLATE = "# a template\nname: t\nparameters: [\n";

/** Fills a storage with workflows that have a history, templates and runs. */
export async function fill(storage: Storage, runs = 7): Promise<void> {
  const { workflows, templates, executions } = storage;
  for (const [id, text] of Object.entries(TEXTS)) {
    await workflows.writeArchive({ id, text, revisions: [], tags: {} });
  }
  await workflows.save(greeting(), { author: "ann", message: "begin" });
  await workflows.tag("greet", "v1");
  await workflows.update("greet", (w) => void (w.description = "two"), { author: "bob" });
  await workflows.save(greeting("gone"));
  await workflows.delete("gone", { author: "ann", message: "not needed" });
  await templates.save({ id: "wait", name: "wait", parameters: [], workflowSpec: {} });
  await templates.writeArchive({ id: "broken", text: TEMPLATE, revisions: [], tags: {} });
  for (let i = 0; i < runs; i++) await executions.record(run(i));
  const [first] = await executions.listByWorkflow("greet");
  await executions.addLabels(first!.id, "nightly", "pinned");
}

/** A run of three nodes, with values that only an exact copy keeps. */
export function run(number: number): Execution {
  const execution = Execution.create("greet", "1.0", { number, text: "<&>\u2028", big: 2 ** 53 });
  execution.start();
  for (let i = 0; i < 3; i++) {
    const node = execution.addNodeExecution(
      NodeExecution.create(execution.id, `n${i}`, "transform"),
    );
    node.start();
    node.complete({ i, list: [1, "zwei", null] });
    execution.setVariable("count", i, node.id);
  }
  if (number % 3 === 0) execution.fail({ type: "timeout", message: "too slow", nodeId: "n2" });
  else execution.complete({ number });
  return execution;
}

/** All that a copy has to bring over, in a form that can be compared. */
export async function everything(storage: Storage): Promise<unknown> {
  const texts = async (store: Storage["workflows"] | Storage["templates"]) =>
    await Promise.all((await store.archiveIds()).map((id) => store.readArchive(id)));
  const lines = await new Response(storage.executions.export()).text();
  return {
    workflows: await texts(storage.workflows),
    templates: await texts(storage.templates),
    executions: lines.split("\n").sort(),
  };
}
