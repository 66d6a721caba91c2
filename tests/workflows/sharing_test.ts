import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { AlreadyExistsError, InvalidDataError } from "../../src/domain/errors.ts";
import { testStores } from "./backends.ts";
import { content, fixtures, greeting } from "./temp_store.ts";

const TOKEN = ["ghp", "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0fG3hJ6"].join("_");

testStores(
  "save() refuses certain secrets, tells about likely ones, and does as it is told",
  async (open) => {
    await using store = await open();
    const workflow = greeting();
    workflow.servers[0]!.env = { GITHUB: TOKEN, DB_PASSWORD: "correct-horse7" };
    const error = await assertRejects(() => store.workflows.save(workflow), InvalidDataError);
    assertStringIncludes(
      error.message,
      "servers[0].env.GITHUB holds a secret (github-token, ghp_****)",
    );
    assert(!error.message.includes(TOKEN));
    const { secrets } = await store.workflows.save(workflow, { secrets: "warn" });
    assertEquals(secrets!.map(({ path, certain }) => [path, certain]), [
      ["servers[0].env.GITHUB", true],
      ["servers[0].env.DB_PASSWORD", false],
    ]);
    workflow.name = "changed";
    assertEquals((await store.workflows.save(workflow, { secrets: "allow" })).secrets, undefined);
    await assertRejects(
      () => store.workflows.update("greet", (w) => void (w.name = "again")),
      InvalidDataError,
      "github-token",
    );
    delete workflow.servers[0]!.env.GITHUB;
    assertEquals((await store.workflows.save(workflow)).secrets!.length, 1);
  },
);

testStores(
  "exportWorkflow() replaces a secret that is a number, and refuses one that is a key",
  async (open) => {
    await using store = await open();
    const write = (parameters: string) =>
      store.write(
        "greet",
        `name: greet
version: "1.0"
nodes:
  - { id: start, type: start, parameters: ${parameters} }
`,
      );
    await write("{ password: 83715204, size: 83715204 }");
    const { text, removed } = await store.workflows.exportWorkflow("greet");
    assertEquals(removed.map(({ path }) => path), ["nodes[0].extra.parameters.password"]);
    assertStringIncludes(text, "password: <SECRET_REQUIRED>");
    assertStringIncludes(text, "size: 83715204");

    await write(`{ ${TOKEN}: { note: x } }`);
    const error = await assertRejects(
      () => store.workflows.exportWorkflow("greet"),
      InvalidDataError,
      "parameters.ghp_**** is a secret (github-token)",
    );
    assert(!error.message.includes(TOKEN));
  },
);

testStores(
  "exportWorkflow() leaves no secret in the text, and lists what it removed",
  async (open) => {
    await using store = await open();
    await store.write(
      "greet",
      `# the old token was ${TOKEN}
name: greet
version: "1.0"
servers:
  - id: files
    command: npx
    args: ["--token", "${TOKEN}"]
    env: { API_KEY: short, HOME: /data, TOKEN: "\${env.TOKEN}" }
    credential_ref: my-server:key
nodes:
  - id: start
    type: start
`,
    );
    const { text, removed } = await store.workflows.exportWorkflow("greet");
    assert(!text.includes(TOKEN));
    assert(!text.includes("my-server"));
    assertEquals(removed.map(({ path, kind }) => [path, kind]), [
      ["servers[0].args[1]", "github-token"],
      ["servers[0].env.API_KEY", "named-secret"],
    ]);
    assertEquals(
      text,
      `id: greet
name: greet
version: "1.0"
servers:
  - id: files
    command: npx
    args:
      - --token
      - <SECRET_REQUIRED>
    env:
      API_KEY: <SECRET_REQUIRED>
      HOME: /data
      TOKEN: \${env.TOKEN}
    credential_ref: <CREDENTIAL_REF_REQUIRED>
nodes:
  - id: start
    type: start
`,
    );
  },
);

