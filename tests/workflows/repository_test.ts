import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { join } from "@std/path";
import { AlreadyExistsError, InvalidDataError, NotFoundError } from "../../src/domain/errors.ts";
import { Workflow } from "../../src/domain/workflow.ts";
import { testStores } from "./backends.ts";
import { content, greeting, TempStore } from "./temp_store.ts";

Deno.test("FilesystemWorkflowRepository.open() creates nothing until something is saved", async () => {
  await using store = await TempStore.open();
  assertEquals(await store.workflows.list(), { workflows: [], invalid: [], warnings: [] });
  assertEquals(await store.workflows.findByName("greet"), undefined);
  await assertRejects(() => store.workflows.load("greet"), NotFoundError);
  await assertRejects(() => store.workflows.delete("greet"), NotFoundError);
  assertEquals(await Array.fromAsync(Deno.readDir(store.root)), []);
});

testStores("save() writes a new file in the canonical form", async (open) => {
  await using store = await open();
  const workflow = greeting();
  workflow.metadata = { created: new Date("2025-11-05T12:00:00Z"), tags: ["no", "1.0"] };
  const { revision, changed } = await store.workflows.save(workflow);
  assertEquals(changed, true);
  const text = await store.read("greet");
  assertEquals(
    text.replace(/last_modified: "[^"]+"/, "last_modified: now"),
    `id: greet
name: greet
version: "1.0"
description: Says hello
metadata:
  created: "2025-11-05T12:00:00.000Z"
  last_modified: now
  tags:
    - "no"
    - "1.0"
variables:
  - name: count
    type: number
    default: 1
servers:
  - id: files
    command: npx
    args:
      - -y
      - "@example/files"
nodes:
  - id: start
    type: start
  - id: read
    type: mcp_tool
    server: files
    tool: read
    parameters:
      path: \${input}
    output: text
  - id: end
    type: end
    return: \${text}
edges:
  - id: ${workflow.edges[0]!.id}
    from: start
    to: read
  - id: ${workflow.edges[1]!.id}
    from: read
    to: end
`,
  );
  const loaded = await store.workflows.load("greet");
  assertEquals(loaded.revision, revision);
  assertEquals(content(loaded), content(workflow));
});

Deno.test("FilesystemWorkflowRepository.save() makes files of mode 0644 in folders of mode 0755", async () => {
  await using store = await TempStore.open();
  const mask = Deno.umask(0o022);
  try {
    await store.workflows.save(greeting());
    const mode = async (path: string) => (await Deno.stat(path)).mode! & 0o777;
    assertEquals(await mode(store.workflows.pathOf("greet")), 0o644);
    assertEquals(await mode(join(store.root, "workflows")), 0o755);

    await using strict = await TempStore.open({ fileMode: 0o600, folderMode: 0o700 });
    await strict.workflows.save(greeting());
    assertEquals(await mode(strict.workflows.pathOf("greet")), 0o600);
    assertEquals(await mode(join(strict.root, "workflows")), 0o700);
  } finally {
    Deno.umask(mask);
  }
});

Deno.test("FilesystemWorkflowRepository.save() keeps the mode of a file that exists", async () => {
  await using store = await TempStore.open();
  await store.workflows.save(greeting());
  await Deno.chmod(store.workflows.pathOf("greet"), 0o664);
  const workflow = await store.workflows.load("greet");
  workflow.description = "changed";
  await store.workflows.save(workflow);
  assertEquals((await Deno.stat(store.workflows.pathOf("greet"))).mode! & 0o777, 0o664);
});

Deno.test("FilesystemWorkflowRepository.save() leaves the bytes alone when nothing changed", async () => {
  await using store = await TempStore.open();
  const first = await store.workflows.save(greeting("a"));
  const before = await Deno.stat(store.workflows.pathOf("a"));
  const again = await store.workflows.save(await store.workflows.load("a"));
  assertEquals(again, { revision: first.revision, changed: false });
  const after = await Deno.stat(store.workflows.pathOf("a"));
  assertEquals([after.ino, after.mtime], [before.ino, before.mtime]);
});

testStores("save() sets lastModified, which is no part of the revision", async (open) => {
  await using store = await open();
  const { revision } = await store.workflows.save(greeting());
  const start = Date.now() - 1;
  const workflow = await store.workflows.load("greet");
  workflow.description = "other";
  const other = await store.workflows.save(workflow);
  assertNotEquals(other.revision, revision);
  const changed = await store.workflows.load("greet");
  assert(changed.metadata.lastModified!.getTime() > start);
  changed.description = "Says hello";
  assertEquals((await store.workflows.save(changed)).revision, revision);
});

testStores("save() does not change the workflow it is given", async (open) => {
  await using store = await open();
  const workflow = greeting();
  const before = structuredClone({ ...workflow });
  await store.workflows.save(workflow);
  assertEquals(structuredClone({ ...workflow }), before);
  const loaded = await store.workflows.load("greet");
  loaded.nodes.length = 0;
  assertEquals((await store.workflows.load("greet")).nodes.length, 3);
});

testStores("save() refuses a workflow that is too large to be read again", async (open) => {
  await using store = await open();
  const workflow = greeting();
  workflow.description = "x".repeat(1024 * 1024);
  await assertRejects(() => store.workflows.save(workflow), InvalidDataError, "1048576");
  await assertRejects(() => store.workflows.load("greet"), NotFoundError);
});

