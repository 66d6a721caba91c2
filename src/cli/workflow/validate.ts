/**
 * `workflow validate`.
 *
 * @module
 */

import { InvalidDataError, StorageError } from "../../domain/errors.ts";
import type { Workflow } from "../../domain/workflow.ts";
import { parseWorkflow } from "../../workflows/workflow_cache.ts";
import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";
import { readInput } from "../files.ts";
import { byId, printVerdicts, type Verdict } from "../verdicts.ts";
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
    return [verdict(file, () => parseWorkflow(file, text, action, file).workflow)];
  }
  const store = await openWorkflows(context);
  if (ids.length > 0) {
    const verdicts: Verdict[] = [];
    for (const id of ids) {
      const loaded = await store.load(id).catch((error) => {
        if (error instanceof InvalidDataError) return error;
        throw error;
      });
      verdicts.push(verdict(id, () => {
        if (loaded instanceof StorageError) throw loaded;
        return loaded;
      }));
    }
    return verdicts;
  }
  const { workflows, invalid } = await store.list();
  return [
    ...workflows.map((workflow) => ({ id: workflow.id, problems: workflow.problems() })),
    ...invalid.map(({ id, error }) => ({ id, problems: [error.message] })),
  ].sort(byId);
}

function verdict(id: string, load: () => Workflow): Verdict {
  try {
    return { id, problems: load().problems() };
  } catch (error) {
    if (!(error instanceof InvalidDataError)) throw error;
    return { id, problems: error.problems };
  }
}
