/**
 * Runs a Deno command under the configuration that works here, see `configuration.ts`:
 * `deno run -A tests/offline/run.ts run -A script.ts` runs `deno run --config … -A script.ts`.
 *
 * @module
 */

import { chooseConfiguration } from "./configuration.ts";
import { runDeno } from "./child.ts";

const [command = "help", ...args] = Deno.args;
const { path } = await chooseConfiguration();
Deno.exit(await runDeno([command, "--config", path, ...args]));
