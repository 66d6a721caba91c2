/**
 * Children of a test: other Deno processes under the configuration of this one.
 *
 * @module
 */

import { fromFileUrl, resolve } from "@std/path";

/** What a finished child printed. */
export interface ChildOutput {
  /** Exit code. */
  code: number;
  /** Standard output as text. */
  stdout: string;
  /** Standard error as text. */
  stderr: string;
}

/** How to run a child. */
export interface ChildOptions {
  /** Permission flags; none at all by default. */
  flags?: string[];
  /** Arguments of the script. */
  args?: string[];
  /** Environment beside that of this process. */
  env?: Record<string, string>;
  /** Variables whose values get a last byte that is no UTF-8; needs a shell, since Deno sets none. */
  invalid?: Record<string, string>;
  /** Text for standard input; by default there is none. */
  stdin?: string;
  /** Folder to run in. */
  cwd?: string;
}

/** Root of the project, with a slash at its end. */
export const PROJECT: string = fromFileUrl(new URL("../../", import.meta.url));

/** Makes the command that runs a script, a path or URL, under this process's configuration. */
export function denoCommand(script: string | URL, options: ChildOptions = {}): Deno.Command {
  const { flags = [], args = [], env = {}, invalid = {}, stdin, cwd } = options;
  const path = script instanceof URL ? script.href : script;
  const deno = ["run", "-q", "--no-prompt", ...configFlags(), ...flags, path, ...args];
  const assignments = Object.entries(invalid)
    .map(([name, value]) => `${name}=$(printf '%s\\377' '${value}') `);
  const shell = ["-c", `${assignments.join("")}exec "$@"`, "sh", Deno.execPath()];
  return new Deno.Command(assignments.length === 0 ? Deno.execPath() : "sh", {
    args: assignments.length === 0 ? deno : [...shell, ...deno],
    env: { NO_COLOR: "1", RUST_BACKTRACE: "", ...env },
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    ...(cwd === undefined ? {} : { cwd }),
  });
}

/** Runs a script to its end. */
export async function runDeno(
  script: string | URL,
  options: ChildOptions = {},
): Promise<ChildOutput> {
  const child = denoCommand(script, options).spawn();
  if (options.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.stdin));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Runs source text as a module; imports in it are relative to the project's root. */
export async function runCode(code: string, options: ChildOptions = {}): Promise<ChildOutput> {
  return await runDeno(codeUrl(code), options);
}

/** URL of source text as a module; imports in it are relative to the project's root. */
export function codeUrl(code: string): string {
  const rooted = code.replaceAll('from "./', `from "file://${PROJECT}`)
    .replaceAll('import("./', `import("file://${PROJECT}`);
  return `data:application/typescript,${encodeURIComponent(rooted)}`;
}

/**
 * The `--config` of this process, which Deno tells its programs nowhere else;
 * without one, children find the project's own configuration.
 */
export function configFlags(): string[] {
  if (Deno.build.os !== "linux") return [];
  const words = Deno.readTextFileSync("/proc/self/cmdline").split("\0");
  const index = words.findIndex((word) => /^(-c|--config)(=|$)/.test(word));
  if (index === -1) return [];
  const [, inline] = words[index]!.split("=", 2);
  return ["--config", resolve(inline ?? words[index + 1]!)];
}
