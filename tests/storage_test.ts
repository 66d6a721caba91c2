import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { Execution, MemoryKeyring, NotFoundError, openStorage, Workflow } from "../mod.ts";
import { runCode } from "./helpers/child.ts";
import { TempFolder } from "./helpers/temp_folder.ts";

Deno.test("openStorage() keeps the three stores under one root", async () => {
  await using temporary = await TempFolder.make();
  const root = temporary.path;
  await using storage = await openStorage({
    root,
    credentials: { keyring: new MemoryKeyring() },
  });
  const workflow = Workflow.create("greet", "Says hello", { id: "greet" });
  await storage.workflows.save(workflow);
  const run = Execution.create("greet", "1.0", { who: "Zoë" });
  await storage.executions.record(run);
  await storage.credentials.set("mail:token", "secret");

  assertEquals((await storage.workflows.load("greet")).name, "greet");
  assertEquals((await storage.executions.load(run.id)).variables, { who: "Zoë" });
  assertEquals(await storage.credentials.get("mail:token"), "secret");
  assertEquals((await Deno.stat(join(root, "workflows", "greet.yaml"))).isFile, true);
  assertEquals((await Deno.stat(join(root, "goflow.db"))).isFile, true);
});

const AWKWARD_ROOTS = [
  "with blank",
  "zoë-日本",
  "per%20cent",
  "a'b",
  "#hash",
  "-dash",
  "new/deep/one",
];
if (Deno.build.os !== "windows") {
  AWKWARD_ROOTS.push('q"uote', "que?ry", "back\\slash", "line\nbreak");
}

for (const name of AWKWARD_ROOTS) {
  Deno.test(`openStorage() works in a root named ${JSON.stringify(name)}`, async () => {
    await using temporary = await TempFolder.make();
    const folder = temporary.path;
    for (const root of [join(folder, name), `${join(folder, name)}/`]) {
      await using storage = await openStorage({ root });
      assertEquals(storage.root, join(folder, name));
      await storage.workflows.save(Workflow.create("greet", undefined, { id: "greet" }));
      const run = Execution.create("greet", "1.0");
      await storage.executions.record(run);
      assertEquals((await storage.executions.load(run.id)).workflowId, "greet");
      assertEquals((await storage.workflows.list()).workflows.length, 1);
      await storage.executions.delete(run.id);
    }
    assertEquals((await Deno.stat(join(folder, name, "goflow.db"))).isFile, true);
  });
}

Deno.test({
  name: "openStorage() works in a root that is a link",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using temporary = await TempFolder.make();
    const folder = temporary.path;
    await Deno.mkdir(join(folder, "real"));
    await Deno.symlink("real", join(folder, "link"));
    await using linked = await openStorage({ root: join(folder, "link") });
    await using real = await openStorage({ root: join(folder, "real") });
    await linked.workflows.save(Workflow.create("greet", undefined, { id: "greet" }));
    const run = Execution.create("greet", "1.0");
    await linked.executions.record(run);
    assertEquals((await real.workflows.load("greet")).name, "greet");
    assertEquals((await real.executions.load(run.id)).id, run.id);
  },
});

Deno.test("openStorage() creates no file until a store is used", async () => {
  await using temporary = await TempFolder.make();
  const folder = temporary.path;
  const root = join(folder, "goflow");
  {
    await using storage = await openStorage({ root });
    assertEquals(storage.root, root);
  }
  assertEquals([...Deno.readDirSync(folder)], []);
});

Deno.test("openStorage() keeps the revisions of workflows that stored runs refer to", async () => {
  await using temporary = await TempFolder.make();
  const root = temporary.path;
  await using storage = await openStorage({ root });
  const workflow = Workflow.create("greet", "Says hello", { id: "greet" });
  const revisions: string[] = [];
  for (const description of ["one", "two", "three"]) {
    workflow.description = description;
    revisions.push((await storage.workflows.save(workflow)).revision);
  }
  const run = Execution.create("greet", "1.0");
  run.workflowRevision = revisions[0]!;
  await storage.executions.record(run);

  await storage.workflows.prune({ keep: 1 });
  const kept = (await storage.workflows.history("greet")).map(({ revision }) => revision);
  assertEquals(kept.sort(), [revisions[0]!, revisions[2]!].sort());
});

Deno.test("openStorage() can be closed twice, and its executions cannot be used afterwards", async () => {
  await using temporary = await TempFolder.make();
  const root = temporary.path;
  const storage = await openStorage({ root });
  await assertRejects(() => storage.executions.load("absent"), NotFoundError);
  storage.close();
  storage.close();
  await assertRejects(() => storage.executions.load("absent"), Error, "closed");
});

Deno.test("mod.ts loads without any permission, and neither SQLite nor a program with it", async () => {
  const { code, stdout, stderr } = await runCode(
    `const loaded = await import("./mod.ts");
    console.log(typeof loaded.openStorage);`,
  );
  assertEquals({ code, stdout, stderr }, { code: 0, stdout: "function\n", stderr: "" });
});
