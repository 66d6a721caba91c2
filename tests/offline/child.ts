/**
 * Runs Deno as a child that has the terminal.
 *
 * @module
 */

const SIGNALS: Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** How to run Deno. */
export interface RunOptions {
  /** Folder to run in. */
  cwd?: string;
  /** Environment beside that of this process. */
  env?: Record<string, string>;
  /** Write all output in the end, in place of giving the child the terminal. */
  output?: "whole" | undefined;
}

/** Runs a Deno command to its end, passes signals on, and returns the exit code. */
export async function runDeno(
  args: string[],
  { output, ...options }: RunOptions = {},
): Promise<number> {
  const stream = output === "whole" ? "piped" : "inherit";
  const child = new Deno.Command(Deno.execPath(), {
    ...options,
    args,
    stdin: output === "whole" ? "null" : "inherit",
    stdout: stream,
    stderr: stream,
  }).spawn();
  const listeners = SIGNALS.map((signal) => ({
    signal,
    listener: () => child.kill(signal),
  }));
  for (const { signal, listener } of listeners) {
    Deno.addSignalListener(signal, listener);
  }
  const code = output === "whole" ? await writeOutput(child) : (await child.status).code;
  for (const { signal, listener } of listeners) {
    Deno.removeSignalListener(signal, listener);
  }
  return code;
}

async function writeOutput(child: Deno.ChildProcess): Promise<number> {
  const { code, stdout, stderr } = await child.output();
  writeAll(Deno.stderr, stderr);
  writeAll(Deno.stdout, stdout);
  return code;
}

function writeAll(stream: typeof Deno.stdout, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
}
