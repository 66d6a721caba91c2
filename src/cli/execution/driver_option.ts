/**
 * The option of the commands that open the database.
 *
 * @module
 */

import type { Option } from "../command.ts";

/** Which SQLite library. */
export const DRIVER: Option = {
  name: "driver",
  value: "DRIVER",
  choices: ["builtin", "ffi", "auto"],
  summary: "SQLite library (default: builtin)",
};
