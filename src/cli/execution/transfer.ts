/**
 * `execution export` and `execution import`.
 *
 * @module
 */

import type { ExportOptions } from "../../domain/execution_transfer.ts";
import { isSystemError } from "../../file_errors.ts";
import { requirePermissions } from "../../permissions.ts";
import { pauser } from "../../pause.ts";
import { UsageError } from "../command.ts";
import { type Context, interruption } from "../context.ts";
import { printRecord } from "../records.ts";
import { fileError } from "../files.ts";
import type { Source } from "../io.ts";
import { outputFile, writeOutput } from "../output_file.ts";
import { Progress } from "../progress.ts";
import { oneLine, printable } from "../text.ts";
import { filterOf } from "./query.ts";
import { openExecutions, openOrCreateExecutions } from "./store.ts";

/** Writes runs to a file or to standard output. */
export async function exportExecutions(context: Context): Promise<void> {
  const path = outputFile(context.text("output"));
  const format = context.text("format") as ExportOptions["format"];
  const table = context.text("table") as ExportOptions["table"];
  if (table !== undefined && format !== "csv") {
    throw new UsageError('Option "--table" is for "--format csv"');
  }
  const { signal, io } = context;
  using store = await openExecutions(context);
  let count = 0;
  {
    // On a terminal the data would run into the bar.
    using progress = path === undefined && io.stdout.isTerminal
      ? undefined
      : new Progress(io, "Exporting", "runs");
    const stream = store.export({
      ...filterOf(context),
      signal,
      onProgress: (runs) => {
        count = runs;
        progress?.update(runs);
      },
      ...(format === undefined ? {} : { format }),
      ...(table === undefined ? {} : { table }),
    });
    try {
      if (path === undefined) {
        const pause = pauser();
        for await (const text of stream.pipeThrough(new TextDecoderStream())) {
          io.stdout.write(printable(io.stdout, text));
          // Otherwise Ctrl-C would be heard only in the end: nothing here waits for the system.
          await pause();
        }
      } else await writeOutput(context, path, stream);
    } catch (error) {
      if (error !== signal.reason) throw error;
      throw interruption(`about ${count} runs were exported`);
    }
  }
  context.note(
    oneLine(path === undefined ? `Exported ${count} runs` : `Exported ${count} runs to ${path}`),
  );
}

/** Adds the runs of a file; the exit code is 1 when a line is not a run. */
export async function importExecutions(context: Context): Promise<number> {
  const path = context.argument("FILE");
  const { io } = context;
  const source = path === "-" ? readable(io.stdin) : await openFile(path);
  // Not before: a named pipe may have no writer yet, and Ctrl-C ends the waiting for one.
  const { signal } = context;
  using store = await openOrCreateExecutions(context);
  using progress = new Progress(io, "Importing", "runs");
  let done = 0;
  const { imported, skipped, invalid } = await store.import(source, {
    signal,
    onProgress: ({ imported, skipped }) => progress.update(done = imported + skipped),
  }).catch((error) => {
    if (error !== signal.reason) throw path === "-" ? error : readError(error, path);
    throw interruption(`the first ${done} runs are in the database`);
  });
  progress[Symbol.dispose]();
  for (const { line, error } of invalid) context.note(oneLine(`Line ${line}: ${error.message}`));
  const json = invalid.map(({ line, error }) => ({ line, error: error.message }));
  printRecord(context, { imported, skipped, invalid: json }, () => {
    context.note(`Imported ${imported} runs, ${skipped} were there already`);
  });
  return invalid.length === 0 ? 0 : 1;
}

async function openFile(path: string): Promise<ReadableStream<Uint8Array>> {
  const action = `Cannot read "${path}"`;
  requirePermissions(action, { name: "read", path });
  const file = await Deno.open(path).catch((cause) => {
    throw fileError(cause, action, path);
  });
  return file.readable;
}

/** Opened, a folder or a broken disk fails only when it is read. */
function readError(error: unknown, path: string): unknown {
  return isSystemError(error) ? fileError(error, `Cannot read "${path}"`, path) : error;
}

function readable(stdin: Source): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const buffer = new Uint8Array(65_536);
      const count = await stdin.read(buffer);
      if (count === null) controller.close();
      else controller.enqueue(buffer.subarray(0, count));
    },
  });
}
