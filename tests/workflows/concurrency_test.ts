import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  AlreadyExistsError,
  ConflictError,
  InvalidDataError,
  NotFoundError,
} from "../../src/domain/errors.ts";
import { runDeno } from "../helpers/child.ts";
import { testStores } from "./backends.ts";
import { content, greeting, TempStore } from "./temp_store.ts";

testStores("save({ ifAbsent }) refuses a workflow that exists", async (open) => {
  await using store = await open();
  await store.workflows.save(greeting(), { ifAbsent: true });
  const error = await assertRejects(
    () => store.workflows.save(greeting(), { ifAbsent: true }),
    AlreadyExistsError,
  );
  assertEquals([error.kind, error.id], ["workflow", "greet"]);
});

testStores("save({ ifRevision }) refuses to overwrite what somebody else saved", async (open) => {
  await using store = await open();
  await store.workflows.save(greeting());
  const mine = await store.workflows.load("greet");
  const theirs = await store.workflows.load("greet");
  theirs.description = "theirs";
  const { revision } = await store.workflows.save(theirs, { ifRevision: theirs.revision });
  mine.description = "mine";
  const error = await assertRejects(
    () => store.workflows.save(mine, { ifRevision: mine.revision }),
    ConflictError,
  );
  assertEquals([error.expected, error.actual], [mine.revision, revision]);
  assertEquals((await store.workflows.load("greet")).description, "theirs");
  await store.workflows.save(mine, { ifRevision: revision });
});

testStores(
  "save({ ifRevision }) sees an edit by hand, a comment included, and a deletion",
  async (open) => {
    await using store = await open();
    await store.workflows.save(greeting());
    const workflow = await store.workflows.load("greet");
    await store.write("greet", (await store.read("greet")) + "# a thought\n");
    await assertRejects(
      () => store.workflows.save(workflow, { ifRevision: workflow.revision }),
      ConflictError,
    );
    await store.workflows.delete("greet");
    const error = await assertRejects(
      () => store.workflows.save(workflow, { ifRevision: workflow.revision }),
      ConflictError,
      "deleted",
    );
    assertEquals(error.actual, "");
  },
);

testStores(
  "save({ ifRevision }) is not disturbed by the time of the last change or by line breaks",
  async (open) => {
    await using store = await open();
    await store.workflows.save(greeting());
    const workflow = await store.workflows.load("greet");
    const text = (await store.read("greet")).replace(
      /last_modified: .*/,
      "last_modified: 2020-01-01",
    );
    await store.write("greet", text.replaceAll("\n", "\r\n"));
    workflow.description = "changed";
    await store.workflows.save(workflow, { ifRevision: workflow.revision });
  },
);

testStores("save({ uniqueName }) refuses a name that another workflow has", async (open) => {
  await using store = await open();
  await store.workflows.save(greeting("a"), { uniqueName: true });
  await store.workflows.save(await store.workflows.load("a"), { uniqueName: true });
  const error = await assertRejects(
    () => store.workflows.save(greeting("b"), { uniqueName: true }),
    AlreadyExistsError,
    'workflow "a" has the name "greet" already',
  );
  assertEquals(error.id, "greet");
  await store.workflows.save(greeting("b"));
});

testStores(
  "update() changes what is stored, with functions that return nothing, a workflow or a promise",
  async (open) => {
    await using store = await open();
    await store.workflows.save(greeting());
    await store.workflows.update("greet", (w) => void (w.name = "one"));
    await store.workflows.update("greet", async (w) => {
      await Promise.resolve();
      w.description = "two";
      return w;
    });
    const { changed } = await store.workflows.update("greet", () => {});
    const { name, description } = await store.workflows.load("greet");
    assertEquals([changed, name, description], [false, "one", "two"]);
  },
);

testStores("update() changes nothing when the function throws or changes the id", async (open) => {
  await using store = await open();
  await store.workflows.save(greeting());
  const before = await store.read("greet");
  await assertRejects(
    () =>
      store.workflows.update("greet", (w) => {
        w.name = "x";
        throw new TypeError("no");
      }),
    TypeError,
    "no",
  );
  await assertRejects(
    () => store.workflows.update("greet", (w) => void (w.id = "other")),
    InvalidDataError,
    "it must stay",
  );
  await assertRejects(() => store.workflows.update("other", () => {}), NotFoundError);
  assertEquals(await store.read("greet"), before);
});

Deno.test("update() starts again when an editor writes meanwhile", async () => {
  await using store = await TempStore.open();
  await store.workflows.save(greeting());
  let runs = 0;
  await store.workflows.update("greet", async (w) => {
    w.extra = { count: 1 };
    if (runs++ > 0) return;
    await store.write("greet", (await store.read("greet")).replace("Says hello", "By hand"));
  });
  const workflow = await store.workflows.load("greet");
  assertEquals([runs, workflow.description, workflow.extra], [2, "By hand", { count: 1 }]);
});

testStores(
  "save({ onConflict: merge }) joins edits of different things, and names those of the same",
  async (open) => {
    await using store = await open();
    await store.workflows.save(greeting());
    const mine = await store.workflows.load("greet");
    const theirs = await (await store.another()).load("greet");
    theirs.addVariable({ name: "theirs", type: "any" });
    theirs.nodes[1]!.description = "theirs";
    await (await store.another()).save(theirs);

    mine.addNode({ id: "mine", type: "passthrough" });
    const { merged } = await store.workflows.save(mine, { onConflict: "merge" });
    assertEquals(merged, true);
    const both = await store.workflows.load("greet");
    assertEquals(both.variables.map(({ name }) => name), ["count", "theirs"]);
    assertEquals(both.nodes.map(({ id }) => id), ["start", "read", "end", "mine"]);

    mine.nodes[1]!.description = "mine";
    const error = await assertRejects(
      () => store.workflows.save(mine, { onConflict: "merge" }),
      ConflictError,
    );
    assertEquals(error.conflicts, [
      { field: 'node "read" description', mine: "mine", theirs: "theirs" },
    ]);
  },
);

testStores(
  "save({ onConflict: merge }) says when the revision to start from is not kept",
  async (open) => {
    await using store = await open({ history: false });
    await store.workflows.save(greeting());
    const mine = await store.workflows.load("greet");
    for (const name of ["a", "b", "c"]) {
      await store.workflows.update("greet", (w) => void (w.name = name));
    }
    mine.description = "mine";
    await assertRejects(
      () => store.workflows.save(mine, { onConflict: "merge" }),
      ConflictError,
      "is not kept",
    );
  },
);

Deno.test("twenty processes that update one workflow fifty times each count to a thousand", async () => {
  await using store = await TempStore.open();
  const workflow = greeting();
  workflow.extra = { count: 0 };
  await store.workflows.save(workflow);
  const script = new URL("./writer.ts", import.meta.url);
  const children = Array.from(
    { length: 20 },
    () => runDeno(script, { flags: ["-A"], args: ["count", store.root, "50"] }),
  );
  for (const { code, stderr } of await Promise.all(children)) assertEquals([code, stderr], [0, ""]);
  const loaded = await store.workflows.load("greet");
  assertEquals(loaded.extra, { count: 1000 });
  assertEquals(content(loaded).nodes, content(workflow).nodes);
  const history = await store.workflows.history("greet");
  assertEquals(history.length, 1001);
  assert(history.every(({ source }) => source === "saved"));
  assert(history.every(({ parent }, index) => parent === history[index + 1]?.revision));
});
