/**
 * The commands on the database.
 *
 * @module
 */

import type { Group, Option } from "../command.ts";

const DRIVER: Option = {
  name: "driver",
  value: "DRIVER",
  choices: ["builtin", "ffi", "auto"],
  summary: "SQLite library (default: builtin)",
};

/** The database of executions. */
export const dbGroup: Group = {
  name: "db",
  summary: "the database of executions",
  commands: [
    {
      name: "info",
      summary: "show driver, version, journal mode, schema and size",
      options: [DRIVER],
      output: "record",
      examples: [["db info", "what is in use, and why"]],
      run: async (context) => (await import("./info.ts")).showInfo(context),
    },
  ],
};
