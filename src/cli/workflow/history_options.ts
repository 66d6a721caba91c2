/**
 * Options of the commands that make a revision.
 *
 * @module
 */

import type { Option } from "../command.ts";

/** What the history is to say of a change. */
export const HISTORY_OPTIONS: readonly Option[] = [
  { name: "message", short: "m", value: "TEXT", summary: "why, for the history" },
  { name: "author", value: "NAME", summary: "who, for the history (default: USER)" },
];
