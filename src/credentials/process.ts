/**
 * Runs the keyring program of the system as a subprocess: secrets go in through
 * its standard input and come out of its standard output, nowhere else.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import { asPermissionDenied, readVariable, requirePermissions } from "../permissions.ts";
import { within } from "../timers.ts";
import { timedOut, unavailable } from "./failures.ts";

/** A program and what all its calls have in common. */
export interface Program {
  /** Name or absolute path. */
  path: string;
  /** How to get it when it is missing, an imperative clause. */
  install: string;
  /** Milliseconds after which a call is killed. */
  timeout: number;
  /** Why it may not answer in time and what to do about it, a clause. */
  delay: string;
  /** Variables that every call gets. */
  environment?: Record<string, string>;
  /** The only other variables it needs; absent when it gets the whole environment. */
  keep?: readonly string[];
}

/** One call of a {@linkcode Program}. */
export interface Call {
  /** What is being done, in the form `Cannot read credential "a"`. */
  action: string;
  /** Arguments; never a secret. */
  args: string[];
  /** What the program reads, the place for a secret. */
  stdin?: string;
  /** Throw the output away unread. */
  discardOutput?: boolean;
  /** Variables for this call alone. */
  environment?: Record<string, string>;
}

/** What a call left behind. */
export interface CallResult {
  /** Exit status. */
  code: number;
  /** Standard output. */
  stdout: Uint8Array;
  /** Standard error as text; may hold parts of a secret, so it is never shown as it is. */
  stderr: string;
}

/**
 * Runs a program to its end.
 *
 * Requires `--allow-run` for the program; never prompts.
 *
 * @param program The program.
 * @param call Arguments and input.
 * @returns Status and output, whatever the status is.
 * @throws {PermissionDeniedError} If Deno or the system refuses to run it.
 * @throws {InvalidDataError} If the arguments are too long for the system.
 * @throws {KeyringError} If it is missing, or does not end in time.
 */
export async function run(program: Program, call: Call): Promise<CallResult> {
  const child = start(program, call);
  const writing = call.stdin === undefined ? undefined : write(child.stdin, call.stdin);
  const outcome = Promise.all([child.output(), writing]);
  const done = await within(program.timeout, outcome, () => undefined);
  if (done === undefined) {
    kill(child);
    await child.status;
    // A grandchild may keep the pipes open for ever; that input was cut off says nothing new.
    await within(500, outcome.catch(() => undefined), () => undefined);
    child.unref();
    throw timedOut(call.action, program);
  }
  const [result] = done;
  return {
    code: result.code,
    stdout: call.discardOutput ? new Uint8Array() : result.stdout,
    stderr: new TextDecoder().decode(result.stderr),
  };
}

function start(program: Program, call: Call): Deno.ChildProcess {
  const command = { name: "run", command: program.path } as const;
  if (Deno.permissions.querySync(command).state !== "granted") {
    if (isMissing(program.path)) throw missing(program, call);
    requirePermissions(call.action, command);
  }
  try {
    return spawn(program, call, {});
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) throw missing(program, call, cause);
    if (hasCode(cause, "E2BIG")) {
      throw new InvalidDataError(
        `${call.action}: the key is too long for an argument of "${program.path}", use a shorter one`,
      );
    }
    throw asPermissionDenied(cause, call.action, program.path) ??
      unavailable(call.action, `"${program.path}" cannot be started`, program.install, cause);
  }
}

function spawn(program: Program, call: Call, more: Record<string, string>): Deno.ChildProcess {
  const { env, clearEnv } = childEnvironment(program, call);
  try {
    return new Deno.Command(program.path, {
      args: call.args,
      env: { ...env, ...more },
      clearEnv,
      stdin: call.stdin === undefined ? "null" : "piped",
      stdout: call.discardOutput ? "null" : "piped",
      stderr: "piped",
    }).spawn();
  } catch (cause) {
    const unset = refusedVariables(cause).filter((variable) => !(variable in more));
    if (unset.length === 0) throw cause;
    const empty = Object.fromEntries(unset.map((variable) => [variable, ""]));
    return spawn(program, call, { ...more, ...empty });
  }
}

/** Variables such as `LD_LIBRARY_PATH`, which Deno hands on to a program only under a full `--allow-run`. */
function refusedVariables(cause: unknown): string[] {
  return cause instanceof Deno.errors.NotCapable ? cause.message.match(/\bD?Y?LD_\w+/g) ?? [] : [];
}

function missing(program: Program, call: Call, cause?: Error): Error {
  // Deno finds no program at all from there.
  if (cause?.message.includes("resolving cwd")) {
    const why = "the folder that this process works in is gone";
    return unavailable(call.action, why, "change to another folder", cause);
  }
  const why = `the program "${program.path}" is missing`;
  return unavailable(call.action, why, program.install, cause);
}

function hasCode(cause: unknown, code: string): boolean {
  return cause instanceof Error && "code" in cause && cause.code === code;
}

/**
 * Tells a missing program from a missing permission, which Deno's permission
 * query does not. Starts nothing and cannot prompt: Deno looks the program up
 * first and then refuses this variable to everybody without a full `--allow-run`.
 */
function isMissing(path: string): boolean {
  try {
    const env = { LD_PRELOAD: "-" };
    kill(new Deno.Command(path, { env, stdin: "null" }).spawn());
    return false;
  } catch (cause) {
    return cause instanceof Deno.errors.NotFound;
  }
}

/** The fewest variables that can be passed with the permissions at hand. */
function childEnvironment(
  { keep, ...program }: Program,
  call: Call,
): { env: Record<string, string>; clearEnv: boolean } {
  const environment = { ...program.environment, ...call.environment };
  const kept = keep && readVariables(keep);
  return kept === undefined
    ? { env: environment, clearEnv: false }
    : { env: { ...kept, ...environment }, clearEnv: true };
}

/** The variables that are set; `undefined` if one of them may not or cannot be read. */
function readVariables(names: readonly string[]): Record<string, string> | undefined {
  const values: Record<string, string> = {};
  for (const variable of names) {
    if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") return undefined;
    try {
      const value = readVariable(variable);
      if (value !== undefined) values[variable] = value;
    } catch {
      // What is not UTF-8 can only be handed on with all others.
      return undefined;
    }
  }
  return values;
}

async function write(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch (cause) {
    // A program that ends early says why with its status.
    if (!(cause instanceof Deno.errors.BrokenPipe)) throw cause;
  }
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (cause) {
    // It has ended in the meantime.
    if (!(cause instanceof TypeError)) throw cause;
  }
}
