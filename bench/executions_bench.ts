/**
 * Measures the execution store against prepared statements in a loop, on the
 * same driver in the same run, and prints a table of ratios.
 *
 * `deno run -A bench/executions_bench.ts [runs]`: with a number, the second
 * part fills a database with that many runs of three nodes each, by default
 * 10,000. `--driver=ffi` measures the other driver.
 *
 * @module
 */

import { Execution } from "../src/domain/execution.ts";
import { NodeExecution } from "../src/domain/node_execution.ts";
import type { DriverName } from "../src/executions/driver.ts";
import { SQLiteExecutionRepository } from "../src/executions/repository.ts";
import { openPlain, type PlainRow, PlainStore } from "./plain.ts";

const DRIVER: DriverName = Deno.args.includes("--driver=ffi") ? "ffi" : "builtin";
const RUNS = Number(Deno.args.find((arg) => /^\d+$/.test(arg)) ?? 10_000);
const MEMORY = () => Deno.memoryUsage().rss / 2 ** 20;

/** A finished run; the nodes have five items in their outputs. */
function makeRun(nodes: number, workflowId = "orders", startedAt = new Date()): Execution {
  const run = Execution.create(workflowId, "1.0");
  run.start();
  run.startedAt = startedAt;
  for (let i = 0; i < nodes; i++) {
    const node = run.addNodeExecution(NodeExecution.create(run.id, `node_${i}`, "mcp_tool"));
    node.inputs = { url: "https://example.com/orders", page: i, list: [1, 2, 3, 4, 5] };
    node.start();
    node.startedAt = startedAt;
    node.complete({ ok: true, items: [1, 2, 3, 4, 5].map((id) => ({ id, name: `item ${id}` })) });
    node.completedAt = new Date(startedAt.getTime() + Math.floor(Math.random() * 1000));
  }
  run.complete({ nodes });
  run.completedAt = new Date(startedAt.getTime() + Math.floor(Math.random() * 60_000));
  return run;
}

function row(what: string, plain: string, ours: string, ratio: number, mark: number): void {
  const verdict = ratio <= mark ? "" : "  misses";
  console.log(
    `| ${what.padEnd(46)} | ${plain.padStart(10)} | ${ours.padStart(10)} | ` +
      `${ratio.toFixed(2).padStart(6)} | ${String(mark).padStart(5)} |${verdict}`,
  );
}

const median = (times: number[]) => times.toSorted((a, b) => a - b)[times.length >> 1]!;
const ms = (time: number) => `${time.toFixed(time < 1 ? 3 : 2)} ms`;

/** Runs both in turns, so that both see the same machine. */
async function compare(
  what: string,
  mark: number,
  rounds: number,
  plain: (round: number) => unknown,
  ours: (round: number) => unknown,
): Promise<number> {
  const times: [number[], number[]] = [[], []];
  const warmUp = Math.max(3, rounds >> 3);
  for (let round = 0; round < rounds + warmUp; round++) {
    for (const [i, call] of [plain, ours].entries()) {
      const start = performance.now();
      await call(round);
      if (round >= warmUp) times[i]!.push(performance.now() - start);
    }
  }
  const [a, b] = [median(times[0]), median(times[1])];
  row(what, ms(a), ms(b), b / a, mark);
  return b;
}

async function small(folder: string): Promise<void> {
  const plain = await PlainStore.create(DRIVER, `${folder}/plain.db`);
  using ours = await SQLiteExecutionRepository.open({
    path: `${folder}/ours.db`,
    driver: DRIVER,
    journalMode: "wal",
  });
  for (const nodes of [10, 30, 100, 500]) {
    const rounds = nodes > 100 ? 60 : 300;
    const runs = Array.from({ length: rounds * 2 }, () => makeRun(nodes));
    await compare(
      `record, ${nodes} nodes`,
      1.3,
      rounds,
      (round) => plain.record(runs[round]!),
      (round) => ours.record(runs[round]!),
    );
  }
  const runs = Array.from({ length: 100 }, () => makeRun(30));
  await compare(
    "31 separate saves",
    1.3,
    80,
    (round) => plain.saveEach(runs[round]!),
    async (round) => {
      await ours.save(runs[round]!);
      for (const node of runs[round]!.nodeExecutions) await ours.saveNodeExecution(node);
    },
  );
  for (const nodes of [30, 500]) {
    const run = makeRun(nodes);
    plain.record(run);
    await ours.record(run);
    const rounds = nodes > 100 ? 100 : 500;
    const load = () => plain.load(run.id);
    await compare(`load, ${nodes} nodes, decoded`, 1.25, rounds, load, async () => {
      for (const node of (await ours.load(run.id)).nodeExecutions) void [node.inputs, node.outputs];
    });
    await compare(
      `load, ${nodes} nodes, payloads untouched`,
      0.5,
      rounds,
      load,
      () => ours.load(run.id),
    );
  }
  plain.database.close();
}

