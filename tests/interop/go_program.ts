/**
 * Builds the Go program of this folder and runs it.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import { program, type Requirement } from "../helpers/skip.ts";

/** How to call the program. */
export interface GoOptions {
  /** Value for standard input, sent as it is when it is a string, else as JSON. */
  input?: unknown;
  /** Environment beside that of this process, such as `TZ`. */
  env?: Record<string, string>;
}

const build = await buildProgram();

/** The Go program, missing where `go` or the modules it imports cannot be had. */
export const goProgram: Requirement = {
  missing: build.path === undefined,
  reason: build.reason ?? "",
};

/** The reason to skip a test that needs the Go program, if there is one. */
export const withoutGo: string | undefined = build.reason;

/** Runs the program and returns what it wrote to standard output. */
export async function go(args: string[], options: GoOptions = {}): Promise<string> {
  if (build.path === undefined) throw new Error("The Go program is not built");
  const { input = "", env = {} } = options;
  const child = new Deno.Command(build.path, {
    args,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const text = typeof input === "string" ? input : JSON.stringify(input);
  // A program that fails may leave its input unread: its own message comes first.
  const [written, output] = await Promise.allSettled([
    writer.write(new TextEncoder().encode(text)).then(() => writer.close()),
    child.output(),
  ]);
  if (output.status === "rejected") throw output.reason;
  const { success, stdout, stderr } = output.value;
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  if (!success) {
    throw new Error(`The Go program failed on "${args[0]}": ${decoder.decode(stderr)}`);
  }
  if (written.status === "rejected") throw written.reason;
  return decoder.decode(stdout);
}

async function buildProgram(): Promise<{ path?: string; reason?: string }> {
  const { missing, reason } = program("go");
  if (missing) return { reason };
  const source = fromFileUrl(new URL("./go", import.meta.url));
  // Downloads what is imported: where that fails, nothing is wrong with the program.
  const failure = await runGo(source, ["list", "-deps", "."]);
  if (failure !== undefined) return { reason: `needs the modules of Go: ${failure}` };
  const folder = await Deno.makeTempDir({ prefix: "goflow-interop-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  const path = join(folder, Deno.build.os === "windows" ? "interop.exe" : "interop");
  const problem = await runGo(source, ["build", "-buildvcs=false", "-o", path, "."]);
  if (problem !== undefined) throw new Error(`Cannot build the Go program: ${problem}`);
  return { path };
}

/** Runs `go`; returns the last line of its complaints, `undefined` when it succeeded. */
async function runGo(cwd: string, args: string[]): Promise<string | undefined> {
  const { success, stderr } = await new Deno.Command("go", {
    args,
    cwd,
    env: { CGO_ENABLED: "0" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    signal: AbortSignal.timeout(300_000),
  }).output();
  if (success) return undefined;
  return new TextDecoder().decode(stderr).trim().split("\n").at(-1) || "it did not end in time";
}
