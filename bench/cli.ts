/**
 * Measures how long commands take from their start to their first output,
 * against an empty program, in turns in the same run, and prints a table of
 * ratios.
 *
 * `deno task bench:cli [runs]`: with a number, the long list has so
 * many runs, by default 10,000.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { SQLiteExecutionRepository } from "../src/executions/repository.ts";
import { configFlags, PROJECT } from "../tests/helpers/child.ts";

const RUNS = Number(Deno.args.find((arg) => /^\d+$/.test(arg)) ?? 10_000);
const ROUNDS = 60;
const MAIN = `${PROJECT}src/cli/main.ts`;
/** What the README tells to install with. */
const LAZY = "--unstable-lazy-dynamic-imports";

/** Starts a program and waits for the first bytes of its output; returns milliseconds. */
async function firstOutput(args: string[]): Promise<number> {
  const start = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", ...configFlags(), ...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { done } = await reader.read();
  const time = performance.now() - start;
  reader.releaseLock();
  const [{ success }, text] = await Promise.all([
    child.status,
    new Response(child.stderr).text(),
    child.stdout.pipeTo(new WritableStream()),
  ]);
  if (done || !success) throw new Error(`${args.join(" ")} printed nothing: ${text}`);
  return time;
}

/** The best time of each program, measured in turns: whatever else runs only makes it worse. */
async function measure(programs: string[][]): Promise<number[]> {
  const times: number[][] = programs.map(() => []);
  for (let round = -2; round < ROUNDS; round++) {
    for (const [index, args] of programs.entries()) {
      const time = await firstOutput(args);
      // The first rounds fill Deno's caches.
      if (round >= 0) times[index]!.push(time);
    }
  }
  return times.map((all) => Math.min(...all));
}

async function fillRuns(root: string, count: number): Promise<void> {
  (await SQLiteExecutionRepository.open({ root, driver: "builtin" })).close();
  using database = new DatabaseSync(`${root}/goflow.db`);
  database.prepare(
    `INSERT INTO executions (id, workflow_id, workflow_version, status, started_at, completed_at)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
    SELECT printf('run-%08d', i), 'etl-' || (i % 20), '1.0',
      CASE i % 10 WHEN 0 THEN 'failed' ELSE 'completed' END,
      strftime('%Y-%m-%d %H:%M:%f+00:00', 1735689600 + i * 10, 'unixepoch'),
      strftime('%Y-%m-%d %H:%M:%f+00:00', 1735689600 + i * 10 + 5, 'unixepoch') FROM n`,
  ).run(count);
}

/** Reads what the list of runs shows, and does nothing else. */
function plainProgram(path: string): string {
  return `import { DatabaseSync } from "node:sqlite";
using database = new DatabaseSync(${JSON.stringify(path)});
const rows = database.prepare("SELECT id, workflow_id, status, started_at, completed_at " +
  "FROM executions ORDER BY started_instant DESC LIMIT 20").all();
console.log(rows.map((row) => Object.values(row).join("  ")).join("\\n"));
`;
}

const folder = await Deno.makeTempDir();
try {
  const empty = `${folder}/empty.ts`;
  await Deno.writeTextFile(empty, 'console.log("");\n');
  const [small, large] = [`${folder}/small`, `${folder}/large`];
  await Deno.mkdir(`${small}/workflows`, { recursive: true });
  for (let i = 0; i < 10; i++) {
    await Deno.writeTextFile(
      `${small}/workflows/w${i}.yaml`,
      `name: w${i}\nnodes:\n  - { id: start, type: start }\n  - { id: end, type: end }\n` +
        "edges:\n  - { from: start, to: end }\n",
    );
  }
  await fillRuns(small, 20);
  await fillRuns(large, RUNS);

  const commands: [what: string, mark: number, ...args: string[]][] = [
    ["--version", 1.6, "--version"],
    ["workflow list, 10 files", 1.6, "workflow", "list", "--root", small],
    ["execution list, 20 runs", 2, "execution", "list", "--root", small],
    [`execution list, ${RUNS} runs`, Infinity, "execution", "list", "--root", large],
  ];
  const plain = `${folder}/plain.ts`;
  await Deno.writeTextFile(plain, plainProgram(`${small}/goflow.db`));
  const programs = [
    [empty],
    [plain],
    ...commands.map(([, , ...args]) => [MAIN, ...args]),
    ...commands.map(([, , ...args]) => [LAZY, MAIN, ...args]),
  ];
  const [base = 0, reading = 0, ...times] = await measure(programs);
  const ms = (time: number) => `${time.toFixed(1)} ms`;
  console.log(`An empty program: ${ms(base)} to its first output`);
  console.log(`One that reads the 20 runs with node:sqlite: ${(reading / base).toFixed(2)} ×\n`);
  console.log("| command | plain | ratio | lazy imports | ratio | mark |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: |");
  for (const [index, [what, mark]] of commands.entries()) {
    const [plain = 0, lazy = 0] = [times[index], times[index + commands.length]];
    const ratios = [ms(plain), (plain / base).toFixed(2), ms(lazy), (lazy / base).toFixed(2)];
    console.log(`| ${[what, ...ratios, Number.isFinite(mark) ? mark : ""].join(" | ")} |`);
  }
  const [few = 0, many = 0] = times.slice(-2);
  console.log(`\nThe first page of ${RUNS} runs takes ${ms(many - few)} longer, at most 30 ms`);
} finally {
  await Deno.remove(folder, { recursive: true });
}