async function fill(path: string): Promise<void> {
  using ours = await SQLiteExecutionRepository.open({
    path,
    driver: DRIVER,
    journalMode: "wal",
    durability: "normal",
  });
  const start = Date.now() - 90 * 86_400_000;
  const step = 90 * 86_400_000 / RUNS;
  let pending: Promise<void>[] = [];
  for (let i = 0; i < RUNS; i++) {
    pending.push(ours.record(makeRun(3, `workflow-${i % 50}`, new Date(start + i * step))));
    if (pending.length < 500) continue;
    await Promise.all(pending);
    pending = [];
  }
  await Promise.all(pending);
  await ours.checkpoint();
}

async function large(folder: string): Promise<void> {
  const path = `${folder}/large.db`;
  const time = performance.now();
  await fill(path);
  console.log(
    `\n${RUNS} runs of 3 nodes, filled in ${((performance.now() - time) / 1000).toFixed()} s`,
  );
  const open = () => SQLiteExecutionRepository.open({ path, driver: DRIVER, journalMode: "wal" });
  await compare("open and close (mark: 5 ms more)", Infinity, 20, async () => {
    const database = await openPlain(DRIVER, path);
    database.prepare("SELECT count(*) FROM migrations").get();
    database.close();
  }, async () => (await open()).close());

  const database = await openPlain(DRIVER, path);
  const page = database.prepare(
    `SELECT * FROM executions WHERE (started_instant, rowid) < (?, ?)
    ORDER BY started_instant DESC, rowid DESC LIMIT 51`,
  );
  using ours = await open();
  const places = [0, 0.5, 0.9];
  const times: number[] = [];
  for (const place of places) {
    const { cursor, key } = await cursorAt(ours, database, place);
    times.push(
      await compare(
        `page of 50 at depth ${place * RUNS}`,
        1.3,
        300,
        () =>
          (page.all(...key) as PlainRow[]).map((one) => ({
            ...one,
            started_at: new Date(one["started_at"] as string),
            completed_at: new Date(one["completed_at"] as string),
            return_value: JSON.parse(one["return_value"] as string),
          })),
        () => ours.list(cursor === undefined ? {} : { cursor }),
      ),
    );
  }
  row("the last of these by the first", ms(times[0]!), ms(times[2]!), times[2]! / times[0]!, 1.5);
  const alone = async (what: string, mark: number, call: () => Promise<unknown>, rounds = 30) => {
    const taken: number[] = [];
    for (let i = 0; i < rounds + 3; i++) {
      const start = performance.now();
      await call();
      if (i >= 3) taken.push(performance.now() - start);
    }
    row(`${what} (mark in ms)`, "", ms(median(taken)), median(taken), mark);
  };
  const first = await ours.list({ limit: 1 });
  await alone(
    "page of 1 with a capped total",
    0.5 + 0.2,
    () => ours.list({ limit: 1, total: "capped" }),
  );
  await alone("statistics of everything", 20, () => ours.statistics());
  await alone("statistics of everything by day", 20, () => ours.statistics({ by: "day" }));
  void first;
  await streams(ours, database);
  database.close();
  await pruning(ours, path);
}

