/**
 * `execution stats`.
 *
 * @module
 */

import type {
  DurationRange,
  DurationStatistics,
  ExecutionStatistics,
  RunStatistics,
  StatisticsQuery,
} from "../../domain/execution_statistics.ts";
import { bar, sparkLine } from "../charts.ts";
import type { Context } from "../context.ts";
import { snakeCase } from "../json.ts";
import { type Column, type Field, printFields, printRecord, printTable } from "../records.ts";
import type { Style } from "../text.ts";
import { formatDuration, toPast } from "../values.ts";
import { statusStyle } from "./status.ts";
import { openExecutions } from "./store.ts";

const STEPS = { hour: 3_600_000, day: 86_400_000, week: 604_800_000 } as const;
/** Columns of the longest bar. */
const BAR = 30;
/** Columns that a name and a number take at least. */
const BESIDE_BAR = 24;
/** Columns of the spark line where the output has no width. */
const SPARK = 72;

/** Counts runs and draws them. */
export async function showStatistics(context: Context): Promise<void> {
  const query = queryOf(context);
  using store = await openExecutions(context);
  const statistics = await store.statistics(query);
  printRecord(context, statisticsJson(statistics), () => {
    printSummary(context, statistics);
    if (statistics.runs.count > 0) printCharts(context, statistics, query.by ?? "day");
  });
}

