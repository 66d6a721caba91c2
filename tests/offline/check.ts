/**
 * Checks format, lint rules, types and documentation; runs all of them and fails if any failed.
 *
 * @module
 */

import { runDeno } from "./child.ts";
import { chooseConfiguration, ROOT } from "./configuration.ts";
import { typescriptFiles } from "./files.ts";

const { path, offline } = await chooseConfiguration();
// The stand-ins are packages of their own, which only the offline configuration knows.
const files = typescriptFiles("mod.ts", "src", "tests", "bench").filter((
  file,
) => offline || !/^tests\/offline\/[a-z]+\//.test(file));
// Only from inside the folder of its configuration does `deno doc` follow the links.
const doc = offline
  ? {
    args: ["../../mod.ts", "../../src/cli/main.ts", "../../src/postgres/mod.ts"],
    cwd: `${ROOT}tests/offline`,
  }
  : { args: ["mod.ts", "src/cli/main.ts", "src/postgres/mod.ts"], cwd: ROOT };

const failed: string[] = [];
await step(["fmt", "--check"]);
await step(["lint", "-q"]);
await step(["check", "-q", "--config", path, ...files]);
await step(["doc", "--lint", ...doc.args], doc.cwd);
if (failed.length > 0) console.error(`Failed: ${failed.join(", ")}`);
Deno.exit(failed.length === 0 ? 0 : 1);

async function step(args: string[], cwd = ROOT): Promise<void> {
  const name = `deno ${args[0]}`;
  console.error(name);
  if (await runDeno(args, { cwd }) !== 0) failed.push(name);
}
