/**
 * The commands on the database.
 *
 * @module
 */

import type { Group } from "../command.ts";
import { DRIVER } from "../execution/options.ts";

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