testStores("importWorkflow() saves under a free id and tells what is needed", async (open) => {
  await using store = await open();
  const workflow = greeting();
  workflow.servers[0]!.credentialRef = "files:key";
  workflow.servers[0]!.env = { API_TOKEN: "plain" };
  await store.workflows.save(workflow);
  const { text } = await store.workflows.exportWorkflow("greet");

  await using other = await open();
  const first = await other.workflows.importWorkflow({ text });
  assertEquals(first.workflow.id, "greet");
  assertEquals(first.servers, [{ id: "files", command: "npx" }]);
  assertEquals(first.placeholders, ["servers[0].env.API_TOKEN", "servers[0].credentialRef"]);
  assertEquals([first.credentials, first.problems], [[], []]);
  const second = await other.workflows.importWorkflow({ text }, { name: "Hello, World!" });
  assertEquals(second.workflow.id, "hello-world");
  const third = await other.workflows.importWorkflow({ text }, { name: "Hello, World!" });
  assert(third.workflow.id.length === 36);
  await assertRejects(
    () => other.workflows.importWorkflow({ text }, { id: "greet" }),
    AlreadyExistsError,
  );
  assertEquals((await other.workflows.list()).workflows.length, 3);
  const [revision] = await other.workflows.history("greet");
  assertEquals(revision!.source, "imported");
});

testStores(
  "importWorkflow() reads files of every dialect, and refuses what it cannot read",
  async (open) => {
    await using store = await open();
    for (const [name, text] of await fixtures()) {
      const path = join(store.folder, `${name}.yaml`);
      await Deno.writeTextFile(path, text);
      const { workflow } = await store.workflows.importWorkflow({ path });
      assertEquals(workflow.id, name);
      assertEquals(content(await store.workflows.load(name)), content(workflow));
      assert(!(await store.read(name)).includes("server_id"));
    }
    await assertRejects(
      () => store.workflows.importWorkflow({ text: "name: [" }),
      InvalidDataError,
      "Cannot import the workflow",
    );
    await assertRejects(
      () => store.workflows.importWorkflow({ text: "name: a" }, { id: "a/b" }),
      InvalidDataError,
    );
  },
);

testStores("exportAll() and importFolder() go through all, and report each", async (open) => {
  await using store = await open();
  for (const id of ["a", "b", "c"]) await store.workflows.save(greeting(id));
  await store.write("broken", "name: [\n");
  const exported = await Array.fromAsync(store.workflows.exportAll());
  assertEquals(exported.map(({ id, done, total }) => [id, done, total]), [
    ["a", 1, 4],
    ["b", 2, 4],
    ["broken", 3, 4],
    ["c", 4, 4],
  ]);
  assert("error" in exported[2]!);

  const folder = join(store.folder, "shared");
  await Deno.mkdir(folder);
  for (const item of exported) {
    const text = "text" in item ? item.text : "name: [\n";
    await Deno.writeTextFile(join(folder, `${item.id}.yaml`), text);
  }
  await using other = await open();
  const imported = await Array.fromAsync(other.workflows.importFolder(folder));
  assertEquals(imported.map((item) => [item.done, item.total, "error" in item]), [
    [1, 4, false],
    [2, 4, false],
    [3, 4, true],
    [4, 4, false],
  ]);
  assertEquals((await other.workflows.list()).workflows.map(({ id }) => id), ["a", "b", "c"]);
});

testStores("importFolder() reports what is no text or no file, and goes on", async (open) => {
  await using store = await open();
  const folder = join(store.folder, "shared");
  await Deno.mkdir(join(folder, "folder.yaml"), { recursive: true });
  const latin = Uint8Array.from([...new TextEncoder().encode("name: caf"), 0xe9]);
  await Deno.writeFile(join(folder, "latin.yaml"), latin);
  await Deno.writeTextFile(join(folder, "two\nlines.yaml"), "name: lines\n");
  const pipes = await makePipe(join(folder, "pipe.yaml")) ? ["pipe.yaml"] : [];
  const imported = await Array.fromAsync(store.workflows.importFolder(folder));
  const errors = imported.flatMap((item) => "error" in item ? [[item.id, item.error.name]] : []);
  assertEquals(
    errors,
    ["folder.yaml", "latin.yaml", ...pipes].map((id) => [id, "InvalidDataError"]),
  );
  assertEquals((await store.workflows.list()).workflows.map(({ name }) => name), ["lines"]);
});

async function makePipe(path: string): Promise<boolean> {
  if (Deno.build.os === "windows") return false;
  return (await new Deno.Command("mkfifo", { args: [path] }).output()).success;
}
