/**
 * Measures a long history of runs of three nodes:
 * `deno task bench:history --runs=1000000`, by default 10,000 and then 100,000,
 * with `--driver=ffi` for the other driver. `--database=FILE` keeps the history for the next time.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";
import type { DriverName } from "../src/executions/driver.ts";
import { SQLiteExecutionRepository } from "../src/executions/repository.ts";
import { chooseConfiguration } from "../tests/offline/configuration.ts";
import { BEGIN, makeHistory } from "./history.ts";
import { compare, median, MemoryWatch, ms, printFigure, printHead, time } from "./measure.ts";
import { decodeRun, openPlain, type PlainDatabase } from "./plain.ts";
import type { Saves } from "./saver.ts";

/** One database, on which all is measured. */
class Bench {
  readonly #driver: DriverName;
  readonly #path: string;
  readonly #fresh: string;
  readonly #runs: number;

  /**
   * @param driver Which library.
   * @param path The database, which is changed.
   * @param fresh One that was made with the newest nine tenths of the runs.
   * @param runs How many runs the database has.
   */
  constructor(driver: DriverName, path: string, fresh: string, runs: number) {
    this.#driver = driver;
    this.#path = path;
    this.#fresh = fresh;
    this.#runs = runs;
  }

  async measure(): Promise<void> {
    await this.#open("open and close, more than plain");
    {
      using here = await this.#repository();
      const plain = await openPlain(this.#driver, this.#path);
      await this.#pages(here, plain);
      await this.#counts(here, plain);
      await this.#streams(here, plain);
      plain.close();
    }
    await this.#prune();
    for (const count of [1000, 10_000]) {
      await this.#writeAsGo(count);
      await this.#open(`open and close after Go wrote ${count} runs`);
    }
  }

  #repository(path = this.#path): Promise<SQLiteExecutionRepository> {
    return SQLiteExecutionRepository.open({ path, driver: this.#driver, journalMode: "wal" });
  }

  async #open(what: string): Promise<void> {
    const times: [number[], number[]] = [[], []];
    for (let round = 0; round < 23; round++) {
      let start = performance.now();
      const plain = await openPlain(this.#driver, this.#path);
      plain.prepare("SELECT version FROM migrations").all();
      plain.close();
      if (round > 2) times[0].push(performance.now() - start);
      start = performance.now();
      (await this.#repository()).close();
      if (round > 2) times[1].push(performance.now() - start);
    }
    const [plain, here] = [median(times[0]), median(times[1])];
    printFigure(what, here - plain, 5, "ms", [ms(plain), ms(here)]);
  }

  async #pages(here: SQLiteExecutionRepository, plain: PlainDatabase): Promise<void> {
    const page = plain.prepare(
      `SELECT id, workflow_id, workflow_version, status, started_at, completed_at, error_type,
        error_message, error_node_id, error_context, return_value, started_instant, rowid
      FROM executions WHERE (started_instant, rowid) < (?, ?)
      ORDER BY started_instant DESC, rowid DESC LIMIT 51`,
    );
    const times: number[] = [];
    for (const depth of [0, 0.5, 0.9].map((part) => Math.floor(part * this.#runs))) {
      const { cursor, instant, rowid } = await placeAt(here, plain, depth);
      times.push(
        await compare(
          `page of 50 at depth ${depth}`,
          1.3,
          { rounds: 40, calls: 10 },
          () => page.all(instant, rowid).map(decodeRun),
          async () => {
            const { executions } = await here.list(cursor === undefined ? {} : { cursor });
            for (const { returnValue } of executions) void returnValue;
          },
        ),
      );
    }
    const [first, , last] = times as [number, number, number];
    printFigure("the last of these by the first", last / first, 1.5, "×", [ms(first), ms(last)]);
  }

  async #counts(here: SQLiteExecutionRepository, plain: PlainDatabase): Promise<void> {
    const capped = plain.prepare("SELECT count(*) FROM (SELECT 1 FROM executions LIMIT 1001)");
    await time(
      "page of 1 with a capped total",
      0.5,
      200,
      () => capped.get(),
      () => here.list({ limit: 1, total: "capped" }),
    );
    const counts = plain.prepare(
      `SELECT workflow_id, status, error_type, count(*), avg(completed_instant - started_instant)
      FROM executions GROUP BY workflow_id, status, error_type`,
    );
    const all = () => counts.all();
    await time("statistics of everything", 20, 30, all, () => here.statistics());
    await time("the same by day", 20, 30, all, () => here.statistics({ by: "day" }));
  }

  async #streams(here: SQLiteExecutionRepository, plain: PlainDatabase): Promise<void> {
    const start = performance.now();
    stringifyAll(plain);
    const loop = performance.now() - start;
    const exporting = new MemoryWatch();
    for await (const _ of here.export()) exporting.look();
    const took = performance.now() - start - loop;
    printFigure("export as NDJSON", took / loop, 2, "×", [ms(loop), ms(took)]);
    printFigure("growth of memory in it", exporting.growth, 100, "MB");
    const iterating = new MemoryWatch();
    for await (const _ of here.iterate()) iterating.look();
    printFigure("growth of memory in iterate()", iterating.growth, 100, "MB");
    const path = `${this.#path}.import`;
    {
      using target = await this.#repository(path);
      const importing = new MemoryWatch();
      const startedBefore = new Date(BEGIN + 90 * 86_400_000 * Math.min(1, 100_000 / this.#runs));
      const { imported } = await target.import(here.export({ startedBefore }), {
        onProgress: () => importing.look(),
      });
      printFigure(`growth of memory in import() of ${imported}`, importing.growth, 100, "MB");
    }
    await Deno.remove(path);
  }

  /** In another zone and with Go's text of times. */
  async #writeAsGo(count: number): Promise<void> {
    const go = await openPlain(this.#driver, this.#path);
    const insert = go.prepare(
      `INSERT INTO executions (id, workflow_id, workflow_version, status, started_at)
      VALUES (?, 'go', '1.0', 'running', ?)`,
    );
    go.exec("BEGIN IMMEDIATE");
    for (let i = 0; i < count; i++) {
      const time = new Date(BEGIN + i * 1000).toISOString().slice(0, 19).replace("T", " ");
      insert.run(crypto.randomUUID(), `${time}.620066549 -0800 PST m=+0.011448479`);
    }
    go.exec("COMMIT");
    go.close();
  }

  async #prune(): Promise<void> {
    const saver = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "-q", "--config", (await chooseConfiguration()).path],
        fromFileUrl(import.meta.resolve("./saver.ts")),
        this.#path,
        this.#driver,
      ],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const goal = this.#runs / 10;
    const start = performance.now();
    {
      using here = await this.#repository();
      const watch = new MemoryWatch();
      await here.prune(
        { rules: [{ maxAge: Date.now() - BEGIN - 9 * 86_400_000 }], keepLastSuccess: false },
        { onProgress: () => watch.look() },
      );
      await saver.stdin.close();
      const { stdout } = await saver.output();
      const saves: Saves = JSON.parse(new TextDecoder().decode(stdout));
      printFigure(
        `longest of ${saves.count} saves during prune() of ${goal}`,
        saves.longest,
        100,
        "ms",
        ["", ms(performance.now() - start)],
      );
      printFigure("growth of memory in it", watch.growth, 100, "MB");
      await here.checkpoint();
    }
    const [size, wanted] = [this.#path, this.#fresh].map((path) =>
      Deno.statSync(path).size / 2 ** 20
    );
    printFigure("its file by a fresh one", size! / wanted!, 1.15, "×", [
      `${wanted!.toFixed()} MB`,
      `${size!.toFixed()} MB`,
    ]);
  }
}

/** Walks to a place of the list. */
async function placeAt(
  here: SQLiteExecutionRepository,
  plain: PlainDatabase,
  depth: number,
): Promise<{ cursor: string | undefined; instant: number; rowid: number }> {
  let [cursor, id]: [string | undefined, string | undefined] = [undefined, undefined];
  for (let left = depth; left > 0;) {
    const page = await here.list({
      limit: Math.min(left, 1000),
      ...(cursor === undefined ? {} : { cursor }),
    });
    left -= page.executions.length;
    cursor = page.nextCursor;
    id = page.executions.at(-1)!.id;
  }
  if (id === undefined) return { cursor, instant: Number.MAX_SAFE_INTEGER, rowid: 0 };
  const row = plain.prepare("SELECT started_instant, rowid FROM executions WHERE id = ?").get(id)!;
  return { cursor, instant: Number(row["started_instant"]), rowid: Number(row["rowid"]) };
}

/** Reads all runs with their nodes, page by page, and makes JSON of each. */
function stringifyAll(plain: PlainDatabase): number {
  const runs = plain.prepare(
    `SELECT * FROM executions WHERE (started_instant, rowid) < (?, ?)
    ORDER BY started_instant DESC, rowid DESC LIMIT 50`,
  );
  const nodes = plain.prepare(
    "SELECT * FROM node_executions WHERE execution_id = ? ORDER BY started_at",
  );
  const rowid = plain.prepare("SELECT rowid FROM executions WHERE id = ?");
  let bytes = 0;
  let place: [number, number] = [Number.MAX_SAFE_INTEGER, 0];
  for (;;) {
    const batch = runs.all(...place);
    for (const run of batch) {
      bytes += JSON.stringify({ ...run, nodes: nodes.all(run["id"]!) }).length;
    }
    const last = batch.at(-1);
    if (last === undefined) return bytes;
    place = [Number(last["started_instant"]), Number(rowid.get(last["id"]!)!["rowid"])];
  }
}

if (import.meta.main) {
  const option = (name: string) =>
    Deno.args.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1];
  const driver = option("driver") === "ffi" ? "ffi" : "builtin";
  const kept = option("database");
  for (const runs of option("runs")?.split(",").map(Number) ?? [10_000, 100_000]) {
    const folder = await Deno.makeTempDir();
    try {
      const history = kept ?? `${folder}/history.db`;
      const fresh = `${history}.fresh`;
      if (!exists(history)) await makeHistory(history, runs);
      if (!exists(fresh)) await makeHistory(fresh, runs, runs / 10);
      await Deno.copyFile(history, `${folder}/bench.db`);
      printHead(`${runs} runs of 3 nodes, driver ${driver}`);
      await new Bench(driver, `${folder}/bench.db`, fresh, runs).measure();
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
