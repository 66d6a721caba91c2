import { assert, assertEquals, assertRejects } from "@std/assert";
import { copyStorage, StorageCopyError, type StorageCopyProgress } from "../../src/copy_storage.ts";
import { ConflictError, InvalidDataError } from "../../src/domain/errors.ts";
import { greeting } from "../workflows/temp_store.ts";
import type { Storage } from "../../src/storage.ts";
import { everything, fill, run, TEXTS } from "./sample_storage.ts";
import { openPostgresStorage } from "../../src/postgres/storage.ts";
import { testPostgres } from "../postgres/databases.ts";
import { testCopies, withFolder } from "./storages.ts";

async function failure(promise: Promise<unknown>): Promise<StorageCopyError> {
  return await assertRejects(() => promise, StorageCopyError);
}

testCopies(
  "copyStorage() brings over texts byte for byte, with history, tags and runs",
  async (from, to) => {
    await fill(from);
    const before = await everything(from);
    const result = await copyStorage(from, to);
    assertEquals(await everything(to), before);
    assertEquals(await everything(from), before);
    const counts = (
      { total, copied, unchanged, replaced, failed }: typeof result.workflows,
    ) => [total, copied, unchanged, replaced, failed.length];
    assertEquals(counts(result.workflows), [7, 7, 0, 0, 0]);
    assertEquals(counts(result.templates), [2, 2, 0, 0, 0]);
    assertEquals(counts(result.executions), [7, 7, 0, 0, 0]);
    for (const [id, text] of Object.entries(TEXTS)) {
      assertEquals(await to.workflows.readText(id), text);
    }
    assertEquals(await to.workflows.history("gone"), await from.workflows.history("gone"));
    const again = await copyStorage(from, to);
    assertEquals(counts(again.workflows), [7, 0, 7, 0, 0]);
    assertEquals(counts(again.executions), [7, 0, 7, 0, 0]);
  },
);

testCopies(
  "copyStorage() brings an older copy up to date, and keeps what else the target holds",
  async (from, to) => {
    await fill(from);
    await to.workflows.save(greeting("other"));
    await to.executions.record(run(100));
    await copyStorage(from, to);
    await from.workflows.update("greet", (w) => void (w.description = "three"));
    await from.workflows.tag("greet", "v2");
    await from.executions.record(run(8));
    const { workflows, executions } = await copyStorage(from, to);
    assertEquals([workflows.copied, workflows.unchanged], [1, 6]);
    assertEquals([executions.copied, executions.unchanged], [1, 7]);
    assertEquals((await to.workflows.load("greet")).description, "three");
    assertEquals((await to.workflows.loadRevision("greet", "v2")).description, "three");
    assertEquals((await to.workflows.load("other")).id, "other");
    assertEquals((await to.executions.list({ total: "exact" })).total?.count, 9);
  },
);

testCopies(
  "copyStorage() refuses to replace what the target changed, unless it is told to",
  async (from, to) => {
    await fill(from);
    await copyStorage(from, to);
    await to.workflows.update("greet", (w) => void (w.description = "theirs"));
    await to.templates.save({ id: "wait", name: "theirs", parameters: [], workflowSpec: {} });
    const { executions: [theirs] } = await to.executions.list({ label: "nightly" });
    await to.executions.addLabels(theirs!.id, "theirs");
    await from.workflows.update("greet", (w) => void (w.description = "mine"));

    const { result, message } = await failure(copyStorage(from, to));
    for (const part of ["workflows", "templates", "executions"] as const) {
      assertEquals(result[part].failed.map(({ error }) => error.constructor), [ConflictError]);
    }
    assert(message.startsWith('Cannot copy 3 of 16, the first is "greet": '), message);
    assertEquals((await to.workflows.load("greet")).description, "theirs");
    assertEquals(await to.executions.getLabels(theirs!.id), ["nightly", "pinned", "theirs"]);

    const replaced = await copyStorage(from, to, { onConflict: "replace" });
    assertEquals(Object.values(replaced).map((counts) => counts.replaced), [1, 1, 1]);
    assertEquals(await everything(to), await everything(from));
  },
);

testCopies("copyStorage() copies all but what cannot be, and says which", async (_, to) => {
  await withFolder(async (from) => {
    await fill(from);
    const path = from.workflows.pathOf("bytes");
    await Deno.writeFile(path, new Uint8Array([0x6e, 0xff, 0xfe]));
    await to.workflows.save(greeting("GREET"));
    const { result, cause } = await failure(copyStorage(from, to));
    assertEquals(result.workflows.failed.map(({ id }) => id), ["bytes", "greet"]);
    assert(cause instanceof InvalidDataError);
    assertEquals([result.workflows.copied, result.executions.copied], [6, 7]);
  });
}, { only: ["files"] });

testCopies("copyStorage() tells its progress, stops at a signal, and goes on", async (from, to) => {
  await fill(from, 250);
  const stop = new AbortController();
  const seen: StorageCopyProgress[] = [];
  const onProgress = (progress: StorageCopyProgress) => {
    seen.push(progress);
    if (progress.part === "executions") stop.abort(new Error("enough"));
  };
  await assertRejects(
    () => copyStorage(from, to, { signal: stop.signal, onProgress }),
    Error,
    "enough",
  );
  assertEquals(seen[0], { part: "workflows", phase: "copy", done: 1, total: 7 });
  const { count } = (await to.executions.list({ total: "exact" })).total!;
  assert(count > 0 && count < 250, `${count}`);
  const { executions } = await copyStorage(from, to);
  assertEquals([executions.copied, executions.unchanged], [250 - count, count]);
  assertEquals(await everything(to), await everything(from));
});

