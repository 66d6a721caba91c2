/**
 * Measures the store of workflows against plain loops over the same files, in
 * turns in the same run: `deno task bench:workflows`.
 *
 * @module
 */

import { join } from "@std/path";
import { parse, stringify } from "@std/yaml";
import { FilesystemWorkflowRepository } from "../src/workflows/repository.ts";
import { compare, printHead } from "./measure.ts";
import { makeWorkflow } from "./samples.ts";

/** Nodes of a workflow of 5 KB, and of one of 200 KB. */
const [SMALL, LARGE] = [36, 1500];

/** Opens a store in a folder of its own, with one workflow. */
async function makeStore(
  root: string,
  nodes: number,
  history: boolean,
): Promise<FilesystemWorkflowRepository> {
  const store = await FilesystemWorkflowRepository.open({ root, history });
  await store.save(makeWorkflow("w", nodes));
  return store;
}

/** What saving costs at least. */
async function write(path: string, value: unknown): Promise<void> {
  const file = await Deno.open(`${path}.tmp`, { write: true, create: true, truncate: true });
  await file.write(new TextEncoder().encode(stringify(value)));
  await file.sync();
  file.close();
  await Deno.rename(`${path}.tmp`, path);
}

async function measureSaving(root: string): Promise<void> {
  for (const history of [false, true]) {
    const store = await makeStore(join(root, `save-${history}`), SMALL, history);
    const workflow = await store.load("w");
    const value = parse(await Deno.readTextFile(store.pathOf("w")), { schema: "core" });
    await compare(
      `save, ${history ? "with" : "without"} history`,
      history ? 2.2 : 1.25,
      { rounds: 40, calls: 16 },
      () => write(join(root, "plain.yaml"), value),
      async (call) => {
        workflow.description = `change ${call}`;
        await store.save(workflow);
      },
    );
  }
  const store = await makeStore(join(root, "large"), LARGE, false);
  const workflow = await store.load("w");
  const text = await Deno.readTextFile(store.pathOf("w"));
  await compare(
    "save of one changed node of 200 KB, plain: parse",
    2,
    { rounds: 32, calls: 2 },
    () => parse(text, { schema: "core" }),
    async (call) => {
      workflow.nodes[700]!.description = `change ${call}`;
      await store.save(workflow);
    },
  );
}

async function measureLoading(root: string): Promise<void> {
  const store = await makeStore(join(root, "load"), SMALL, false);
  const path = store.pathOf("w");
  const text = await Deno.readTextFile(path);
  await compare(
    "load",
    1.25,
    { rounds: 40, calls: 16 },
    async () => parse(await Deno.readTextFile(path), { schema: "core" }),
    async () => await store.load("w"),
    // Another text, so that what was parsed before is of no use.
    (call) => Deno.writeTextFileSync(path, text.replace("nodes\n", `nodes, ${call}\n`)),
  );
}

/** Makes files that were written a minute ago, as most are. */
async function fill(root: string, files: number, text: string): Promise<string[]> {
  const folder = join(root, "workflows");
  await Deno.mkdir(folder, { recursive: true });
  const old = new Date(Date.now() - 60_000);
  const paths = Array.from({ length: files }, (_, i) => join(folder, `w${i}.yaml`));
  for (const path of paths) {
    await Deno.writeTextFile(path, text);
    await Deno.utime(path, old, old);
  }
  // The time of the last change cannot be set: what changed in the last two seconds is read again.
  await new Promise((resolve) => setTimeout(resolve, 2200));
  return paths;
}

async function measureLists(root: string): Promise<void> {
  const one = await makeStore(join(root, "one"), SMALL, false);
  const thousand = join(root, "thousand");
  const paths = await fill(thousand, 1000, await Deno.readTextFile(one.pathOf("w")));
  const open = () => FilesystemWorkflowRepository.open({ root: thousand, history: false });
  const readAll = async () => {
    for (const path of paths) parse(await Deno.readTextFile(path), { schema: "core" });
  };
  await compare(
    "list of 1,000 files of 5 KB, cold",
    1.2,
    { rounds: 8, calls: 1 },
    readAll,
    async () => await (await open()).list(),
  );
  const warm = await open();
  await warm.list();
  await compare(
    "list, warm",
    0.1,
    { rounds: 8, calls: 1 },
    readAll,
    async () => await warm.list(),
  );

  const many = join(root, "many");
  const manyPaths = await fill(many, 10_000, "name: w\nversion: '1.0'\n");
  const summaries = await FilesystemWorkflowRepository.open({ root: many, history: false });
  await summaries.summaries();
  await compare(
    "summaries of 10,000 files, warm, plain: stat",
    10,
    { rounds: 16, calls: 1 },
    () => manyPaths.map((path) => Deno.statSync(path)),
    async () => await summaries.summaries(),
  );
}

async function measureHistory(root: string): Promise<void> {
  const store = await makeStore(join(root, "long"), SMALL, true);
  const log = join(root, "long", "history", "w.jsonl");
  const last = JSON.parse(await Deno.readTextFile(log));
  const lines = Array.from({ length: 1000 }, (_, i) =>
    JSON.stringify({
      ...last,
      revision: i === 999 ? last.revision : String(i).padStart(64, "0"),
    }));
  await Deno.writeTextFile(log, `${lines.join("\n")}\n`);
  await compare(
    "history of 1,000 revisions, plain: read",
    Infinity,
    { rounds: 24, calls: 2 },
    async () => (await Deno.readTextFile(log)).split("\n"),
    async () => await store.history("w"),
  );
}

const root = await Deno.makeTempDir();
try {
  printHead("Workflows");
  await measureSaving(root);
  await measureLoading(root);
  await measureLists(root);
  await measureHistory(root);
} finally {
  await Deno.remove(root, { recursive: true });
}
