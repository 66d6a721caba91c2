/**
 * Runs commands inside the test's process, with streams in memory.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import type { Io, Sink } from "../../src/cli/io.ts";
import { main } from "../../src/cli/main.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";

export { withRoot } from "../helpers/temp_folder.ts";

/** What a command did. */
export interface CliResult {
  /** Exit code. */
  code: number;
  /** Data. */
  stdout: string;
  /** Everything else. */
  stderr: string;
}

/** How a command is run. */
export interface CliOptions {
  /** What standard input holds, or what is typed. */
  stdin?: string | Uint8Array<ArrayBuffer>;
  /** Whether the streams are a terminal. */
  terminal?: boolean;
  /** Width of the terminal. */
  columns?: number;
  /** Whether colours are welcome. */
  color?: boolean;
  /** Called with each text that is written. */
  onWrite?: (stream: "stdout" | "stderr", text: string) => void;
}

/** Runs a command in this process. */
export async function cli(args: string[], options: CliOptions = {}): Promise<CliResult> {
  const { stdin = "", terminal = false, columns = 80, color = false, onWrite } = options;
  const written = { stdout: "", stderr: "" };
  const sink = (stream: "stdout" | "stderr"): Sink => ({
    isTerminal: terminal,
    columns: () => terminal ? columns : Infinity,
    write: (text) => {
      onWrite?.(stream, text);
      written[stream] += text;
    },
  });
  let input = typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin;
  const io: Io = {
    stdin: {
      isTerminal: terminal,
      read: (buffer) => {
        if (input.length === 0) return Promise.resolve(null);
        const count = Math.min(buffer.length, input.length);
        buffer.set(input.subarray(0, count));
        input = input.slice(count);
        return Promise.resolve(count);
      },
      setRaw: (raw) => onWrite?.("stderr", raw ? "<echo off>" : "<echo on>"),
    },
    stdout: sink("stdout"),
    stderr: sink("stderr"),
    color,
  };
  const code = await main(args, io);
  return { code, ...written };
}

/** Makes completed runs by plain SQL, which is fast. */
export async function makeRuns(root: string, count: number): Promise<void> {
  (await SQLiteExecutionRepository.open({ root, driver: "builtin" })).close();
  using database = new DatabaseSync(`${root}/goflow.db`);
  database.prepare(`
    INSERT INTO executions (id, workflow_id, workflow_version, status, started_at, completed_at)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
    SELECT 'run-' || i, 'etl', '1.0', 'completed', '2020-01-01 10:00:00.000+00:00',
      '2020-01-01 10:00:01.000+00:00' FROM n`).run(count);
}
