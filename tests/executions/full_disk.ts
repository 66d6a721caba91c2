/**
 * What happens when the disk gets full during an operation: the first argument
 * names it, the second is the options of the store as JSON. Prints the error,
 * and what does not hold afterwards.
 *
 * @module
 */

import type { SQLiteOptions } from "../../src/executions/options.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { makeGoDatabase } from "./backends.ts";
import { sampleRun } from "./sample_runs.ts";

const [operation = "", json = "{}"] = Deno.args;
const options = JSON.parse(json) as SQLiteOptions & { root: string };
const path = `${options.root}/goflow.db`;
const filler = `${options.root}/filler`;

const open = (more: SQLiteOptions = {}) => SQLiteExecutionRepository.open({ ...options, ...more });

/** Random text, which no file system makes smaller. */
const payload = () => crypto.getRandomValues(new Uint8Array(15_000)).toBase64();

async function record(executions: SQLiteExecutionRepository, runs: number): Promise<void> {
  for (let i = 0; i < runs; i++) {
    const run = sampleRun({ startedAt: new Date(i) });
    run.returnValue = payload();
    await executions.record(run);
  }
}

/** Takes all space but some bytes. */
function fillDisk(left: number): void {
  using file = Deno.openSync(filler, { write: true, create: true });
  const chunk = new Uint8Array(4096);
  let size = 0;
  try {
    for (;;) size += file.writeSync(chunk);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  }
  file.truncateSync(Math.max(0, size - left));
}

async function count(executions: SQLiteExecutionRepository): Promise<number> {
  return (await executions.list({ limit: 1, total: "exact" })).total!.count;
}

/** Does something that fails, and prints how. */
async function failing(run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
    console.log("no error");
  } catch (error) {
    const { name, code } = error as { name: string; code: string };
    console.log(name, code);
  }
}

function expect(what: string, holds: boolean): void {
  if (!holds) console.log(`not: ${what}`);
}

const policy = { rules: [{ maxCount: 0 }], keepLastSuccess: false };

const operations: Record<string, () => Promise<void>> = {
  async import() {
    using executions = await open();
    let imported = 0;
    const line = (i: number) =>
      JSON.stringify({
        id: `r${i}`,
        workflow_id: "orders",
        workflow_version: "1.0",
        status: "completed",
        started_at: "2026-01-01 00:00:00",
        return_value: payload(),
      });
    const lines = async function* () {
      for (let i = 0;; i++) yield new TextEncoder().encode(`${line(i)}\n`);
    };
    await failing(() =>
      executions.import(ReadableStream.from(lines()), {
        onProgress: (progress) => imported = progress.imported,
      })
    );
    expect("whole transactions are stored", imported > 0 && await count(executions) === imported);
  },

  async archive() {
    using executions = await open();
    await record(executions, 40);
    await executions.checkpoint();
    fillDisk(30_000);
    const archive = `${options.root}/archive.gz`;
    await failing(() => executions.prune(policy, { archive }));
    expect("nothing is deleted", await count(executions) === 40);
    expect("the archive ends as before", Deno.statSync(archive).size === 0);
    Deno.removeSync(filler);
    const done = await executions.prune(policy, { archive });
    expect("pruning goes on with room", done.count === 40);
    const back = await executions.import(Deno.openSync(archive).readable);
    expect("the archive holds all", back.imported === 40);
  },

  async backup() {
    using executions = await open();
    await record(executions, 40);
    fillDisk(100_000);
    await failing(() => executions.backup(`${options.root}/copy.db`));
    const names = [...Deno.readDirSync(options.root)].map(({ name }) => name);
    expect("nothing is left", names.every((name) => /^(goflow\.db|filler)/.test(name)));
    expect("the store works", await count(executions) === 40);
  },

  async restore() {
    using executions = await open();
    await record(executions, 60);
    await executions.backup(`${options.root}/copy.db`);
    await executions.prune({ ...policy, rules: [{ maxCount: 5 }] });
    await executions.compact();
    fillDisk(200_000);
    await failing(() => executions.restore(`${options.root}/copy.db`));
    expect("the old content is there", await count(executions) === 5);
    Deno.removeSync(filler);
    await executions.restore(`${options.root}/copy.db`);
    expect("restoring works with room", await count(executions) === 60);
  },

  async compact() {
    // As Go makes it: without incremental vacuum.
    await makeGoDatabase(path);
    using executions = await open();
    await record(executions, 60);
    await executions.prune({ ...policy, rules: [{ maxCount: 40 }] });
    await executions.checkpoint();
    fillDisk(50_000);
    await failing(() => executions.compact());
    expect("the content is there", await count(executions) === 40);
    Deno.removeSync(filler);
    await executions.compact();
    expect("compacting works with room", (await executions.info()).incrementalVacuum);
    expect("nothing is damaged", (await executions.check({ full: true })).ok);
  },

  async migrate() {
    await makeGoDatabase(
      path,
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
      INSERT INTO executions (id, workflow_id, workflow_version, status, started_at, return_value)
      SELECT 'r' || i, 'orders', '1.0', 'completed', '2026-01-01 00:00:00', hex(randomblob(5000))
      FROM n`,
    );
    fillDisk(100_000);
    await failing(() => open());
    {
      using executions = await open({ migrate: "never" });
      expect("the old version still reads", await count(executions) === 100);
      expect("it is the old version", (await executions.info()).schemaVersion === 1);
    }
    Deno.removeSync(filler);
    using executions = await open();
    expect("migrating works with room", (await executions.info()).schemaVersion > 1);
    expect("all is there", await count(executions) === 100);
    const names = [...Deno.readDirSync(options.root)].map(({ name }) => name);
    expect("no temporary file is left", names.every((name) => !name.endsWith(".tmp")));
  },
};

await operations[operation]!();
