/**
 * What a running command sees: its arguments, and where its output goes.
 *
 * @module
 */

import type { PostgresStorage } from "../postgres/storage.ts";
import { checkChoice, type ParsedArguments } from "./arguments.ts";
import { type Command, optionsOf, UsageError } from "./command.ts";
import type { Io } from "./io.ts";

/** Form of the data that a command prints. */
export type OutputFormat = "text" | "json" | "ndjson" | "ids";

/** The call of one command. */
export class Context implements AsyncDisposable {
  /** Streams. */
  readonly io: Io;
  readonly #names: ReadonlySet<string>;
  readonly #options: ReadonlyMap<string, string[]>;
  readonly #arguments: ReadonlyMap<string, string[]>;
  /** URL of the server to work on, in place of a folder. */
  readonly url: string | undefined;
  readonly #closing: AsyncDisposable[] = [];
  #interrupt: { signal: AbortSignal; release: () => void } | undefined;

  /**
   * @param command The command.
   * @param parsed What it was called with.
   * @param io Streams.
   * @throws {UsageError} If the positional arguments are not those of the command.
   */
  constructor(command: Command, parsed: ParsedArguments, io: Io) {
    this.io = io;
    this.#names = new Set(optionsOf(command).map(({ name }) => name));
    this.#options = parsed.options;
    this.#arguments = bind(command, parsed.positionals);
    const [form, other] = FORMS.filter((name) => parsed.options.has(name));
    if (other) throw new UsageError(`Options "--${form}" and "--${other}" exclude each other`);
    this.url = urlOf(command, parsed.options);
  }

  /** Whether a switch was given. */
  flag(name: string): boolean {
    return this.#values(name) !== undefined;
  }

  /** The value of an option, `undefined` when it was not given. */
  text(name: string): string | undefined {
    return this.#values(name)?.at(-1);
  }

  /** All values of an option that may be given several times. */
  texts(name: string): string[] {
    return this.#values(name) ?? [];
  }

