import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { basename, join } from "@std/path";
import {
  AlreadyExistsError,
  InvalidDataError,
  PermissionDeniedError,
  StorageError,
} from "../../src/domain/errors.ts";
import { systemFiles } from "../../src/workflows/file_operations.ts";
import { replaceFile } from "../../src/workflows/replace_file.ts";
import { configFlags, runDeno } from "../helpers/child.ts";
import { mounts, READ_ONLY, runMounted } from "../helpers/mounts.ts";
import { testNeeding } from "../helpers/skip.ts";
import { type Change, RecordedFiles } from "./recorded_files.ts";
import { greeting, TempStore } from "./temp_store.ts";

/** The kind of each change and the name of its file, temporary names without their random part. */
function summary(changes: readonly Change[]): string[] {
  return changes.map((change) => {
    const name = (path: string) => basename(path).replace(/[0-9a-f-]{36}\.tmp$/, "tmp");
    const to = change.kind === "rename" ? ` -> ${name(change.to)}` : "";
    return `${change.kind} ${name(change.path)}${to}`;
  });
}

Deno.test("FilesystemWorkflowRepository.save() writes, syncs, renames and syncs the folder, in this order", async () => {
  const files = new RecordedFiles();
  await using store = await TempStore.open({ files, history: false });
  await store.workflows.save(greeting());
  assertEquals(summary(files.changes).slice(2), [
    "create .greet.tmp",
    "write .greet.tmp",
    "sync .greet.tmp",
    "rename .greet.tmp -> greet.yaml",
    "syncFolder workflows",
  ]);
  files.changes.length = 0;
  await store.workflows.delete("greet");
  assertEquals(summary(files.changes), ["remove greet.yaml", "syncFolder workflows"]);
});

for (const kind of ["create", "write", "sync", "changeMode", "rename"] as const) {
  Deno.test(`FilesystemWorkflowRepository.save() leaves the old file when "${kind}" fails`, async () => {
    const files = new RecordedFiles();
    await using store = await TempStore.open({ files });
    await store.workflows.save(greeting());
    const before = await store.read("greet");
    const cause = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    files.beforeChange = (change) => {
      if (change.kind === kind) throw cause;
    };
    const workflow = await store.workflows.load("greet");
    workflow.description = "changed";
    const error = await assertRejects(() => store.workflows.save(workflow), StorageError);
    assertEquals(error.cause, cause);
    assert(error.message.endsWith("the disk is full"), error.message);
    assertEquals(await store.read("greet"), before);
    assertEquals(await store.names(), ["greet.yaml"]);

    files.beforeChange = () => {};
    assertEquals((await store.workflows.save(workflow)).changed, true);
  });
}

for (const failure of ["the check says no", "the check throws", "the disk is full"]) {
  Deno.test(`replaceFile() takes back what is beside the file when ${failure}`, async () => {
    const root = await Deno.makeTempDir();
    const path = join(root, "file");
    await Deno.writeTextFile(path, "before");
    const files = new RecordedFiles();
    const state = { beside: "before" };
    files.beforeChange = ({ kind }) => {
      if (kind === "sync" && failure === "the disk is full") throw new Error(failure);
      // As long as the temporary file is there, what is beside the file does not count.
      if (kind === "remove") assertEquals(state.beside, "before");
    };
    const replace = () =>
      replaceFile(files, path, new TextEncoder().encode("after"), {
        temporary: join(root, "temporary"),
        mode: 0o600,
        keepMode: false,
        check: () => {
          if (failure === "the check throws") throw new Error(failure);
          return failure !== "the check says no";
        },
        beside: async () => {
          state.beside = "after";
          await Promise.resolve();
          return () => state.beside = "before";
        },
      });
    if (failure === "the check says no") assertEquals(await replace(), false);
    else await assertRejects(replace, Error, failure);
    assertEquals(state.beside, "before");
    assertEquals(await Deno.readTextFile(path), "before");
    assertEquals(Array.from(Deno.readDirSync(root), ({ name }) => name), ["file"]);
    await Deno.remove(root, { recursive: true });
  });
}

for (const code of ["EROFS", "EPERM", "EACCES"]) {
  Deno.test(`FilesystemWorkflowRepository.save() reports ${code} as PermissionDeniedError`, async () => {
    const files = new RecordedFiles();
    await using store = await TempStore.open({ files });
    await store.workflows.save(greeting("a"));
    files.beforeChange = () => {
      throw Object.assign(new Error("refused"), { code });
    };
    const error = await assertRejects(() => store.workflows.save(greeting("b")));
    assertInstanceOf(error, PermissionDeniedError);
    assertEquals(error.flag, undefined);
  });
}

Deno.test("FilesystemWorkflowRepository.save() sweeps temporary files of crashed writers, and no others", async () => {
  await using store = await TempStore.open();
  const folder = join(store.root, "workflows");
  await Deno.mkdir(folder);
  const uuid = crypto.randomUUID();
  const old = new Date(Date.now() - 2 * 60 * 60 * 1000);
  for (const name of [`.a.${uuid}.tmp`, `.b.${uuid}.tmp`, "mine.tmp", ".vim.swp"]) {
    await Deno.writeTextFile(join(folder, name), "half");
    if (!name.startsWith(".b")) await Deno.utime(join(folder, name), old, old);
  }
  await store.workflows.save(greeting());
  assertEquals(await store.names(), [`.b.${uuid}.tmp`, ".vim.swp", "greet.yaml", "mine.tmp"]);
});

