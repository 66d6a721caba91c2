/**
 * Parts of paths on this system. Taken from the modules of `@std/path` for one
 * kind of system each: the general ones look at `process`, which takes longer
 * to load than all else that a short command does.
 *
 * @module
 */

import { basename as posixBasename } from "@std/path/posix/basename";
import { dirname as posixDirname } from "@std/path/posix/dirname";
import { join as posixJoin } from "@std/path/posix/join";
import { basename as windowsBasename } from "@std/path/windows/basename";
import { dirname as windowsDirname } from "@std/path/windows/dirname";
import { join as windowsJoin } from "@std/path/windows/join";

const windows = Deno.build.os === "windows";

/** The last name of a path. */
export const basename: typeof posixBasename = windows ? windowsBasename : posixBasename;

/** The path without its last name. */
export const dirname: typeof posixDirname = windows ? windowsDirname : posixDirname;

/** Puts the parts of a path together, without `.`, `..` and repeated separators. */
export const join: typeof posixJoin = windows ? windowsJoin : posixJoin;
