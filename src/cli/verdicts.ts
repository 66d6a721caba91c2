/**
 * What checks of several things came to.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type { InvalidWorkflow } from "../domain/workflow_repository.ts";
import type { Context } from "./context.ts";
import { printRecords } from "./records.ts";
import { oneLine } from "./text.ts";

/** The problems of one thing. */
export interface Verdict {
  /** What was checked. */
  id: string;
  /** One sentence each; none when it is valid. */
  problems: readonly string[];
}

/**
 * Checks one thing, which may turn out not to be readable.
 *
 * @param id What is checked.
 * @param check Reads it and returns its problems.
 * @returns The verdict.
 */
export async function verdictOn(
  id: string,
  check: () => string[] | Promise<string[]>,
): Promise<Verdict> {
  try {
    return { id, problems: await check() };
  } catch (error) {
    if (!(error instanceof InvalidDataError)) throw error;
    return { id, problems: error.problems };
  }
}

/**
 * Joins the verdicts on what can be read and on what cannot.
 *
 * @param readable Verdicts on what can be read.
 * @param invalid What cannot.
 * @returns All verdicts, by what was checked.
 */
export function allVerdicts(
  readable: readonly Verdict[],
  invalid: readonly InvalidWorkflow[],
): Verdict[] {
  const others = invalid.map(({ id, error }) => ({ id, problems: [error.message] }));
  return [...readable, ...others].sort((a, b) => a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/**
 * Tells people what is wrong with what was stored all the same.
 *
 * @param context The call.
 * @param problems One sentence each.
 */
export function noteProblems(context: Context, problems: readonly string[]): void {
  for (const problem of problems) context.note(oneLine(`Not valid yet: ${problem}`));
}

/**
 * Prints verdicts: one row per problem, one JSON record per thing.
 *
 * @param context The call.
 * @param name What was checked, as the name of the list in JSON.
 * @param verdicts The verdicts.
 * @returns The exit code: 1 when there is a problem.
 */
export async function printVerdicts(
  context: Context,
  name: string,
  verdicts: readonly Verdict[],
): Promise<number> {
  const empty = `No ${name} found`;
  if (context.format === "text") {
    const rows = verdicts.flatMap(({ id, problems }) =>
      problems.length === 0 ? [{ id, problem: "" }] : problems.map((problem) => ({ id, problem }))
    );
    await printRecords(context, {
      name,
      items: rows,
      columns: [
        { title: "ID", text: ({ id }) => id },
        {
          title: "RESULT",
          text: ({ problem }) => problem || "valid",
          style: ({ problem }) => problem ? "red" : "green",
        },
      ],
      json: (row) => row,
      empty,
    });
  } else {
    await printRecords(context, {
      name,
      items: verdicts,
      columns: [],
      json: ({ id, problems }) => ({ id, valid: problems.length === 0, problems }),
      empty,
    });
  }
  return verdicts.every(({ problems }) => problems.length === 0) ? 0 : 1;
}
