import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { InvalidDataError, NotFoundError, PermissionDeniedError } from "../../src/domain/errors.ts";
import { runDeno } from "../helpers/child.ts";
import { type AnyStore, testStores } from "./backends.ts";
import { RecordedFiles } from "./recorded_files.ts";
import { content, greeting, TempStore } from "./temp_store.ts";

function logPath(store: TempStore, id = "greet"): string {
  return join(store.root, "history", `${id}.jsonl`);
}

async function change(
  store: Pick<AnyStore, "workflows">,
  description: string,
  author?: string,
): Promise<string> {
  const { revision } = await store.workflows.update(
    "greet",
    (workflow) => void (workflow.description = description),
    { author, message: description },
  );
  return revision;
}

testStores("every save that changes something becomes a revision", async (open) => {
  await using store = await open();
  const first = await store.workflows.save(greeting(), { author: "ann", message: "begin" });
  await store.workflows.save(await store.workflows.load("greet"));
  const second = await change(store, "two", "bob");
  const [newest, oldest, ...rest] = await store.workflows.history("greet");
  assertEquals(rest, []);
  const { time, size, ...fields } = newest!;
  assertEquals(fields, {
    revision: second,
    parent: first.revision,
    source: "saved",
    author: "bob",
    message: "two",
    tags: [],
  });
  assertEquals(size, (await store.read("greet")).length);
  assert(Math.abs(time.getTime() - Date.now()) < 5000);
  assertEquals([oldest!.author, oldest!.message, oldest!.parent], ["ann", "begin", undefined]);
});

Deno.test("the history is readable by its owner only, and no file of the workflows folder", async () => {
  await using store = await TempStore.open();
  await store.workflows.save(greeting());
  assertEquals((await Deno.stat(logPath(store))).mode! & 0o777, 0o600);
  assertEquals((await Deno.stat(join(store.root, "history"))).mode! & 0o777, 0o700);
  assertEquals(await store.names(), ["greet.yaml"]);
});

Deno.test("open({ history: false }) keeps no revisions", async () => {
  await using store = await TempStore.open({ history: false });
  await store.workflows.save(greeting());
  await assertRejects(() => store.workflows.history("greet"), InvalidDataError, "history: true");
  await store.workflows.delete("greet");
  assertEquals((await Array.fromAsync(Deno.readDir(store.root))).map(({ name }) => name).sort(), [
    "workflows",
    "workflows.lock",
  ]);
});

testStores("an edit by hand is recorded at the next save, and at load", async (open) => {
  await using store = await open();
  await store.workflows.save(greeting());
  await store.write("greet", (await store.read("greet")) + "# by hand\n");
  await change(store, "two");
  await store.write("greet", (await store.read("greet")) + "# again\n");
  await store.workflows.load("greet");
  await store.workflows.load("greet");
  const sources = (await store.workflows.history("greet")).map(({ source }) => source);
  assertEquals(sources, ["edited", "saved", "edited", "saved"]);
  const [newest] = await store.workflows.history("greet");
  const { unified } = await store.workflows.diff("greet", newest!.parent!, newest!.revision);
  assertStringIncludes(unified, "\n+# again\n");
});

testStores("a file that was there before the history is its first revision", async (open) => {
  await using store = await open();
  await store.write("greet", "name: greet # by hand\n");
  await store.workflows.load("greet");
  assertEquals((await store.workflows.history("greet")).map(({ source }) => source), ["edited"]);
  await change(store, "two");
  const revisions = await store.workflows.history("greet");
  assertEquals(revisions.map(({ source }) => source), ["saved", "edited"]);
  await store.workflows.restore("greet", revisions[1]!.revision);
  assertEquals(await store.read("greet"), "name: greet # by hand\n");
});

Deno.test("reading the history needs no write permission", async () => {
  await using store = await TempStore.open();
  await store.workflows.save(greeting());
  await store.write("greet", (await store.read("greet")) + "# by hand\n");
  const { stdout, stderr } = await runDeno(new URL("./writer.ts", import.meta.url), {
    flags: [`--allow-read=${store.root}`],
    args: ["history", store.root],
  });
  assertEquals([stdout, stderr], ["greet edited,saved\n", ""]);
});

