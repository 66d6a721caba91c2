/**
 * `doctor`: everything about this machine and this data folder.
 *
 * @module
 */

import type { Command } from "../command.ts";

/** Looks for what is wrong, and names the cure. */
export const doctorCommand: Command = {
  name: "doctor",
  summary: "check this machine and this data folder, and name the cure of each finding",
  details: "Changes nothing. Exits with 1 when something fails, with 6 when that is only the\n" +
    "keyring; warnings do not count.",
  output: "records",
  examples: [
    ["doctor", "of the default folder"],
    ["doctor --root /srv/goflow --json", "of another one, for monitoring"],
  ],
  run: async (context) => (await import("./run.ts")).runDoctor(context),
};
