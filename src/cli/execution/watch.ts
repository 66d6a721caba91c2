/**
 * `execution watch`.
 *
 * @module
 */

import type { ExecutionChange } from "../../domain/execution_monitoring.ts";
import type { Context } from "../context.ts";
import { snakeCase, toJson } from "../json.ts";
import { colored } from "../records.ts";
import { oneLine, type Style } from "../text.ts";
import { formatTime, toCount } from "../values.ts";
import { openExecutions } from "./store.ts";

const STYLES: Record<ExecutionChange["kind"], Style> = {
  created: "green",
  updated: "yellow",
  deleted: "red",
};

/** Tells what happens to the runs, until the user stops it. */
export async function watchExecutions(context: Context): Promise<void> {
  const { signal } = context;
  const after = context.value("after", toCount);
  using store = await openExecutions(context);
  let count = 0;
  context.note("Watching, stop with Ctrl-C");
  for await (const change of store.watch({ signal, ...(after === undefined ? {} : { after }) })) {
    count++;
    if (context.format !== "text") {
      context.print(toJson(snakeCase(change)));
      continue;
    }
    const { sequence, kind, executionId } = change;
    const shown = colored(context.io, kind, STYLES[kind]);
    context.print(`${formatTime(new Date())}  ${sequence}  ${shown}  ${oneLine(executionId)}`);
  }
  context.note(`Stopped after ${count} ${count === 1 ? "change" : "changes"}`);
}
