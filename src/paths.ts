/**
 * Paths of files on this system. Taken from the modules of `@std/path` for one
 * kind of system each: the general ones look at `process`, which takes longer
 * to load than all else that a short command does.
 *
 * @module
 */

import { basename as posixBasename } from "@std/path/posix/basename";
import { dirname as posixDirname } from "@std/path/posix/dirname";
import { join as posixJoin } from "@std/path/posix/join";
import { resolve as posixResolve } from "@std/path/posix/resolve";
import { basename as windowsBasename } from "@std/path/windows/basename";
import { dirname as windowsDirname } from "@std/path/windows/dirname";
import { join as windowsJoin } from "@std/path/windows/join";
import { resolve as windowsResolve } from "@std/path/windows/resolve";

const windows = Deno.build.os === "windows";

/** What parts the names in a path. */
export const SEPARATOR: "/" | "\\" = windows ? "\\" : "/";

/** The last name of a path. */
export const basename: typeof posixBasename = windows ? windowsBasename : posixBasename;

/** The path without its last name. */
export const dirname: typeof posixDirname = windows ? windowsDirname : posixDirname;

/** Puts the parts of a path together, without `.`, `..` and repeated separators. */
export const join: typeof posixJoin = windows ? windowsJoin : posixJoin;

/** The absolute path from the last part that is absolute, else from the current folder. */
export const resolve: typeof posixResolve = windows ? windowsResolve : posixResolve;
