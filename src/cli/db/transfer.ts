/**
 * `db copy`.
 *
 * @module
 */

import {
  type CopiedStorage,
  copyStorage,
  StorageCopyError,
  type StorageCopyProgress,
  type StorageCopyResult,
} from "../../copy_storage.ts";
import { ConflictError, NotFoundError } from "../../domain/errors.ts";
import { join } from "../../paths.ts";
import { resolveRoot } from "../../root.ts";
import { openStorage } from "../../storage.ts";
import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";
import { printRecord } from "../records.ts";
import { statIfAny } from "../files.ts";
import { snakeCase } from "../json.ts";
import { Progress } from "../progress.ts";
import { oneLine } from "../text.ts";

/** Copies everything from one storage to another. */
export async function copyDatabase(context: Context): Promise<number> {
  const [from, to] = [context.text("from"), context.text("to")];
  if ((from === undefined) === (to === undefined)) {
    throw new UsageError(
      'One of the options "--from" and "--to" is wanted; the other side is --root, --url or ' +
        "GOFLOW_DATABASE_URL",
    );
  }
  // The signal first: it is what stops a server that does not answer, too.
  const { signal } = context;
  const source = await openSource(context, from);
  const target = await openTarget(context, to);
  const bars = new Bars(context);
  const onConflict = context.flag("replace") ? "replace" : "refuse";
  try {
    const onProgress = (progress: StorageCopyProgress) => bars.update(progress);
    report(context, await copyStorage(source, target, { signal, onProgress, onConflict }));
    return 0;
  } catch (error) {
    bars.end();
    if (signal.aborted) context.note("What was copied stays, the next call goes on from there");
    if (!(error instanceof StorageCopyError)) throw error;
    report(context, error.result);
    return error.cause instanceof ConflictError ? 4 : 1;
  } finally {
    bars.end();
  }
}

/** Nothing is made in a source, and nothing is changed. */
async function openSource(
  context: Context,
  place: string | undefined,
): Promise<Partial<CopiedStorage>> {
  const url = urlOf(context, place);
  if (url !== undefined) return await context.openServer(url);
  const root = resolveRoot(place ?? context.root);
  const action = `Cannot copy from "${root}"`;
  if (await statIfAny(root, action) === undefined) {
    throw new NotFoundError(`${action}: there is no such folder`, { kind: "folder", id: root });
  }
  const storage = await openFolder(context, root, { executions: { migrate: "never" } });
  const { workflows, templates, executions } = storage;
  const hasRuns = await statIfAny(join(root, "goflow.db"), action) !== undefined;
  return { workflows, templates, ...(hasRuns ? { executions } : {}) };
}

async function openTarget(context: Context, place: string | undefined): Promise<CopiedStorage> {
  const url = urlOf(context, place);
  if (url !== undefined) return await context.openServer(url);
  return await openFolder(context, resolveRoot(place ?? context.root));
}

/** The side that was not named is that of all other commands. */
function urlOf(context: Context, place: string | undefined): string | undefined {
  if (place === undefined) return context.url;
  // Also one of another kind, which is refused: a folder of this name would be a surprise.
  return /^(?:[a-z][a-z0-9+.-]+:\/\/|postgres(?:ql)?:)/i.test(place) ? place : undefined;
}

async function openFolder(
  context: Context,
  root: string,
  options: Parameters<typeof openStorage>[0] = {},
): ReturnType<typeof openStorage> {
  const storage = await openStorage({ ...options, root });
  context.defer(storage);
  return storage;
}

/** A bar for each part and phase. */
class Bars {
  readonly #context: Context;
  #name = "";
  #progress: Progress | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  update({ part, phase, done, total }: StorageCopyProgress): void {
    const name = `${phase} ${part}`;
    if (name !== this.#name) {
      this.end();
      this.#name = name;
      const label = phase === "copy" ? "Copying" : "Comparing";
      const unit = part === "executions" ? "runs" : part;
      this.#progress = new Progress(this.#context.io, label, unit);
    }
    this.#progress?.update(done, total);
  }

  end(): void {
    this.#progress?.[Symbol.dispose]();
    this.#progress = undefined;
  }
}

function report(context: Context, result: StorageCopyResult): void {
  for (const { failed } of Object.values(result)) {
    for (const { error } of failed) context.note(oneLine(error.message));
  }
  const json = Object.entries(result).map(([part, { failed, ...counts }]) => [
    part,
    { ...counts, failed: failed.map(({ id, error }) => ({ id, error: error.message })) },
  ]);
  printRecord(context, snakeCase(Object.fromEntries(json)), () => {
    for (const [part, { total, copied, unchanged, replaced, failed }] of Object.entries(result)) {
      const counts = [
        `${copied} copied`,
        ...(unchanged > 0 ? [`${unchanged} there already`] : []),
        ...(replaced > 0 ? [`${replaced} replaced`] : []),
        ...(failed.length > 0 ? [`${failed.length} not copied`] : []),
      ];
      context.note(`${total} ${part}: ${counts.join(", ")}`);
    }
  });
}
