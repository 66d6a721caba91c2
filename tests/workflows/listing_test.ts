import { assert, assertEquals, assertInstanceOf, assertNotStrictEquals } from "@std/assert";
import { InvalidDataError } from "../../src/domain/errors.ts";
import { systemFiles } from "../../src/workflows/file_operations.ts";
import { testStores } from "./backends.ts";
import { greeting, TempStore } from "./temp_store.ts";

/** The operations of the system, and how many files were read. */
function countedFiles() {
  const counted = {
    ...systemFiles,
    reads: 0,
    /** All times are old. */
    lstat(path: string) {
      const info = systemFiles.lstat(path);
      return info && { ...info, ctime: info.mtime };
    },
    readFile(path: string) {
      counted.reads++;
      return systemFiles.readFile(path);
    },
  };
  return counted;
}

Deno.test("list() reads a file again only when it changed", async () => {
  const files = countedFiles();
  await using store = await TempStore.open({ files });
  const old = new Date(Date.now() - 60_000);
  for (let i = 0; i < 10; i++) {
    await store.write(`w${i}`, `name: n${i}\n`);
    await Deno.utime(store.workflows.pathOf(`w${i}`), old, old);
  }
  const reads = async () => {
    files.reads = 0;
    const { workflows } = await store.workflows.list();
    assertEquals(workflows.length, 10);
    return files.reads;
  };
  assertEquals(await reads(), 10);
  assertEquals(await reads(), 0);
  await store.write("w3", "name: other\n");
  assertEquals(await reads(), 1);
});

testStores("list() returns copies", async (open) => {
  await using store = await open();
  await store.workflows.save(greeting());
  const [first] = (await store.workflows.list()).workflows;
  first!.nodes[0]!.id = "changed";
  const [again] = (await store.workflows.list()).workflows;
  assertNotStrictEquals(again, first);
  assertEquals(again!.nodes[0]!.id, "start");
});

testStores("summaries() tells the main things, and filters by tag and text", async (open) => {
  await using store = await open();
  for (const [id, tags] of [["a", ["etl", "Daily"]], ["b", ["etl"]], ["c", []]] as const) {
    const workflow = greeting(id);
    workflow.name = `Workflow ${id}`;
    workflow.metadata.tags = [...tags];
    await store.workflows.save(workflow);
  }
  await store.write("broken", "name: [\n");
  const { summaries, invalid } = await store.workflows.summaries();
  assertEquals(invalid.map(({ id }) => id), ["broken"]);
  assertInstanceOf(invalid[0]!.error, InvalidDataError);
  const { size, modified, revision, ...fields } = summaries[0]!;
  assertEquals(fields, {
    id: "a",
    name: "Workflow a",
    version: "1.0",
    description: "Says hello",
    tags: ["etl", "Daily"],
  });
  assertEquals(size, new TextEncoder().encode(await store.read("a")).length);
  assert(Math.abs(modified.getTime() - Date.now()) < 5000);
  assertEquals(revision, (await store.workflows.load("a")).revision);

  const ids = async (filter: { tag?: string; text?: string }) =>
    (await store.workflows.summaries(filter)).summaries.map(({ id }) => id).join();
  assertEquals(await ids({ tag: "etl" }), "a,b");
  assertEquals(await ids({ text: "WORKFLOW B" }), "b");
  assertEquals(await ids({ text: "daily" }), "a");
  assertEquals(await ids({ tag: "etl", text: "hello" }), "a,b");
  assertEquals(await ids({ tag: "none" }), "");
});

Deno.test("list() and summaries() of 10,000 files let other tasks run meanwhile", async () => {
  await using store = await TempStore.open();
  await store.write("w", "name: w\n");
  for (let i = 0; i < 10_000; i++) {
    Deno.writeTextFileSync(store.workflows.pathOf(`w${i}`), `name: w${i}\nversion: "1.0"\n`);
  }
  let ticks = 0;
  const timer = setInterval(() => ticks++, 10);
  const { workflows } = await store.workflows.list();
  const { summaries } = await store.workflows.summaries();
  clearInterval(timer);
  assertEquals([workflows.length, summaries.length], [10_001, 10_001]);
  assert(ticks > 5, `${ticks} ticks`);
});

Deno.test("list() sees a text of the same size whose time was set back at once", async () => {
  await using store = await TempStore.open();
  for (const name of ["one", "two", "six"]) {
    await store.write("a", `name: ${name}\n`);
    await Deno.utime(store.workflows.pathOf("a"), 1e9, 1e9);
    const { workflows } = await store.workflows.list();
    assertEquals(workflows.map((workflow) => workflow.name), [name]);
  }
});