Deno.test("FilesystemWorkflowRepository tells apart ids on a system that ignores case", async () => {
  const files = new RecordedFiles();
  await using store = await TempStore.open({ files });
  await store.workflows.save(greeting("greet"));
  files.caseInsensitive = true;
  // What such a system answers: the file exists under both names.
  files.lstat = (path) => RecordedFiles.prototype.lstat.call(files, path.replace("GREET", "greet"));
  await assertRejects(() => store.workflows.load("GREET"), StorageError, "no such workflow");
  await assertRejects(() => store.workflows.delete("GREET"), StorageError, "no such workflow");
  await assertRejects(() => store.workflows.save(greeting("GREET")), StorageError, "only in case");
  assertEquals((await store.workflows.load("greet")).id, "greet");
});

const WRITER = new URL("./writer.ts", import.meta.url);

Deno.test("twenty processes that save the same id leave one of the twenty, whole", async () => {
  await using store = await TempStore.open();
  const children = Array.from(
    { length: 20 },
    (_, number) => runDeno(WRITER, { flags: ["-A"], args: ["save", store.root, String(number)] }),
  );
  for (const { code, stderr } of await Promise.all(children)) assertEquals([code, stderr], [0, ""]);
  const workflow = await store.workflows.load("shared");
  const number = workflow.extra!.writer;
  assertEquals(workflow.nodes.length, 300);
  assert(workflow.nodes.every((node) => node.description === `by ${number}`));
  assertEquals(await store.names(), ["shared.yaml"]);
});

testNeeding(
  mounts,
  "FilesystemWorkflowRepository works on a read-only folder, except for saving",
  async () => {
    await using store = await TempStore.open();
    await store.workflows.save(greeting());
    const { stdout, stderr } = await inMount(READ_ONLY, "read-only", store.root);
    assertEquals([stdout, stderr], [
      "loaded greet, PermissionDeniedError, PermissionDeniedError\n",
      "",
    ]);
  },
);

testNeeding(
  mounts,
  "FilesystemWorkflowRepository.save() on a full disk leaves the old file",
  async () => {
    await using store = await TempStore.open();
    const mount = 'mount -t tmpfs -o size=256k tmpfs "$0"';
    const { stdout, stderr } = await inMount(mount, "full-disk", store.root);
    assertEquals([stdout, stderr], [
      "StorageError, the disk is full, greet.yaml, unchanged, deleted\n",
      "",
    ]);
  },
);

function inMount(mount: string, task: string, root: string): ReturnType<typeof runMounted> {
  const deno = [Deno.execPath(), "run", "-q", "-A", ...configFlags(), WRITER.href, task, root];
  return runMounted(mount, root, deno);
}

Deno.test("FilesystemWorkflowRepository needs read permission to read, and write permission to save", async () => {
  await using store = await TempStore.open();
  await store.workflows.save(greeting());
  const read = `--allow-read=${store.root}`;
  const write = `--allow-write=${store.root}`;
  const run = async (...flags: string[]) => {
    const { stdout, stderr } = await runDeno(WRITER, { flags, args: ["flags", store.root] });
    assertEquals(stderr, "");
    return JSON.parse(stdout);
  };
  assertEquals(await run(read), {
    load: "ok",
    list: "ok",
    find: "ok",
    save: write,
    delete: write,
  });
  assertEquals(await run(write), {
    load: read,
    list: read,
    find: read,
    save: read,
    delete: read,
  });
  assertEquals(await run(read, write), {
    load: "ok",
    list: "ok",
    find: "ok",
    save: "ok",
    delete: "ok",
  });
});

Deno.test("FilesystemWorkflowRepository.save() says when another writer does not finish in time", async () => {
  await using store = await TempStore.open({ lockTimeout: 50 });
  await store.workflows.save(greeting());
  using lock = await Deno.open(join(store.root, "workflows.lock"), { write: true, read: true });
  await lock.lock(true);
  const workflow = await store.workflows.load("greet");
  workflow.description = "changed";
  await assertRejects(() => store.workflows.save(workflow), StorageError, "within 50 ms");
  await assertRejects(() => store.workflows.load("gone/away"), InvalidDataError);
});

Deno.test("save() of many new workflows does not read the whole folder for each", async () => {
  const files = new RecordedFiles();
  let reads = 0;
  files.readFolder = (path) => {
    reads++;
    return systemFiles.readFolder(path);
  };
  await using store = await TempStore.open({ files, history: false });
  const save = (id: string) => store.workflows.save(greeting(id), { ifAbsent: true });
  await save("a");
  const before = reads;
  for (const id of ["b", "c", "d", "e"]) await save(id);
  assertEquals(reads, before);
  await assertRejects(() => save("C"), AlreadyExistsError, 'differs from that of workflow "c"');
  await save("f");
  assertEquals(reads, before);
});

Deno.test("save() finds ids that differ in case, whoever made or removed them meanwhile", async () => {
  await using store = await TempStore.open();
  const other = await store.another();
  const save = (id: string) => store.workflows.save(greeting(id));
  for (let round = 0; round < 20; round++) {
    await save(`mine-${round}`);
    await other.save(greeting(`Theirs-${round}`));
    await assertRejects(() => save(`theirs-${round}`), AlreadyExistsError);
    await other.delete(`Theirs-${round}`);
    await save(`theirs-${round}`);
    await assertRejects(() => other.save(greeting(`MINE-${round}`)), AlreadyExistsError);
  }
  // By hand, a moment later.
  const later = (seconds: number) =>
    Deno.utime(join(store.root, "workflows"), 0, Math.floor(Date.now() / 1000) + seconds);
  await store.write("Hand", "name: x\n");
  await later(2);
  await assertRejects(() => save("hand"), AlreadyExistsError);
  await Deno.remove(store.workflows.pathOf("Hand"));
  await later(4);
  await save("hand");
});
