/**
 * A process that records a run every few milliseconds until its input ends,
 * and then prints how long the longest took.
 *
 * @module
 */

import type { DriverName } from "../src/executions/driver.ts";
import { SQLiteExecutionRepository } from "../src/executions/repository.ts";
import { makeLongRun } from "./samples.ts";
import { median } from "./measure.ts";

/** What the process prints, in milliseconds. */
export interface Saves {
  /** How many runs it recorded. */
  count: number;
  /** Median of their times. */
  median: number;
  /** The longest. */
  longest: number;
}

if (import.meta.main) {
  const [path, driver] = Deno.args as [string, DriverName];
  using executions = await SQLiteExecutionRepository.open({ path, driver, journalMode: "wal" });
  const ended = Deno.stdin.read(new Uint8Array(1));
  const times: number[] = [];
  while (await Promise.race([ended.then(() => false), pause()])) {
    const start = performance.now();
    await executions.record(makeLongRun(3));
    times.push(performance.now() - start);
  }
  const saves: Saves = { count: times.length, median: median(times), longest: Math.max(...times) };
  console.log(JSON.stringify(saves));
}

function pause(): Promise<boolean> {
  return new Promise((resolve) => setTimeout(() => resolve(true), 5));
}
