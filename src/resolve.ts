/**
 * Absolute paths of files on this system: all that a short command needs of
 * `@std/path`, which has a module for each function.
 *
 * @module
 */

import { resolve as posixResolve } from "@std/path/posix/resolve";
import { resolve as windowsResolve } from "@std/path/windows/resolve";

const windows = Deno.build.os === "windows";

/** What parts the names in a path. */
export const SEPARATOR: "/" | "\\" = windows ? "\\" : "/";

/** The absolute path from the last part that is absolute, else from the current folder. */
export const resolve: typeof posixResolve = windows ? windowsResolve : posixResolve;