testCopies("copyStorage() lets timers and Ctrl-C in while it copies runs", async (from, to) => {
  await fill(from, 450);
  const stop = new AbortController();
  const onProgress = ({ part }: StorageCopyProgress) => {
    if (part !== "executions") return;
    setTimeout(() => stop.abort(new Error("enough")), 1);
    // As long as a large batch takes.
    for (const end = performance.now() + 20; performance.now() < end;);
  };
  const options = { signal: stop.signal, onProgress };
  await assertRejects(() => copyStorage(from, to, options), Error, "enough");
  const { count } = (await to.executions.list({ total: "exact" })).total!;
  assert(count < 450, `${count}`);
}, { only: ["files"] });

testCopies("copyStorage() brings over what is added while it copies", async (from, to) => {
  await fill(from, 3);
  const source = from.executions;
  const read = source.export.bind(source);
  let reads = 0;
  source.export = (options) =>
    ReadableStream.from(async function* () {
      // The first time they are copied, then compared.
      if (++reads === 2) await source.record(run(8));
      yield* read(options);
    }());
  const { executions } = await copyStorage(from, to);
  assertEquals([executions.total, executions.copied, executions.unchanged], [4, 4, 0]);
  assertEquals(await everything(to), await everything(from));
});

testCopies("writeArchive() replaces only what it is told to", async (from) => {
  await fill(from, 1);
  const archive = await from.workflows.readArchive("greet");
  await assertRejects(() => from.workflows.writeArchive(archive), ConflictError, "already");
  const digest = await from.workflows.archiveDigest("greet");
  await from.workflows.update("greet", (w) => void (w.description = "newer"));
  await assertRejects(
    () => from.workflows.writeArchive(archive, { replaces: digest }),
    ConflictError,
    "changed it",
  );
  const replaces = await from.workflows.archiveDigest("greet");
  await from.workflows.writeArchive(archive, { replaces });
  assertEquals(await from.workflows.archiveDigest("greet"), digest);
});

testPostgres(
  "copyStorage() sends all runs but those that a server cannot hold",
  ({ url, schema }) =>
    withFolder(async (from) => {
      await using to = await openPostgresStorage(url, { schema });
      const runs = Array.from({ length: 5 }, (_, i) => run(i));
      runs[3]!.id = Array.from({ length: 300 }, () => crypto.randomUUID()).join("");
      for (const node of runs[3]!.nodeExecutions) node.executionId = runs[3]!.id;
      for (const snapshot of runs[3]!.variableSnapshots) snapshot.executionId = runs[3]!.id;
      for (const one of runs) await from.executions.record(one);
      const { result } = await failure(copyStorage(from, to));
      const { copied, failed } = result.executions;
      assertEquals(copied, 4);
      assertEquals(failed.map(({ id }) => id), [runs[3]!.id]);
      assert(failed.every(({ error }) => error instanceof InvalidDataError));
    }),
);

testPostgres(
  "copyStorage() replaces no run by one that a server cannot hold",
  ({ url, schema }) =>
    withFolder(async (from) => {
      await using to = await openPostgresStorage(url, { schema });
      const [mine, other] = [run(0), run(1)];
      await to.executions.record(mine);
      await to.executions.record(other);
      await copyStorage(to, from);
      mine.workflowId = Array.from({ length: 300 }, () => crypto.randomUUID()).join("");
      other.workflowId = "elsewhere";
      for (const one of [mine, other]) await from.executions.record(one);
      const { result } = await failure(copyStorage(from, to, { onConflict: "replace" }));
      assertEquals(result.executions.failed.map(({ id }) => id), [mine.id]);
      assertEquals(result.executions.replaced, 1);
      assertEquals((await to.executions.load(mine.id)).workflowId, "greet");
      assertEquals((await to.executions.load(other.id)).workflowId, "elsewhere");
    }),
);

Deno.test("copyStorage() keeps the order in which a folder lists runs of one instant", () =>
  withFolder((from) =>
    withFolder(async (to) => {
      const startedAt = new Date();
      for (let i = 0; i < 5; i++) {
        await from.executions.record(Object.assign(run(i), { startedAt }));
      }
      await copyStorage(from, to);
      const order = async ({ executions }: Storage) =>
        (await executions.listByWorkflow("greet")).map(({ id }) => id);
      assertEquals(await order(to), await order(from));
    })
  ));

testCopies(
  "copyStorage() takes what another copy stored meanwhile for there already",
  async (from, to) => {
    await fill(from);
    const write = to.workflows.writeArchive.bind(to.workflows);
    let first = true;
    to.workflows.writeArchive = async (...args) => {
      if (first) await write(...args);
      first = false;
      return await write(...args);
    };
    const { workflows } = await copyStorage(from, to);
    assertEquals([workflows.copied, workflows.unchanged, workflows.failed], [6, 1, []]);
  },
  { only: ["files"] },
);