/** Refuses to look into the history, as the system does for another user than its owner. */
class SecretHistory extends RecordedFiles {
  override lstat(path: string): Deno.FileInfo | undefined {
    if (path.endsWith(".jsonl")) throw new Deno.errors.PermissionDenied("EACCES");
    return super.lstat(path);
  }
}

Deno.test("whoever may not read the history may read the workflow", async () => {
  await using store = await TempStore.open();
  await store.workflows.save(greeting());
  const reader = await store.another({ files: new SecretHistory() });
  assertEquals((await reader.load("greet")).name, "greet");
  await reader.exportWorkflow("greet");
  for (
    const read of [
      () => reader.history("greet"),
      () => reader.loadRevision("greet", "abcdef"),
      () => reader.readArchive("greet"),
    ]
  ) {
    const error = await assertRejects(read, PermissionDeniedError, "the system refused access");
    assertEquals(error.resource, logPath(store));
  }
});

Deno.test("whoever may read and write the workflows alone is told the flag that saving needs", async () => {
  await using store = await TempStore.open();
  await store.workflows.save(greeting());
  const narrow = ["workflows", "workflows.lock"].map((name) => join(store.root, name)).join();
  const { stdout, stderr } = await runDeno(new URL("./writer.ts", import.meta.url), {
    flags: [`--allow-read=${narrow}`, `--allow-write=${narrow}`],
    args: ["read-only", store.root],
  });
  const flag = `--allow-read=${store.root}`;
  assertEquals([stdout, stderr], [`loaded greet, ${flag}, ${flag}\n`, ""]);
});

testStores("loadRevision() reads by revision, by its first characters and by tag", async (open) => {
  await using store = await open();
  const { revision } = await store.workflows.save(greeting());
  await store.workflows.tag("greet", "v1");
  await change(store, "two");
  for (const name of [revision, revision.slice(0, 6), "v1"]) {
    const workflow = await store.workflows.loadRevision("greet", name);
    assertEquals([workflow.description, workflow.revision], ["Says hello", revision]);
  }
  for (const name of ["v2", revision.slice(0, 5), "0".repeat(64)]) {
    const error = await assertRejects(
      () => store.workflows.loadRevision("greet", name),
      NotFoundError,
    );
    assertEquals([error.kind, error.id], ["revision", name]);
  }
});

testStores("diff() compares by structure and as text", async (open) => {
  await using store = await open();
  const { revision } = await store.workflows.save(greeting());
  await store.workflows.update("greet", (workflow) => {
    workflow.name = "hello";
    workflow.metadata.tags = ["new"];
    workflow.removeVariable("count");
    workflow.addServer({ id: "db" });
    workflow.nodes[1]!.description = "Reads";
    workflow.addNode({ id: "more", type: "passthrough" });
    workflow.removeEdge({ from: "read", to: "end" });
  });
  const { changes, unified } = await store.workflows.diff("greet", revision);
  assertEquals(
    changes.map(({ change, kind, name, fields }) => [change, kind, name, ...fields ?? []]),
    [
      ["changed", "field", "name"],
      ["added", "field", "metadata.tags"],
      ["removed", "variable", "count"],
      ["added", "server", "db"],
      ["changed", "node", "read", "description"],
      ["added", "node", "more"],
      ["removed", "edge", "read -> end"],
    ],
  );
  assertStringIncludes(unified, "\n-name: greet\n+name: hello\n");
});

testStores("restore() makes a new revision with the text of an old one", async (open) => {
  await using store = await open();
  await store.write("greet", "# mine\nname: greet   # the name\n");
  await change(store, "two");
  const [, first] = await store.workflows.history("greet");
  const result = await store.workflows.restore("greet", first!.revision, { message: "back" });
  assertEquals(result, { revision: first!.revision, changed: true });
  assertEquals(await store.read("greet"), "# mine\nname: greet   # the name\n");
  const [newest] = await store.workflows.history("greet");
  assertEquals([newest!.source, newest!.message], ["restored", "back"]);
  const again = await store.workflows.restore("greet", first!.revision);
  assertEquals(again.changed, false);
});

testStores("restore() brings back a workflow that was deleted", async (open) => {
  await using store = await open();
  await store.workflows.save(greeting());
  const before = await store.read("greet");
  await store.workflows.delete("greet", { author: "ann" });
  const [deleted, saved] = await store.workflows.history("greet");
  assertEquals([deleted!.source, deleted!.author], ["deleted", "ann"]);
  await store.workflows.restore("greet", saved!.revision);
  assertEquals(await store.read("greet"), before);
  assertEquals((await store.workflows.history("greet")).map(({ source }) => source), [
    "restored",
    "deleted",
    "saved",
  ]);
});

