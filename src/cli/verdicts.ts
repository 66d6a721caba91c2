/**
 * What checks of several things came to.
 *
 * @module
 */

import type { Context } from "./context.ts";
import { printRecords } from "./records.ts";

/** The problems of one thing. */
export interface Verdict {
  /** What was checked. */
  id: string;
  /** One sentence each; none when it is valid. */
  problems: readonly string[];
}

/** Orders verdicts by what was checked. */
export function byId(a: Verdict, b: Verdict): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
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
