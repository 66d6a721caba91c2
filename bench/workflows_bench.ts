/**
 * The store of workflows against plain loops over the same files.
 *
 * @module
 */

import { join } from "@std/path";
import { parse, stringify } from "@std/yaml";
import { Workflow } from "../src/domain/workflow.ts";
import { FilesystemWorkflowRepository } from "../src/workflows/repository.ts";

const root = Deno.makeTempDirSync();
globalThis.addEventListener("unload", () => Deno.removeSync(root, { recursive: true }));

/** A workflow of about 130 bytes of YAML for each node. */
function workflow(id: string, nodes: number): Workflow {
  const workflow = Workflow.create(id, `A workflow of ${nodes} nodes`, { id });
  workflow.addServer({ id: "files", command: "npx", args: ["-y", "@example/files"] });
  workflow.addNode({ id: "start", type: "start" });
  for (let i = 0; i < nodes; i++) {
    workflow.addNode({
      id: `step-${i}`,
      type: "mcp_tool",
      server: "files",
      tool: "read_file",
      parameters: { path: "${input}", number: i },
      output: `result_${i}`,
    });
  }
  workflow.addNode({ id: "end", type: "end", return: "${result_0}" });
  return workflow;
}

async function repository(name: string, history: boolean): Promise<FilesystemWorkflowRepository> {
  return await FilesystemWorkflowRepository.open({ root: join(root, name), history });
}

const SMALL = 36;
const LARGE = 1500;
const plain = await repository("plain", false);
const kept = await repository("kept", true);
const large = await repository("large", false);
for (const workflows of [plain, kept]) await workflows.save(workflow("w", SMALL));
await large.save(workflow("w", LARGE));
const path = plain.pathOf("w");
const text = Deno.readTextFileSync(path);
const value = parse(text, { schema: "core" });
const largeText = Deno.readTextFileSync(large.pathOf("w"));
let count = 0;

/** What saving costs at least. */
async function write(target: string): Promise<void> {
  const file = await Deno.open(`${target}.tmp`, { write: true, create: true, truncate: true });
  await file.write(new TextEncoder().encode(stringify(value)));
  await file.sync();
  file.close();
  await Deno.rename(`${target}.tmp`, target);
}

const target = join(root, "baseline.yaml");
const changing = await plain.load("w");
const remembered = await kept.load("w");

Deno.bench({
  name: "stringify, write, fsync, rename",
  group: "save 5 KB",
  baseline: true,
  async fn() {
    await write(target);
  },
});
Deno.bench({
  name: "save, no history",
  group: "save 5 KB",
  async fn() {
    changing.description = `change ${count++}`;
    await plain.save(changing);
  },
});
Deno.bench({
  name: "save, history",
  group: "save 5 KB",
  async fn() {
    remembered.description = `change ${count++}`;
    await kept.save(remembered);
  },
});

const other = await repository("load", false);
for (const id of ["a", "b"]) await other.save(workflow(id, SMALL));
const [a, b] = ["a", "b"].map((id) => Deno.readTextFileSync(other.pathOf(id)));
let turn = false;

/** Gives the file another text, so that what was parsed before is of no use. */
function alternate(): void {
  turn = !turn;
  Deno.writeTextFileSync(other.pathOf("a"), turn ? b! : a!);
}

Deno.bench({
  name: "read, parse",
  group: "load 5 KB",
  baseline: true,
  async fn(context) {
    alternate();
    context.start();
    parse(await Deno.readTextFile(other.pathOf("a")), { schema: "core" });
    context.end();
  },
});
Deno.bench({
  name: "load",
  group: "load 5 KB",
  async fn(context) {
    alternate();
    context.start();
    await other.load("a");
    context.end();
  },
});

async function fill(name: string, files: number, nodes: number): Promise<string> {
  const folder = join(root, name, "workflows");
  await Deno.mkdir(folder, { recursive: true });
  const text = nodes === SMALL ? a! : "name: w\nversion: '1.0'\n";
  const old = new Date(Date.now() - 60_000);
  for (let i = 0; i < files; i++) {
    const path = join(folder, `w${i}.yaml`);
    await Deno.writeTextFile(path, text);
    await Deno.utime(path, old, old);
  }
  return folder;
}

const thousand = await fill("thousand", 1000, SMALL);
Deno.bench({
  name: "read and parse each",
  group: "list 1,000 files of 5 KB",
  baseline: true,
  n: 5,
  warmup: 1,
  async fn() {
    for await (const { name } of Deno.readDir(thousand)) {
      parse(await Deno.readTextFile(join(thousand, name)), { schema: "core" });
    }
  },
});
Deno.bench({
  name: "list, cold",
  group: "list 1,000 files of 5 KB",
  n: 5,
  warmup: 1,
  async fn() {
    await (await repository("thousand", false)).list();
  },
});
const warm = await repository("thousand", false);
await warm.list();
Deno.bench({
  name: "list, warm",
  group: "list 1,000 files of 5 KB",
  n: 20,
  warmup: 1,
  async fn() {
    await warm.list();
  },
});

const many = await fill("many", 10_000, 0);
const paths = [...Deno.readDirSync(many)].map(({ name }) => join(many, name));
const summaries = await repository("many", false);
await summaries.summaries();
Deno.bench({
  name: "stat each",
  group: "summaries of 10,000 files",
  baseline: true,
  n: 10,
  fn() {
    for (const path of paths) Deno.statSync(path);
  },
});
Deno.bench({
  name: "summaries, warm",
  group: "summaries of 10,000 files",
  n: 10,
  async fn() {
    await summaries.summaries();
  },
});

const edited = await large.load("w");
Deno.bench({
  name: "parse",
  group: "one node of 200 KB",
  baseline: true,
  n: 20,
  fn() {
    parse(largeText, { schema: "core" });
  },
});
Deno.bench({
  name: "save one changed node",
  group: "one node of 200 KB",
  n: 20,
  async fn() {
    edited.nodes[700]!.description = `change ${count++}`;
    await large.save(edited);
  },
});

const long = await repository("long", true);
await long.save(workflow("w", SMALL));
const log = join(root, "long", "history", "w.jsonl");
const record = JSON.parse(Deno.readTextFileSync(log));
Deno.writeTextFileSync(
  log,
  Array.from(
    { length: 1000 },
    (_, i) =>
      JSON.stringify({
        ...record,
        revision: i === 999 ? record.revision : String(i).padStart(64, "0"),
      }) +
      "\n",
  ).join(""),
);
Deno.bench({
  name: "read the file",
  group: "history of 1,000 revisions of 5 KB",
  baseline: true,
  fn() {
    Deno.readTextFileSync(log).split("\n");
  },
});
Deno.bench({
  name: "history",
  group: "history of 1,000 revisions of 5 KB",
  async fn() {
    await long.history("w");
  },
});