testStores("history() of nothing is not found", async (open) => {
  await using store = await open();
  await assertRejects(() => store.workflows.history("greet"), NotFoundError);
  await assertRejects(() => store.workflows.history("../greet"), InvalidDataError);
});

testStores("tag() names, moves and takes away", async (open) => {
  await using store = await open();
  const { revision } = await store.workflows.save(greeting());
  const second = await change(store, "two");
  const tags = async () =>
    (await store.workflows.history("greet")).map((revision) => revision.tags.join());
  await store.workflows.tag("greet", "live");
  await store.workflows.tag("greet", "good");
  assertEquals(await tags(), ["good,live", ""]);
  await store.workflows.tag("greet", "live", revision);
  assertEquals(await tags(), ["good", "live"]);
  await store.workflows.tag("greet", "live", null);
  assertEquals(await tags(), ["good", ""]);
  await assertRejects(() => store.workflows.tag("greet", "live", null), NotFoundError);
  await assertRejects(() => store.workflows.tag("greet", "x", "nothing"), NotFoundError);
  for (const tag of ["", "a\n", "half \ud800"]) {
    await assertRejects(
      () => store.workflows.tag("greet", tag, second),
      InvalidDataError,
      `the tag is ${JSON.stringify(tag)}`,
    );
  }
});

testStores("prune() keeps the newest, the tagged and the referenced revisions", async (open) => {
  const referenced: string[] = [];
  await using store = await open({
    referencedRevisions: (id) => Promise.resolve(id === "greet" ? referenced : []),
  });
  const revisions = [(await store.workflows.save(greeting())).revision];
  for (const text of ["1", "2", "3", "4", "5"]) revisions.push(await change(store, text));
  await store.workflows.tag("greet", "v1", revisions[1]!);
  referenced.push(revisions[3]!);
  assertEquals(await store.workflows.prune({ keep: 2 }), 2);
  const kept = (await store.workflows.history("greet")).map(({ revision }) => revision);
  assertEquals(kept, [revisions[5], revisions[4], revisions[3], revisions[1]]);
  assertEquals((await store.workflows.loadRevision("greet", "v1")).description, "1");
  assertEquals(await store.workflows.prune({ keep: 2, id: "greet" }), 0);
  await assertRejects(() => store.workflows.prune({ keep: 0 }), InvalidDataError, "keep");
});

testStores("prune() keeps what a deleted workflow is restored from", async (open) => {
  await using store = await open();
  await store.workflows.save(greeting());
  await change(store, "two");
  await store.workflows.delete("greet");
  assertEquals(await store.workflows.prune({ keep: 1 }), 1);
  assertEquals(await store.workflows.prune({ keep: 1 }), 0);
  const [deleted] = await store.workflows.history("greet");
  assertEquals(deleted?.source, "deleted");
  await store.workflows.restore("greet", deleted!.revision);
  assertEquals((await store.workflows.load("greet")).description, "two");
});

Deno.test("a history that was cut off in the middle of a line goes on", async () => {
  await using store = await TempStore.open();
  await store.workflows.save(greeting());
  await change(store, "two");
  const log = await Deno.readTextFile(logPath(store));
  await Deno.writeTextFile(logPath(store), log + '{"revision":"half');
  assertEquals((await store.workflows.history("greet")).length, 2);
  await change(store, "three");
  assertEquals((await store.workflows.history("greet")).length, 3);
  assert((await Deno.readTextFile(logPath(store))).startsWith(log));
});

Deno.test("a line of the history that is none is passed over", async () => {
  await using store = await TempStore.open();
  await store.workflows.save(greeting());
  const log = await Deno.readTextFile(logPath(store));
  await Deno.writeTextFile(logPath(store), `<<<<<<< HEAD\n${log}=======\n`);
  await change(store, "two");
  assertEquals((await store.workflows.history("greet")).length, 2);
});

