import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { WorkflowRevision } from "../../src/domain/workflow_history.ts";
import { FilesystemWorkflowRepository } from "../../src/workflows/repository.ts";
import { denoCommand } from "../helpers/child.ts";
import { type Change, RecordedFiles, replay } from "./recorded_files.ts";
import { greeting, TempStore } from "./temp_store.ts";

/** What somebody sees who opens the store. */
interface State {
  text: string | undefined;
  history: string[];
}

function shortened(revisions: WorkflowRevision[]): string[] {
  return revisions.map(({ source, revision, message = "", tags }) =>
    [source, revision.slice(0, 8), message, ...tags].join(" ")
  );
}

async function stateOf(root: string): Promise<State> {
  const workflows = await FilesystemWorkflowRepository.open({ root });
  const text = await Deno.readTextFile(workflows.pathOf("greet")).catch(() => undefined);
  if (text !== undefined) await workflows.load("greet");
  const history = text === undefined && !await exists(join(root, "history"))
    ? []
    : await workflows.history("greet");
  return { text, history: shortened(history) };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}

const OPERATIONS: [string, (workflows: FilesystemWorkflowRepository) => Promise<unknown>][] = [
  ["save", async (workflows) => {
    const workflow = await workflows.load("greet");
    workflow.description = "changed";
    await workflows.save(workflow, { message: "changed" });
  }],
  ["the save of a new workflow", async (workflows) => {
    await workflows.delete("greet");
    await workflows.save(greeting());
  }],
  ["a save after an edit by hand", async (workflows) => {
    const path = workflows.pathOf("greet");
    await Deno.writeTextFile(path, (await Deno.readTextFile(path)) + "# by hand\n");
    await workflows.save(greeting());
  }],
  ["update", (workflows) => workflows.update("greet", (w) => void (w.name = "changed"))],
  ["restore", async (workflows) => {
    const revisions = await workflows.history("greet");
    await workflows.restore("greet", revisions.at(-1)!.revision);
  }],
  ["delete", (workflows) => workflows.delete("greet")],
  ["prune", (workflows) => workflows.prune({ keep: 1 })],
  ["tag", (workflows) => workflows.tag("greet", "v2")],
];

for (const [what, operate] of OPERATIONS) {
  for (const lossy of [false, true]) {
    const loss = lossy ? ", what was not synced half lost" : "";
    Deno.test(`a crash at any point of ${what} leaves the old state or the new one${loss}`, async () => {
      await using store = await TempStore.open();
      await store.workflows.save(greeting());
      await store.workflows.update("greet", (w) => void (w.name = "two"));
      await store.workflows.tag("greet", "v1");
      await store.workflows.update("greet", (w) => void (w.name = "three"));

      await using copies = await TempStore.open();
      const before = join(copies.root, "before");
      await copyFolder(store.root, before);
      const files = new RecordedFiles();
      const recorded = await store.another({ files });
      await operate(recorded);

      const allowed = [await stateOf(before), await stateOf(store.root)];
      for (let end = 0; end <= files.changes.length; end++) {
        const crashed = join(copies.root, `crash${end}`);
        await copyFolder(before, crashed);
        replay(files.changes.slice(0, end), (path) => path.replace(store.root, crashed), lossy);
        const state = await stateOf(crashed);
        if (what === "the save of a new workflow" && state.text === undefined) {
          // Between the deletion and the save.
          assertEquals(state.history[0]!.startsWith("deleted"), true);
          continue;
        }
        const texts = allowed.map(({ text }) => withoutTime(text));
        assert(texts.includes(withoutTime(state.text)), `after ${end}: ${state.text}`);
        if (what === "prune" || what === "tag") {
          const histories = allowed.map(({ history }) => history.join("\n"));
          assert(histories.includes(state.history.join("\n")), `after ${end}`);
        }
        // Nothing that was recorded is gone, and what is stored is the last revision.
        const workflows = await FilesystemWorkflowRepository.open({ root: crashed });
        if (what !== "prune") {
          const history = state.history.map((line) => line.split(" ")[1]);
          for (const line of allowed[0]!.history) assert(history.includes(line.split(" ")[1]));
        }
        if (state.text === undefined) continue;
        const { revision } = await workflows.load("greet");
        assertEquals((await workflows.history("greet"))[0]!.revision, revision);
        await workflows.update("greet", (workflow) => void (workflow.name = "goes on"));
        assertEquals((await workflows.load("greet")).name, "goes on");
      }
    });
  }
}

