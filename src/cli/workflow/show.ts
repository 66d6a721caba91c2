/**
 * `workflow show`.
 *
 * @module
 */

import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";
import { printRecord } from "../records.ts";
import { fit, oneLine, printable } from "../text.ts";
import { openWorkflows } from "./store.ts";

/** Shows a workflow. */
export async function showWorkflow(context: Context): Promise<void> {
  const id = context.argument("ID");
  const format = context.text("format");
  const { stdout } = context.io;
  const forms = ["json", "graph", "format"].filter((name) => context.flag(name));
  if (forms.length > 1) {
    throw new UsageError(`Options "--${forms[0]}" and "--${forms[1]}" exclude each other`);
  }
  const store = await openWorkflows(context);
  const workflow = await store.load(id);
  if (context.format === "json") {
    const { workflowJson } = await import("./json.ts");
    printRecord(context, workflowJson(workflow), () => {});
  } else if (context.flag("graph")) {
    const { drawGraph } = await import("./graph.ts");
    // A line that is too long would break the drawing.
    const width = stdout.columns();
    for (const line of drawGraph(workflow)) context.print(fit(oneLine(line), width));
  } else if (format === "mermaid" || format === "dot") {
    const { graphText } = await import("./graph_text.ts");
    stdout.write(printable(stdout, graphText(workflow, format)));
  } else {
    stdout.write(printable(stdout, await store.readText(id)));
  }
}
