import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { Workflow } from "../../src/domain/workflow.ts";
import type { SummaryFilter } from "../../src/domain/workflow_repository.ts";
import { FilesystemWorkflowRepository } from "../../src/workflows/repository.ts";
import { listSummaries } from "../../src/workflows/summary_cache.ts";
import { runCode } from "../helpers/child.ts";
import { TempFolder } from "../helpers/temp_folder.ts";

interface Folder {
  root: string;
  store: FilesystemWorkflowRepository;
  /** Lists, and tells whether the files were read. */
  list(filter?: SummaryFilter): Promise<{ ids: string[]; names: string[]; read: boolean }>;
}

/** Two workflows that were written long ago. */
async function withFolder(test: (folder: Folder) => Promise<void>): Promise<void> {
  await using temporary = await TempFolder.make();
  const root = temporary.path;
  const store = await FilesystemWorkflowRepository.open({ root });
  for (const id of ["a", "b"]) await store.save(Workflow.create(`name ${id}`, undefined, { id }));
  await settle(root);
  await test({
    root,
    store,
    list: async (filter = {}) => {
      let read = false;
      const { summaries } = await listSummaries(root, filter, () => {
        read = true;
        return store.summaries({});
      });
      const wanted = await store.summaries(filter);
      assertEquals(summaries, wanted.summaries);
      return { ids: summaries.map(({ id }) => id), names: summaries.map((s) => s.name), read };
    },
  });
}

/** Waits until the times of all files tell them from later versions. */
async function settle(root: string): Promise<void> {
  const folder = join(root, "workflows");
  const times = [...Deno.readDirSync(folder)].map(({ name }) => Deno.statSync(join(folder, name)))
    .map(({ mtime, ctime }) => Math.max(mtime!.getTime(), ctime?.getTime() ?? 0));
  while (Date.now() - Math.max(0, ...times) <= 1100) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

Deno.test("listSummaries() reads files once, and again when one changed, came or went", () =>
  withFolder(async ({ root, store, list }) => {
    assertEquals(await list(), { ids: ["a", "b"], names: ["name a", "name b"], read: true });
    assertEquals(await list(), { ids: ["a", "b"], names: ["name a", "name b"], read: false });
    assertEquals((await list({ text: "NAME B" })).ids, ["b"]);
    assertEquals((await list({ tag: "none" })).ids, []);

    // Of the same length, and with the time of before.
    const path = join(root, "workflows", "a.yaml");
    const { mtime } = await Deno.stat(path);
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replaceAll("name a", "name c"));
    await Deno.utime(path, mtime!, mtime!);
    assertEquals((await list()).names, ["name c", "name b"]);

    await settle(root);
    await list();
    assertEquals((await list()).read, false);
    await store.save(Workflow.create("new", undefined, { id: "c" }));
    assertEquals((await list()).ids, ["a", "b", "c"]);
    await store.delete("b");
    assertEquals(await list(), { ids: ["a", "c"], names: ["name c", "new"], read: true });
  }));

Deno.test("listSummaries() keeps nothing of what may be written again unseen", () =>
  withFolder(async ({ root, store, list }) => {
    await store.save(Workflow.create("young", undefined, { id: "young" }));
    await list();
    const kept = await Deno.readTextFile(join(root, "workflows.cache"));
    assert(!kept.includes("young"), kept);
    assertEquals((await list()).read, true);
  }));

Deno.test("listSummaries() reads the files when its cache is damaged, of another form, or a folder", () =>
  withFolder(async ({ root, list }) => {
    await list();
    const path = join(root, "workflows.cache");
    const whole = await Deno.readTextFile(path);
    const entries = JSON.parse(whole).entries;
    for (
      const damaged of [
        "",
        whole.slice(0, 50),
        "null",
        "[]",
        JSON.stringify({ version: 99, entries }),
        JSON.stringify({ version: 1, entries: [null] }),
        JSON.stringify({
          version: 1,
          entries: entries.map((entry: object) => ({ ...entry, tags: 1 })),
        }),
      ]
    ) {
      await Deno.writeTextFile(path, damaged);
      assertEquals((await list()).read, true, damaged);
    }
    await Deno.remove(path);
    await Deno.mkdir(path);
    assertEquals((await list()).ids, ["a", "b"]);
    assertEquals([...Deno.readDirSync(root)].filter(({ name }) => name.endsWith(".tmp")), []);
  }));

Deno.test("listSummaries() reports files that cannot be read, each time", () =>
  withFolder(async ({ root, store }) => {
    await Deno.writeTextFile(join(root, "workflows", "broken.yaml"), "name: [");
    for (let i = 0; i < 2; i++) {
      const list = await listSummaries(root, {}, () => store.summaries({}));
      assertEquals(list.invalid.map(({ id }) => id), ["broken"]);
      assertEquals(list.summaries.length, 2);
    }
  }));

Deno.test("listSummaries() needs no permission to write, and makes nothing in an empty folder", () =>
  withFolder(async ({ root }) => {
    const empty = await Deno.makeTempDir();
    const code = `
      import { listSummaries } from "./src/workflows/summary_cache.ts";
      const none = () => Promise.resolve({ summaries: [], invalid: [] });
      console.log((await listSummaries(Deno.args[0], {}, none)).summaries.length);`;
    for (const [folder, flag] of [[root, "--allow-read"], [empty, "--allow-all"]] as const) {
      const flags = flag === "--allow-read" ? [`--allow-read=${folder}`] : [flag];
      const { stdout, stderr } = await runCode(code, { flags, args: [folder] });
      assertEquals({ stdout, stderr }, { stdout: "0\n", stderr: "" });
      assert(!Array.from(Deno.readDirSync(folder), ({ name }) => name).includes("workflows.cache"));
    }
    await Deno.remove(empty);
  }));

Deno.test("listSummaries() tells from the cache in the order of ids, and leaves links to reading", () =>
  withFolder(async ({ root, store, list }) => {
    await store.save(Workflow.create("name a-b", undefined, { id: "a-b" }));
    await settle(root);
    const all = { ids: ["a", "a-b", "b"], names: ["name a", "name a-b", "name b"] };
    assertEquals(await list(), { ...all, read: true });
    assertEquals(await list(), { ...all, read: false });

    if (Deno.build.os === "windows") return;
    const folder = join(root, "workflows");
    await Deno.rename(join(folder, "b.yaml"), join(root, "b.yaml"));
    await Deno.symlink(join(root, "b.yaml"), join(folder, "b.yaml"));
    assertEquals((await list()).ids, ["a", "a-b"]);
    await Deno.remove(join(folder, "b.yaml"));
    await Deno.symlink("a.yaml", join(folder, "b.yaml"));
    assertEquals((await list()).names, ["name a", "name a-b", "name a"]);
  }));
