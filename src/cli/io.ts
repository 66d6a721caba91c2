/**
 * The streams of the process, behind a small port that tests replace.
 *
 * @module
 */

/** Where text goes. */
export interface Sink {
  /** Whether a person is likely to read it. */
  readonly isTerminal: boolean;
  /** Width of the terminal in columns, `Infinity` for anything else. */
  columns(): number;
  /**
   * Writes all of a text.
   *
   * @throws {BrokenPipeError} If nobody reads any more.
   * @throws {StreamError} If the system refuses it, as a full disk does.
   */
  write(text: string): void;
}

/** Where input comes from. */
export interface Source {
  /** Whether a person types it. */
  readonly isTerminal: boolean;
  /**
   * Reads some bytes, `null` at the end.
   *
   * @throws {StreamError} If the system refuses, as for a folder.
   */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Switches echo and line editing of the terminal off or on. */
  setRaw(raw: boolean): void;
}

/** The streams of a command. */
export interface Io {
  /** Input. */
  stdin: Source;
  /** Data. */
  stdout: Sink;
  /** Everything else. */
  stderr: Sink;
  /** Whether colours are welcome on a terminal. */
  color: boolean;
}

/** The reader of a pipe went away. Not a failure of the command. */
export class BrokenPipeError extends Error {
  static {
    this.prototype.name = "BrokenPipeError";
  }
}

/** A standard stream failed; what the system says of it is the cause. */
export class StreamError extends Error {
  static {
    this.prototype.name = "StreamError";
  }
}

/**
 * Returns the streams of this process.
 *
 * @returns Input, output and errors.
 */
export function processIo(): Io {
  const [stdout, stderr] = [sink(Deno.stdout), unheard(sink(Deno.stderr))];
  // Asked only where it matters: the first question about permissions takes half a millisecond.
  const dumb = (stdout.isTerminal || stderr.isTerminal) && isDumbTerminal();
  return {
    stdin: {
      isTerminal: Deno.stdin.isTerminal(),
      read: (buffer) =>
        Deno.stdin.read(buffer).catch((cause) => {
          throw new StreamError("Cannot read standard input", { cause });
        }),
      setRaw: (raw) => Deno.stdin.setRaw(raw),
    },
    stdout,
    // A bar would be drawn over by sequences that a dumb terminal shows.
    stderr: dumb ? { ...stderr, isTerminal: false } : stderr,
    color: !Deno.noColor && !dumb,
  };
}

function isDumbTerminal(): boolean {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "TERM" });
  return state === "granted" && Deno.env.get("TERM") === "dumb";
}

function sink(stream: typeof Deno.stdout): Sink {
  const isTerminal = stream.isTerminal();
  return {
    isTerminal,
    // One that nobody told its size, such as that of a container, says 0.
    columns: () => isTerminal ? Deno.consoleSize().columns || 80 : Infinity,
    write: (text) => writeAll(stream, new TextEncoder().encode(text)),
  };
}

/** What is told to people must not stop work, such as a deletion, half way when they left or their disk is full. */
function unheard(sink: Sink): Sink {
  const write = (text: string) => {
    try {
      sink.write(text);
    } catch (error) {
      if (!(error instanceof BrokenPipeError || error instanceof StreamError)) throw error;
    }
  };
  return { ...sink, write };
}

function writeAll(stream: typeof Deno.stdout, bytes: Uint8Array): void {
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(stream.writeSync(bytes));
    } catch (cause) {
      if (cause instanceof Deno.errors.BrokenPipe) {
        throw new BrokenPipeError("Nobody reads the output", { cause });
      }
      // A parent that shares the pipe may have made it non-blocking.
      if (!(cause instanceof Deno.errors.WouldBlock)) {
        throw new StreamError("Cannot write to standard output", { cause });
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