testStores("save() stores a workflow that is not valid", async (open) => {
  await using store = await open();
  const workflow = Workflow.create("empty", undefined, { id: "empty" });
  workflow.addNode({ id: "x", type: "condition", condition: "" });
  workflow.addNode({ id: "x", type: "passthrough" });
  await store.workflows.save(workflow);
  assertEquals(content(await store.workflows.load("empty")), content(workflow));
});

for (
  const id of [
    "",
    ".",
    "..",
    ".hidden",
    "../escaped",
    "a/b",
    "a\\b",
    "a\0b",
    "a\nb",
    "a\u0085",
    "a.",
    "a ",
    "CON",
    "nul.backup",
    "com1",
    "x".repeat(201),
    "é".repeat(101),
  ]
) {
  Deno.test(`FilesystemWorkflowRepository refuses the id ${JSON.stringify(id).slice(0, 30)}`, async () => {
    await using store = await TempStore.open();
    const workflow = greeting("a");
    workflow.id = id;
    await assertRejects(() => store.workflows.save(workflow), InvalidDataError, "the id");
    await assertRejects(() => store.workflows.load(id), InvalidDataError, "the id");
    await assertRejects(() => store.workflows.delete(id), InvalidDataError, "the id");
    assertEquals(await Array.fromAsync(Deno.readDir(store.root)), []);
  });
}

Deno.test("FilesystemWorkflowRepository takes any id that can be a file name", async () => {
  await using store = await TempStore.open();
  const ids = [
    "a b",
    "daten-übersicht",
    "工作流",
    "x".repeat(200),
    "console",
    "v1.0",
    "-x",
    "a.yaml",
  ];
  for (const id of ids) await store.workflows.save(greeting(id));
  assertEquals((await store.workflows.list()).workflows.map(({ id }) => id), ids.sort());
  for (const id of ids) await store.workflows.delete(id);
  assertEquals(await store.names(), []);
});

testStores("save() refuses an id that differs from another only in case", async (open) => {
  await using store = await open();
  await store.workflows.save(greeting("Greet"));
  const error = await assertRejects(() => store.workflows.save(greeting("gREET")));
  assertInstanceOf(error, AlreadyExistsError);
  assertEquals([error.kind, error.id], ["workflow", "Greet"]);
  assertEquals((await store.workflows.list()).workflows.map(({ id }) => id), ["Greet"]);
});

Deno.test("FilesystemWorkflowRepository.list() sorts by id, reports what is invalid and ids that differ", async () => {
  await using store = await TempStore.open();
  await store.workflows.save(greeting("b"));
  await store.write("a", "id: other\nname: a\nversion: '1'\n");
  await store.write("broken", "name: [\n");
  await store.write("con", "name: device\n");
  await store.write(".hidden", "name: hidden\n");
  await Deno.mkdir(store.workflows.pathOf("folder"));
  await Deno.writeTextFile(join(store.root, "workflows", "notes.txt"), "no workflow");
  const { workflows, invalid, warnings } = await store.workflows.list();
  assertEquals(workflows.map(({ id }) => id), ["a", "b"]);
  assertEquals(invalid.map(({ id, path }) => [id, path]), [
    ["broken", store.workflows.pathOf("broken")],
    ["con", store.workflows.pathOf("con")],
    ["folder", store.workflows.pathOf("folder")],
  ]);
  for (const { error } of invalid) assertInstanceOf(error, InvalidDataError);
  assertEquals(warnings, [{
    id: "a",
    path: store.workflows.pathOf("a"),
    message: 'The file says that the id is "other", its name "a" wins',
  }]);
});

testStores("list() sees every change of a file", async (open) => {
  await using store = await open();
  const names = async () => (await store.workflows.list()).workflows.map(({ name }) => name);
  for (const name of ["one", "two", "six", "ten"]) {
    // Same size and, on a coarse clock, same time.
    await store.write("a", `name: ${name}\n`);
    assertEquals(await names(), [name]);
  }
  await store.write("a", "name: [\n");
  assertEquals((await store.workflows.list()).invalid.length, 1);
  await store.remove("a");
  assertEquals(await names(), []);
});

testStores("findByName() returns the first id of a name", async (open) => {
  await using store = await open();
  await store.workflows.save(greeting("b"));
  await store.workflows.save(greeting("a"));
  await store.write("0", "name: [\n");
  assertEquals((await store.workflows.findByName("greet"))?.id, "a");
  assertEquals(await store.workflows.findByName("Greet"), undefined);
});

testStores("delete() removes the text", async (open) => {
  await using store = await open();
  await store.workflows.save(greeting());
  await store.workflows.delete("greet");
  const error = await assertRejects(() => store.workflows.delete("greet"), NotFoundError);
  assertEquals([error.kind, error.id], ["workflow", "greet"]);
  assertEquals((await store.workflows.list()).workflows, []);
});

testStores("save() does not replace a file that cannot be read", async (open) => {
  await using store = await open();
  await store.write("greet", "name: [half a thought\n");
  await assertRejects(() => store.workflows.save(greeting()), InvalidDataError);
  assertEquals(await store.read("greet"), "name: [half a thought\n");
});
