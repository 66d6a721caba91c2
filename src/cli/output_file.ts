/**
 * Files that a command writes where the user wants them.
 *
 * @module
 */

import { basename, dirname, join } from "../paths.ts";
import { resolve } from "../resolve.ts";
import { requirePermissions } from "../permissions.ts";
import { resolveRoot } from "../root.ts";
import { attempt } from "../workflows/replace_file.ts";
import { UsageError } from "./command.ts";
import type { Context } from "./context.ts";
import { fileError, requireFolderOf, requireName } from "./files.ts";

/**
 * Returns the file that an option such as `--output` names.
 *
 * @param path The value of the option.
 * @returns The file, `undefined` for standard output: nothing, `-` or `/dev/stdout`.
 * @throws {UsageError} If it is an empty text.
 */
export function outputFile(path: string | undefined): string | undefined {
  if (path === undefined || path === "-" || path === "/dev/stdout") return undefined;
  requireName(path, "file");
  return path;
}

/**
 * Writes a file, which may be there already. What fails or is stopped half way
 * leaves the file from before: the content is written beside it and takes its
 * place in the end, with its mode. Devices and pipes are written as they are.
 *
 * @param context The call.
 * @param path The file.
 * @param chunks The content; what it throws is thrown on.
 * @throws {UsageError} If the file holds data of the folder that the call works on.
 * @throws {NotFoundError} If there is no such folder.
 * @throws {PermissionDeniedError} If the file or its folder may not be written.
 */
export async function writeOutput(
  context: Context,
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const action = `Cannot write "${path}"`;
  const asked = <T>(answer: Promise<T>) =>
    answer.catch((cause) => {
      throw fileError(cause, action, path);
    });
  const write = async (to: string, options: Deno.OpenOptions) => {
    using file = await asked(Deno.open(to, { write: true, ...options }));
    for await (const chunk of chunks) {
      for (let done = 0; done < chunk.length;) {
        done += await asked(file.write(chunk.subarray(done)));
      }
    }
    if (options.createNew) await asked(file.sync());
  };

  const found = (look: typeof Deno.stat) =>
    asked(
      look(path).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }),
    );

  requirePermissions(action, { name: "read", path }, { name: "write", path });
  refuseOwnFile(context, action, path);
  const before = await found(Deno.stat);
  // A link to nothing stays a link.
  const isInPlace = before === undefined
    ? await found(Deno.lstat) !== undefined
    : !before.isFile || isOpenFile(path);
  if (isInPlace) return await write(path, { create: true, truncate: true });
  const target = realPath(path);
  const folder = dirname(target);
  requirePermissions(action, { name: "read", path: folder }, { name: "write", path: folder });
  await requireFolderOf(target, action);
  const beside = join(folder, `.${crypto.randomUUID()}.tmp`);
  const mode = before?.mode ?? undefined;
  try {
    // Until it has the mode of the file before, nobody else may look into it.
    await write(beside, { createNew: true, ...(mode === undefined ? {} : { mode: 0o600 }) });
    if (mode !== undefined) await asked(Deno.chmod(beside, mode & 0o7777));
    await asked(Deno.rename(beside, target));
  } catch (error) {
    attempt(() => Deno.removeSync(beside));
    throw error;
  }
}

/** A file that a program has open under such a name is not to be replaced behind its back. */
function isOpenFile(path: string): boolean {
  return /^\/(?:dev|proc)\//.test(resolve(path));
}

/** Refuses what holds data of the folder that the call works on, which would be lost. */
function refuseOwnFile(context: Context, action: string, path: string): void {
  if (context.url !== undefined) return;
  const root = realPath(resolveRoot(context.root));
  const file = realPath(path);
  const folder = dirname(file);
  const own = folder === root
    ? OWN_FILES.test(basename(file))
    : OWN_FOLDERS.some((name) => folder === join(root, name)) && exists(file);
  if (own) throw new UsageError(`${action}: it is data of GoFlow itself, name another file`);
}

const OWN_FILES = /^(?:goflow\.db(?:-wal|-shm|-journal)?|credentials\.vault)$/;
const OWN_FOLDERS = ["workflows", "templates", "history"];

/** The path behind all links, as far as that may be looked at and has a name: a pipe has none. */
function realPath(path: string): string {
  if (!exists(path)) return resolve(path);
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return resolve(path);
    throw error;
  }
}

function exists(path: string): boolean {
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return false;
  try {
    Deno.statSync(path);
    return true;
  } catch {
    // Whoever opens it says why.
    return false;
  }
}