async function cursorAt(
  ours: SQLiteExecutionRepository,
  database: Awaited<ReturnType<typeof openPlain>>,
  place: number,
): Promise<{ cursor: string | undefined; key: [number, number] }> {
  const offset = Math.floor(place * RUNS);
  if (offset === 0) return { cursor: undefined, key: [Number.MAX_SAFE_INTEGER, 0] };
  const [found] = database.prepare(
    `SELECT started_instant AS instant, rowid AS place, started_at FROM executions
    ORDER BY started_instant DESC, rowid DESC LIMIT 1 OFFSET ${offset - 1}`,
  ).all() as PlainRow[];
  // Times are a millisecond apart or more: a page that begins there ends with the cursor wanted.
  const before = new Date(Number(found!["instant"]) / 1000 + 1);
  const [newest] = (await ours.list({ limit: 1, startedBefore: before })).executions;
  if (newest === undefined) throw new Error(`Expected a run before ${before}`);
  const text = [
    1,
    0,
    found!["instant"],
    found!["place"],
    emptyFilterHash(await ours.list({ limit: 1 })),
  ];
  const cursor = btoa(text.join("|")).replaceAll("=", "").replaceAll("+", "-").replaceAll("/", "_");
  return { cursor, key: [Number(found!["instant"]), Number(found!["place"])] };
}

/** A cursor ends with the hash of its filter. */
function emptyFilterHash({ nextCursor }: { nextCursor?: string }): string {
  return atob(nextCursor!.replaceAll("-", "+").replaceAll("_", "/")).split("|").at(-1)!;
}

async function streams(
  ours: SQLiteExecutionRepository,
  database: Awaited<ReturnType<typeof openPlain>>,
): Promise<void> {
  let start = performance.now();
  let bytes = 0;
  const runs = database.prepare(
    "SELECT rowid, * FROM executions WHERE rowid > ? ORDER BY rowid LIMIT 50",
  );
  const nodes = database.prepare("SELECT * FROM node_executions WHERE execution_id = ?");
  for (let last = 0;;) {
    const batch = runs.all(last) as PlainRow[];
    if (batch.length === 0) break;
    last = Number(batch.at(-1)!["rowid"]);
    for (const run of batch) {
      bytes += JSON.stringify({ ...run, nodes: nodes.all(run["id"]!) }).length;
    }
    await Promise.resolve();
  }
  const plain = performance.now() - start;
  const before = MEMORY();
  let peak = before;
  start = performance.now();
  for await (const chunk of ours.export()) {
    bytes += chunk.length;
    peak = Math.max(peak, MEMORY());
  }
  const time = performance.now() - start;
  row("export of everything as NDJSON", ms(plain), ms(time), time / plain, 2);
  row(
    "its growth of memory (mark in MB)",
    "",
    `${(peak - before).toFixed()} MB`,
    peak - before,
    100,
  );
  const iterating = MEMORY();
  let most = iterating;
  let count = 0;
  for await (const _ of ours.iterate()) if (++count % 1000 === 0) most = Math.max(most, MEMORY());
  row(
    "growth of memory of iterate() (mark in MB)",
    "",
    `${(most - iterating).toFixed()} MB`,
    most - iterating,
    50,
  );
  void bytes;
}

async function pruning(ours: SQLiteExecutionRepository, path: string): Promise<void> {
  const goal = Math.floor(RUNS / 10);
  using other = await SQLiteExecutionRepository.open({ path, driver: DRIVER, journalMode: "wal" });
  let longest = 0;
  let saves = 0;
  let running = true;
  const saving = (async () => {
    while (running) {
      const start = performance.now();
      await other.record(makeRun(3));
      longest = Math.max(longest, performance.now() - start);
      saves++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  const before = MEMORY();
  const start = performance.now();
  const { count, freedPages } = await ours.prune({ rules: [{ maxCount: RUNS - goal }] });
  running = false;
  await saving;
  console.log(
    `\nprune: ${count} runs in ${((performance.now() - start) / 1000).toFixed(1)} s, ` +
      `${freedPages} pages given back, memory +${(MEMORY() - before).toFixed()} MB; ` +
      `meanwhile ${saves} saves, the longest ${longest.toFixed()} ms`,
  );
}

if (import.meta.main) {
  const folder = await Deno.makeTempDir();
  try {
    console.log(
      `${
        new Date().toISOString().slice(0, 10)
      }, ${navigator.hardwareConcurrency} cores, Deno ${Deno.version.deno}, driver ${DRIVER}\n`,
    );
    console.log(
      `| ${"operation".padEnd(46)} | ${"plain".padStart(10)} | ${
        "here".padStart(10)
      } |  ratio |  mark |`,
    );
    console.log(
      `|${"-".repeat(48)}|${"-".repeat(12)}|${"-".repeat(12)}|${"-".repeat(8)}|${"-".repeat(7)}|`,
    );
    await small(folder);
    await large(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
