// A stand-in for `@std/path`, its modules for Windows.

import { type Paths, pathsOf } from "./pure.ts";

export const { basename, dirname, join, resolve }: Paths = pathsOf(true);