/** The time of the last change is not the same in every run. */
function withoutTime(text: string | undefined): string | undefined {
  return text?.replace(/last_modified: .*/, "").replace(/\n# by hand/, "");
}

Deno.test("SIGKILL during save, update, restore and prune leaves a whole file and a consistent history", async () => {
  await using store = await TempStore.open();
  const workflow = greeting();
  workflow.extra = { count: 0 };
  await store.workflows.save(workflow);
  const script = new URL("./writer.ts", import.meta.url);
  for (let round = 0; round < 50; round++) {
    const child = denoCommand(script, { flags: ["-A"], args: ["churn", store.root] }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    await child.stderr.cancel();
    const loaded = await (await store.another()).load("greet");
    assertEquals(loaded.nodes.length, 3);
    const history = await store.workflows.history("greet");
    assertEquals(history[0]!.revision, loaded.revision);
    for (const { revision } of history.slice(0, 3)) {
      assertEquals((await store.workflows.loadRevision("greet", revision)).nodes.length, 3);
    }
  }
});

Deno.test("a temporary file that a crash left behind is swept without harm to the history", async () => {
  await using store = await TempStore.open();
  await store.workflows.save(greeting());
  const log = join(store.root, "history", "greet.jsonl");
  const [line] = (await Deno.readTextFile(log)).split("\n");
  const temporary = `.greet.${crypto.randomUUID()}.tmp`;
  const pending = { ...JSON.parse(line!), revision: "f".repeat(64), temporary };
  await Deno.writeTextFile(log, JSON.stringify(pending) + "\n", { append: true });
  const path = join(store.root, "workflows", temporary);
  await Deno.writeTextFile(path, "half");
  const history = async () => (await (await store.another()).history("greet")).length;
  assertEquals(await history(), 1);
  const old = new Date(Date.now() - 2 * 60 * 60 * 1000);
  await Deno.utime(path, old, old);
  await (await store.another()).save(greeting("other"));
  assertEquals((await store.names()).includes(temporary), false);
  assertEquals(await history(), 1);
});

/** Kinds of changes, to see that the order is what it must be. */
function order(changes: readonly Change[]): string[] {
  return changes.map(({ kind, path }) => `${kind} ${path.endsWith(".jsonl") ? "log" : "file"}`);
}

Deno.test("the log is on the disk before the file is replaced", async () => {
  const files = new RecordedFiles();
  await using store = await TempStore.open({ files });
  await store.workflows.save(greeting());
  files.changes.length = 0;
  await store.workflows.update("greet", (workflow) => void (workflow.name = "two"));
  assertEquals(order(files.changes), [
    "create file",
    "write file",
    "sync file",
    "append log",
    "write log",
    "sync log",
    "changeMode file",
    "rename file",
    "syncFolder file",
  ]);
});

for (const kind of ["append", "rename"] as const) {
  Deno.test(`a save whose "${kind}" fails leaves file and history as they were`, async () => {
    const files = new RecordedFiles();
    await using store = await TempStore.open({ files });
    await store.workflows.save(greeting());
    const before = [await store.read("greet"), shortened(await store.workflows.history("greet"))];
    files.beforeChange = (change) => {
      if (change.kind === kind) throw Object.assign(new Error("full"), { code: "ENOSPC" });
    };
    const update = store.workflows.update("greet", (workflow) => void (workflow.name = "two"));
    const error = await update.then(() => undefined, (error) => error);
    assert(error instanceof Error && error.message.includes("the disk is full"));
    files.beforeChange = () => {};
    assertEquals(
      [await store.read("greet"), shortened(await store.workflows.history("greet"))],
      before,
    );
    assertEquals(await store.names(), ["greet.yaml"]);
  });
}
