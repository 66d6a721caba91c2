/**
 * Moves everything from one storage to another, whatever they store in.
 *
 * @module
 */

import { copyRuns } from "./copy_runs.ts";
import { copyTexts } from "./copy_texts.ts";
import { StorageError } from "./domain/errors.ts";
import type { Storage } from "./storage.ts";

/** What is copied: in this order. */
export type StoragePart = "workflows" | "templates" | "executions";

/** How far a copy is. */
export interface StorageCopyProgress {
  /** What is being copied. */
  part: StoragePart;
  /** Whether it is being copied, or compared afterwards. */
  phase: "copy" | "verify";
  /** How many are done in this phase, those included that were there already. */
  done: number;
  /** How many there are. */
  total: number;
}

/** Options of {@linkcode copyStorage}. */
export interface StorageCopyOptions {
  /** Ends the copy with its reason; what was copied stays, and the next call goes on from there. */
  signal?: AbortSignal | undefined;
  /** Called now and then. */
  onProgress?: ((progress: StorageCopyProgress) => void) | undefined;
  /**
   * What to do about an id under which the target holds something else: report
   * it and leave it as it is, or replace it. A workflow of which the target
   * holds an older state, and nothing of its own, is brought up to date in
   * either case.
   *
   * @default {"refuse"}
   */
  onConflict?: "refuse" | "replace" | undefined;
}

/** What became of one part. */
export interface StorageCopyCounts {
  /** How many the source holds. */
  total: number;
  /** How many were copied. */
  copied: number;
  /** How many were there already, the same. */
  unchanged: number;
  /** How many took the place of something else. */
  replaced: number;
  /** Which were not copied, or are not the same afterwards, and why. */
  failed: { id: string; error: StorageError }[];
}

/** What a copy did. */
export type StorageCopyResult = Record<StoragePart, StorageCopyCounts>;

/**
 * Everything but this was copied.
 *
 * @example What was not copied
 * ```ts
 * import { copyStorage, openStorage, StorageCopyError } from "@goflow/storage";
 *
 * const [from, to] = [await Deno.makeTempDir(), await Deno.makeTempDir()];
 * {
 *   await using source = await openStorage({ root: from });
 *   await using target = await openStorage({ root: to });
 *   try {
 *     await copyStorage(source, target);
 *   } catch (error) {
 *     if (!(error instanceof StorageCopyError)) throw error;
 *     for (const { id } of error.result.executions.failed) console.error(id);
 *   }
 * }
 * for (const folder of [from, to]) await Deno.remove(folder, { recursive: true });
 * ```
 */
export class StorageCopyError extends StorageError {
  static {
    this.prototype.name = "StorageCopyError";
  }
  /** What was copied, and what was not. */
  readonly result: StorageCopyResult;

  /**
   * Makes the error.
   *
   * @param message How many were not copied, and why the first was not.
   * @param fields What was copied and what was not, and the optional `cause`.
   */
  constructor(message: string, fields: ErrorOptions & { result: StorageCopyResult }) {
    super(message, fields);
    this.result = fields.result;
  }
}

/** The stores that are copied; credentials stay where they are. */
export type CopiedStorage = Pick<Storage, StoragePart>;

/**
 * Copies all workflows with their history and tags, all templates, and all
 * executions with their node executions, snapshots and labels, and compares
 * both sides afterwards: the texts and revisions by their hashes, the runs line
 * by line as `export()` writes them. Nothing is changed in the source.
 *
 * Memory stays the same however much there is. A copy that was stopped, by a
 * signal, a crash or a lost connection, goes on where it was when it is called
 * again; what is there already is not sent again.
 *
 * Not copied: credentials, the counts of runs that were pruned before, leases,
 * the change feed, and rows that Go left behind without a run.
 *
 * @param from The source; stores that are left out are not copied.
 * @param to The target, which may hold other things as well.
 * @param options Signal, progress, and what to do about conflicts.
 * @returns What was copied.
 * @throws {StorageCopyError} If the source holds what could not be copied; all else was.
 * @throws {StorageError} If one of the two fails; call again to go on.
 *
 * @example Copy a folder
 * ```ts
 * import { copyStorage, openStorage, Workflow } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using from = await openStorage({ root: `${folder}/from` });
 *   await using to = await openStorage({ root: `${folder}/to` });
 *   await from.workflows.save(Workflow.create("greet", "Says hello", { id: "greet" }));
 *
 *   const { workflows } = await copyStorage(from, to);
 *   assertEquals([workflows.total, workflows.copied], [1, 1]);
 *   assertEquals((await to.workflows.load("greet")).description, "Says hello");
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function copyStorage(
  from: Partial<CopiedStorage>,
  to: CopiedStorage,
  options: StorageCopyOptions = {},
): Promise<StorageCopyResult> {
  const { workflows, templates, executions } = from;
  const none = () => ({ total: 0, copied: 0, unchanged: 0, replaced: 0, failed: [] });
  const result: StorageCopyResult = {
    workflows: workflows ? await copyTexts("workflows", workflows, to.workflows, options) : none(),
    templates: templates ? await copyTexts("templates", templates, to.templates, options) : none(),
    executions: executions ? await copyRuns(executions, to.executions, options) : none(),
  };
  const failed = Object.values(result).flatMap((counts) => counts.failed);
  const [first] = failed;
  if (first === undefined) return result;
  const total = Object.values(result).reduce((sum, counts) => sum + counts.total, 0);
  throw new StorageCopyError(
    `Cannot copy ${failed.length} of ${total}, the first is "${first.id}": ${first.error.message}`,
    { result, cause: first.error },
  );
}