function queryOf(context: Context): StatisticsQuery {
  const workflowId = context.text("workflow");
  const from = context.value("since", toPast);
  const to = context.value("until", toPast);
  const by = context.text("by") as StatisticsQuery["by"];
  const span = (to?.getTime() ?? Date.now()) - (from?.getTime() ?? 0);
  return {
    by: by ?? (span <= 3 * STEPS.day ? "hour" : "day"),
    percentiles: true,
    exact: context.flag("exact"),
    ...(workflowId === undefined ? {} : { workflowId }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

function printSummary(context: Context, { runs, active, nodes }: ExecutionStatistics): void {
  const fields: Field[] = [
    ["Runs", `${runs.count} ended, ${active.running} running, ${active.pending} pending`],
  ];
  if (runs.successRate !== undefined) fields.push(["Success", percent(runs.successRate)]);
  if (runs.duration !== undefined) fields.push(["Duration", durationText(runs.duration)]);
  if (nodes.retries > 0) fields.push(["Retries", `${nodes.retries} of nodes`]);
  printFields(context, fields);
}

function durationText({ min, mean, max, percentiles }: DurationStatistics): string {
  const parts = Object.entries({ ...percentiles, mean })
    .map(([name, ms]) => `, ${name} ${formatDuration(ms)}`);
  return `${formatDuration(min)} to ${formatDuration(max)}${parts.join("")}`;
}

function printCharts(
  context: Context,
  { runs, workflows, buckets, nodes }: ExecutionStatistics,
  by: keyof typeof STEPS,
): void {
  printSparkLine(context, buckets, by);
  const statuses = sortedCounts(runs.byStatus);
  printBars(context, "STATUS", statuses, (status) => statusStyle({ status }));
  printBars(context, "DURATION", (runs.duration?.histogram ?? []).map(rangeCount));
  printBars(context, "ERROR", sortedCounts(runs.errorTypes), () => "red");
  printSection(context, workflows, [
    { title: "WORKFLOW", text: ({ workflowId }) => workflowId, shrinks: true },
    { title: "RUNS", text: ({ count }) => String(count), right: true },
    { title: "SUCCESS", text: ({ successRate = 0 }) => percent(successRate), right: true },
    {
      title: "P50",
      text: ({ duration }) => formatDuration(duration?.percentiles?.p50),
      right: true,
    },
    {
      title: "P95",
      text: ({ duration }) => formatDuration(duration?.percentiles?.p95),
      right: true,
    },
  ]);
  if (nodes.slowest.length === 0) return;
  printSection(context, nodes.slowest, [
    {
      title: "SLOWEST NODE",
      text: ({ workflowId, nodeId }) => `${workflowId}/${nodeId}`,
      shrinks: true,
    },
    { title: "RUNS", text: ({ count }) => String(count), right: true },
    { title: "MEAN", text: ({ mean }) => formatDuration(mean), right: true },
    { title: "MAX", text: ({ max }) => formatDuration(max), right: true },
  ]);
}

/** A name and how many runs have it. */
type Count = readonly [name: string, count: number];

function sortedCounts(counts: Readonly<Record<string, number>>): Count[] {
  return Object.entries(counts).filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a);
}

function rangeCount({ from, to, count }: DurationRange): Count {
  const start = formatDuration(from);
  return [to === undefined ? `from ${start}` : `${start} to ${formatDuration(to)}`, count];
}

function printBars(
  context: Context,
  title: string,
  rows: readonly Count[],
  style: (name: string) => Style | undefined = () => undefined,
): void {
  if (rows.length === 0) return;
  const largest = Math.max(...rows.map(([, count]) => count));
  const width = Math.min(Math.max(context.io.stdout.columns() - BESIDE_BAR, 8), BAR);
  printSection(context, rows, [
    { title, text: ([name]) => name, shrinks: true },
    { title: "RUNS", text: ([, count]) => String(count), right: true },
    { title: "", text: ([, count]) => bar(count, largest, width), style: ([name]) => style(name) },
  ]);
}

function printSection<T>(context: Context, rows: readonly T[], columns: Column<T>[]): void {
  context.print("");
  printTable(context.io, rows, columns);
}

/** Times without runs are blanks; the newest are shown when there are too many. */
function printSparkLine(
  context: Context,
  buckets: ExecutionStatistics["buckets"],
  by: keyof typeof STEPS,
): void {
  const [first, last] = [buckets[0], buckets.at(-1)];
  if (first === undefined || last === undefined) return;
  const step = STEPS[by];
  const width = Math.min(context.io.stdout.columns(), SPARK);
  const length = Math.min((last.start.getTime() - first.start.getTime()) / step + 1, width);
  const from = last.start.getTime() - (length - 1) * step;
  const counts = new Array<number>(length).fill(0);
  for (const { start, count } of buckets) {
    const index = (start.getTime() - from) / step;
    if (index >= 0) counts[index] = count;
  }
  // Buckets are those of UTC, whatever the zone of this machine.
  const written = (time: Date) =>
    by === "hour"
      ? time.toISOString().slice(0, 16).replace("T", " ")
      : time.toISOString().slice(0, 10);
  context.print(
    `\nRuns per ${by}, ${written(new Date(from))} to ${written(last.start)} UTC, ` +
      `at most ${Math.max(...counts)}`,
  );
  context.print(sparkLine(counts));
}

function percent(rate: number): string {
  return `${(rate * 100).toFixed(1)} %`;
}

function statisticsJson(statistics: ExecutionStatistics): Record<string, unknown> {
  const { runs, active, workflows, buckets, nodes } = statistics;
  return {
    runs: runsJson(runs),
    active,
    workflows: workflows.map(runsJson),
    buckets: buckets.map(runsJson),
    nodes: { ...snakeCase(nodes), slowest: nodes.slowest.map(snakeCase) },
  };
}

function runsJson({ duration, ...runs }: RunStatistics): Record<string, unknown> {
  const { percentiles, histogram, ...others } = duration ?? {};
  const durations = Object.entries({ ...others, ...percentiles })
    .map(([name, value]) => [name === "count" ? name : `${name}_ms`, value]);
  return {
    ...snakeCase(runs),
    ...(duration === undefined
      ? {}
      : { duration: { ...Object.fromEntries(durations), histogram: histogram?.map(rangeJson) } }),
  };
}

function rangeJson({ from, to, count }: DurationRange): Record<string, unknown> {
  return { from_ms: from, to_ms: to, count };
}