Deno.test("a line of the history with values of wrong types is taken for what it can be", async () => {
  await using store = await TempStore.open();
  await store.write("greet", "name: greet\n");
  await Deno.mkdir(join(store.root, "history"));
  const log = [
    { revision: "aaaaaa", time: "yesterday", source: 1, author: 2, text: 3, temporary: 4 },
    { revision: "bbbbbb", parent: {}, message: null, text: "name: old\n" },
    { tag: "v1", revision: 5 },
    { tag: 6, revision: 7 },
  ];
  await Deno.writeTextFile(logPath(store), log.map((l) => JSON.stringify(l) + "\n").join(""));
  const [newest, ...others] = await store.workflows.history("greet");
  assertEquals(newest!.source, "edited");
  const [time, source, tags] = [new Date(0), "edited" as const, []];
  assertEquals(others, [
    { revision: "bbbbbb", time, source, tags, size: 10 },
    { revision: "aaaaaa", time, source, tags, size: 0 },
  ]);
  await assertRejects(() => store.workflows.loadRevision("greet", "aaaaaa"), NotFoundError);
  await store.workflows.restore("greet", "bbbbbb");
  assertEquals(await store.read("greet"), "name: old\n");
});

Deno.test("a history of line breaks alone holds no revision", async () => {
  await using store = await TempStore.open();
  await store.write("greet", "name: greet\n");
  await Deno.mkdir(join(store.root, "history"));
  await Deno.writeTextFile(logPath(store), "\n");
  await change(store, "one");
  assertEquals((await store.workflows.history("greet")).length, 2);
});

/** Notes what is read of each log, in bytes. */
class CountedReads extends RecordedFiles {
  readonly reads: number[] = [];

  override readFile(path: string): Uint8Array {
    return this.#count(path, super.readFile(path));
  }

  override readFileFrom(path: string, offset: number): Uint8Array {
    return this.#count(path, super.readFileFrom(path, offset));
  }

  #count(path: string, bytes: Uint8Array): Uint8Array {
    if (path.endsWith(".jsonl")) this.reads.push(bytes.length);
    return bytes;
  }
}

/** Gives the log as many revisions, each with its full text. */
async function lengthen(store: TempStore, count: number): Promise<number> {
  const [line] = (await Deno.readTextFile(logPath(store))).split("\n");
  const record = JSON.parse(line!);
  const lines = Array.from(
    { length: count },
    (_, index) =>
      JSON.stringify({
        ...record,
        revision: index === count - 1 ? record.revision : String(index).padStart(64, "0"),
      }) + "\n",
  );
  await Deno.writeTextFile(logPath(store), lines.join(""));
  return lines.join("").length;
}

Deno.test("a thousand revisions are listed in one read", async () => {
  await using store = await TempStore.open();
  await store.workflows.save(greeting());
  const size = await lengthen(store, 1000);
  const files = new CountedReads();
  const history = await (await store.another({ files })).history("greet");
  assertEquals(history.length, 1000);
  assertEquals(files.reads.filter((length) => length === size).length, 1);
});

Deno.test("load() and save() read the end of a long history only", async () => {
  await using store = await TempStore.open();
  await store.workflows.save(greeting());
  const size = await lengthen(store, 1000);
  await Deno.writeTextFile(logPath(store), '{"tag":"t","revision":"0"}\ncut off', { append: true });
  const files = new CountedReads();
  const workflows = await store.another({ files });
  const workflow = await workflows.load("greet");
  workflow.name = "two";
  await workflows.save(workflow);
  const read = files.reads.reduce((sum, length) => sum + length, 0);
  assert(read < size / 4, `${read} of ${size} bytes were read`);
  const [newest, before] = await workflows.history("greet");
  assertEquals([newest!.source, newest!.parent], ["saved", before!.revision]);
  assertEquals((await Deno.readTextFile(logPath(store))).includes("cut off"), false);

  // A revision that is longer than what is read at first.
  workflow.description = "x".repeat(300_000);
  await workflows.save(workflow);
  const revision = (await (await store.another()).load("greet")).revision;
  assertEquals((await (await store.another()).history("greet"))[0]!.revision, revision);
});

testStores("revisions of a workflow survive any content", async (open) => {
  await using store = await open();
  const workflow = greeting();
  workflow.description = 'quotes " and \\ and\nlines \u2028 and 😀';
  const { revision } = await store.workflows.save(workflow);
  await change(store, "two");
  const old = await store.workflows.loadRevision("greet", revision);
  assertEquals(content(old), content(workflow));
});
