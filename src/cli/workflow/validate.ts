/**
 * `workflow validate`.
 *
 * @module
 */

import { parseWorkflow } from "../../workflows/workflow_cache.ts";
import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";
import { readInput } from "../files.ts";
import { allVerdicts, printVerdicts, type Verdict, verdictOn } from "../verdicts.ts";
import { openWorkflows } from "./store.ts";

/** Checks workflows; the exit code is 1 when one is not valid. */
export async function validateWorkflows(context: Context): Promise<number> {
  return await printVerdicts(context, "workflows", await check(context));
}

async function check(context: Context): Promise<Verdict[]> {
  const ids = context.arguments("ID");
  const file = context.text("file");
  if (file !== undefined) {
    if (ids.length > 0) throw new UsageError('Argument ID and option "--file" exclude each other');
    const text = await readInput(context, file);
    const action = `Cannot read "${file}"`;
    return [
      await verdictOn(file, () => parseWorkflow(file, text, action, file).workflow.problems()),
    ];
  }
  const store = await openWorkflows(context);
  if (ids.length > 0) {
    const verdicts: Verdict[] = [];
    for (const id of ids) {
      verdicts.push(await verdictOn(id, async () => (await store.load(id)).problems()));
    }
    return verdicts;
  }
  const { workflows, invalid } = await store.list();
  return allVerdicts(
    workflows.map((workflow) => ({ id: workflow.id, problems: workflow.problems() })),
    invalid,
  );
}
