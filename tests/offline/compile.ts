/**
 * Compiles the command line into `dist/`: for this machine, for the targets that are named, or
 * with `--all` for every target.
 *
 * @module
 */

import { runDeno } from "./child.ts";
import { chooseConfiguration, ROOT } from "./configuration.ts";

/** The systems that Deno compiles for. */
export const TARGETS: readonly string[] = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

/**
 * Flags of the binary. All permissions: whoever runs it decides by choosing a command, and
 * rewriting a database that Go made needs them.
 */
export const FLAGS: readonly string[] = ["--allow-all", "--no-prompt"];

/** Arguments of `deno` for one target; without one, this machine. */
export function compileArguments(config: string, target?: string): string[] {
  const name = target === undefined ? "goflow-storage" : `goflow-storage-${target}`;
  return [
    ...["compile", "--config", config, ...FLAGS],
    ...(target === undefined ? [] : ["--target", target]),
    ...["--output", `dist/${name}`, "src/cli/main.ts"],
  ];
}

if (import.meta.main) {
  const { path } = await chooseConfiguration();
  const targets = Deno.args.includes("--all") ? TARGETS : Deno.args;
  const failed: string[] = [];
  for (const target of targets.length === 0 ? [undefined] : targets) {
    const code = await runDeno(compileArguments(path, target), { cwd: ROOT });
    if (code !== 0) failed.push(target ?? "this machine");
  }
  if (failed.length > 0) console.error(`Not compiled: ${failed.join(", ")}`);
  Deno.exit(failed.length === 0 ? 0 : 1);
}
