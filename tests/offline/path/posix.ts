// A stand-in for `@std/path`, its modules for POSIX systems.

import { type Paths, pathsOf } from "./pure.ts";

export const { basename, dirname, join, resolve }: Paths = pathsOf(false);
