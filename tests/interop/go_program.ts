/**
 * Builds the Go program of this folder and registers the tests that need it.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";

/** The built program, or why it could not be built. */
type Build = { path: string } | { reason: string };

/** How to call the program. */
export interface GoOptions {
  /** Value for standard input, sent as it is when it is a string, else as JSON. */
  input?: unknown;
  /** Environment beside that of this process, such as `TZ`. */
  env?: Record<string, string>;
}

const build = await buildProgram();

/**
 * Registers a test that is ignored, with the reason in its name, where the program
 * cannot be built or `reason` names something else that the machine lacks.
 */
export function goTest(name: string, fn: () => Promise<void>, reason?: string): void {
  const lacks = reason ?? ("reason" in build ? build.reason : undefined);
  if (lacks === undefined) Deno.test({ name, fn });
  else Deno.test({ name: `${name} (ignored: ${lacks})`, ignore: true, fn });
}

/** Runs the program and returns what it wrote to standard output. */
export async function go(args: string[], options: GoOptions = {}): Promise<string> {
  if ("reason" in build) throw new Error(build.reason);
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

async function buildProgram(): Promise<Build> {
  const source = fromFileUrl(new URL("./go", import.meta.url));
  const modules = await runGo(source, ["list", "-deps", "."]);
  if (modules !== undefined) return { reason: modules };
  const folder = await Deno.makeTempDir({ prefix: "goflow-interop-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  const path = join(folder, Deno.build.os === "windows" ? "interop.exe" : "interop");
  const failure = await runGo(source, ["build", "-buildvcs=false", "-o", path, "."]);
  if (failure !== undefined) throw new Error(`Cannot build the Go program: ${failure}`);
  return { path };
}

/** Runs `go`; returns why it failed, `undefined` when it did not. */
async function runGo(cwd: string, args: string[]): Promise<string | undefined> {
  try {
    const { success, stderr } = await new Deno.Command("go", {
      args,
      cwd,
      env: { CGO_ENABLED: "0" },
      stdout: "null",
      stderr: "piped",
      signal: AbortSignal.timeout(300_000),
    }).output();
    if (success) return undefined;
    const lines = new TextDecoder().decode(stderr).trim().split("\n");
    return `go ${args[0]} failed: ${lines.at(-1) || "it did not end in time"}`;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return "go is not installed";
    throw cause;
  }
}
