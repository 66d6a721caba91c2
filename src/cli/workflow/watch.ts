/**
 * `workflow watch`.
 *
 * @module
 */

import type { WorkflowEvent } from "../../domain/workflow_events.ts";
import type { Context } from "../context.ts";
import { toJson } from "../json.ts";
import { colored } from "../records.ts";
import { oneLine, type Style } from "../text.ts";
import { formatTime } from "../values.ts";
import { openWorkflows } from "./store.ts";

const STYLES: Record<WorkflowEvent["type"], Style> = {
  created: "green",
  changed: "yellow",
  deleted: "red",
  invalid: "red",
};

/** Tells what happens to the workflows, until the user stops it. */
export async function watchWorkflows(context: Context): Promise<void> {
  const { signal } = context;
  const store = await openWorkflows(context);
  let count = 0;
  context.note("Watching, stop with Ctrl-C");
  for await (const event of store.watch({ signal, initial: context.flag("initial") })) {
    const time = new Date();
    count++;
    if (context.format === "text") {
      const type = colored(context.io, event.type, STYLES[event.type]);
      const error = event.type === "invalid" ? `: ${event.error.message}` : "";
      context.print(`${formatTime(time)}  ${type}  ${oneLine(event.id + error)}`);
    } else context.print(toJson(eventJson(event, time)));
  }
  context.note(`Stopped after ${count} ${count === 1 ? "event" : "events"}`);
}

function eventJson(event: WorkflowEvent, time: Date): Record<string, unknown> {
  const { type, id } = event;
  if (type === "invalid") return { time, type, id, error: event.error.message };
  return type === "deleted" ? { time, type, id } : {
    time,
    type,
    id,
    revision: event.workflow.revision,
  };
}