  /** The value of an option, converted; `undefined` when it was not given. */
  value<T>(name: string, convert: (text: string, what: string) => T): T | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : convert(text, `--${name}`);
  }

  /** The value of a positional argument that cannot be left out. */
  argument(name: string): string {
    const value = this.optionalArgument(name);
    if (value === undefined) throw new Error(`Argument ${name} may be left out`);
    return value;
  }

  /** The value of a positional argument, `undefined` when it was left out. */
  optionalArgument(name: string): string | undefined {
    return this.arguments(name)[0];
  }

  /** All values of a positional argument. */
  arguments(name: string): string[] {
    const values = this.#arguments.get(name);
    if (values === undefined) throw new Error(`Argument ${name} is not declared`);
    return values;
  }

  /** Folder of all data, where the user said one. */
  get root(): string | undefined {
    const root = this.text("root");
    if (root === "") throw new UsageError('"--root" is a folder such as ".", not ""');
    if (root !== undefined && /^(?:[a-z]{2,}:\/\/|postgres(?:ql)?:)/i.test(root)) {
      throw new UsageError('"--root" is a folder, not a URL; "--url" names a server');
    }
    return root;
  }

  /** Options of a store in a folder: the root, where the user said one. */
  get rootOption(): { root?: string } {
    return this.root === undefined ? {} : { root: this.root };
  }

  /** Form of the data. */
  get format(): OutputFormat {
    if (this.#options.has("quiet")) return "ids";
    if (this.#options.has("ndjson")) return "ndjson";
    return this.#options.has("json") ? "json" : "text";
  }

  /** Writes one line of data. */
  print(line: string): void {
    this.io.stdout.write(`${line}\n`);
  }

  /** Writes one line to people. */
  note(line: string): void {
    this.io.stderr.write(`${line}\n`);
  }

  /**
   * Aborted by Ctrl-C and by a request to terminate; a second one ends the
   * process at once. Only a command that uses it changes what Ctrl-C does.
   */
  get signal(): AbortSignal {
    if (this.#interrupt === undefined) {
      const controller = new AbortController();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const deafen = onSignals(INTERRUPTS, () => {
        deafen();
        // A lock or a server may be waited for.
        timer = setTimeout(() => this.note("Stopping, Ctrl-C again ends it at once"), PATIENCE);
        controller.abort(interruption());
      });
      const release = () => {
        clearTimeout(timer);
        deafen();
      };
      this.#interrupt = { signal: controller.signal, release };
    }
    return this.#interrupt.signal;
  }

  /**
   * Opens a server; it is closed when the command has ended.
   *
   * @param url Its URL; that of the call by default, which must name one.
   * @returns The stores.
   */
  async openServer(url: string = this.url!): Promise<PostgresStorage> {
    if (this.io.stdin.isTerminal) {
      // The driver reads variables, and on a terminal Deno would ask for each.
      const { requirePermissions } = await import("../permissions.ts");
      requirePermissions("Cannot open the PostgreSQL storage", { name: "env" });
    }
    const [{ openPostgresStorage }, { environmentPassword }] = await Promise.all([
      import("../postgres/storage.ts"),
      import("./server_password.ts"),
    ]);
    const storage = await openPostgresStorage(url, environmentPassword(url));
    this.defer(storage);
    return storage;
  }

  /** Closes something when the command has ended. */
  defer(opened: AsyncDisposable): void {
    this.#closing.push(opened);
  }

  /** Closes what was opened, and gives Ctrl-C its usual meaning back. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const opened of this.#closing) await opened[Symbol.asyncDispose]();
    this.#interrupt?.release();
  }

  #values(name: string): string[] | undefined {
    if (!this.#names.has(name)) throw new Error(`Option "--${name}" is not declared`);
    return this.#options.get(name);
  }
}

/**
 * Returns the error of a command that the user stopped.
 *
 * @param done What was done until then, in the form `12 runs were exported`.
 * @returns The error.
 */
export function interruption(done?: string): DOMException {
  return new DOMException(
    done === undefined ? "Interrupted" : `Interrupted: ${done}`,
    "AbortError",
  );
}

/**
 * Does something else than to end the process when signals come.
 *
 * @param signals The signals.
 * @param act What to do.
 * @returns Gives the signals their usual meaning back.
 */
export function onSignals(signals: readonly Deno.Signal[], act: () => void): () => void {
  for (const name of signals) Deno.addSignalListener(name, act);
  return () => {
    for (const name of signals) Deno.removeSignalListener(name, act);
  };
}

/** Options that choose a form of the output. */
const FORMS = ["json", "ndjson", "quiet"];

/** Milliseconds that a command may take to stop without a word. */
const PATIENCE = 500;

/** Signals that ask a program to stop. */
export const INTERRUPTS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];

/** A folder that was named counts more than the environment. */
function urlOf(
  { name, storage }: Command,
  options: ReadonlyMap<string, string[]>,
): string | undefined {
  const url = options.get("url")?.at(-1);
  if (url !== undefined && options.has("root")) {
    throw new UsageError('Options "--root" and "--url" exclude each other');
  }
  if (storage === "any") return url ?? (options.has("root") ? undefined : environmentUrl());
  if (url !== undefined) {
    throw new UsageError(
      `Option "--url" is not for "${name}": it works on ${
        storage === "folder" ? "a folder alone" : "this machine alone"
      }`,
    );
  }
  if (storage === "folder" && !options.has("root") && environmentUrl() !== undefined) {
    throw new UsageError(
      `"${name}" works on a folder alone, GOFLOW_DATABASE_URL names a server: ` +
        "name a folder by --root, or unset the variable",
    );
  }
  return undefined;
}

function environmentUrl(): string | undefined {
  const variable = "GOFLOW_DATABASE_URL";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  if (state !== "granted") return undefined;
  try {
    return Deno.env.get(variable) || undefined;
  } catch (cause) {
    // Its message shows the value, which may hold a password. What reads variables elsewhere would
    // be loaded at every start.
    if (!(cause instanceof Deno.errors.InvalidData)) throw cause;
    throw new UsageError(`Variable "${variable}" is not UTF-8 text`);
  }
}

function bind(command: Command, positionals: readonly string[]): Map<string, string[]> {
  const bound = new Map<string, string[]>();
  let index = 0;
  for (const { name, choices, optional, multiple } of command.arguments ?? []) {
    const values = positionals.slice(index, multiple ? undefined : index + 1);
    if (values.length === 0 && !optional) throw new UsageError(`Argument ${name} is missing`);
    for (const value of values) checkChoice(name, value, choices);
    // Named twice, a thing is meant once: the second time it might be deleted already.
    bound.set(name, [...new Set(values)]);
    index += values.length;
  }
  if (index < positionals.length) {
    // Most likely the secret itself, which must not come into a log.
    if (command.options?.some(({ name }) => name === "stdin")) {
      throw new UsageError("Too many arguments: the value is typed, or read by --stdin");
    }
    throw new UsageError(`Unexpected argument "${positionals[index]}"`);
  }
  return bound;
}
