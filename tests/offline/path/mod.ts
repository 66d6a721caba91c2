// A stand-in for `@std/path`, used only where JSR cannot be reached. Over `node:path`.

import * as path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

function asPath(value: string | URL): string {
  return value instanceof URL ? fromFileUrl(value) : value;
}

/** Last part of a path, without the suffix; a root is its own last part. */
export function basename(value: string | URL, suffix = ""): string {
  const text = asPath(value);
  return path.basename(text, suffix) || path.parse(text).root.slice(-1);
}

/** Path without its last part. */
export function dirname(value: string | URL): string {
  return path.dirname(asPath(value)).replace(/(.)\/+$/, "$1");
}

/** Joins parts and normalizes the result. */
export function join(first?: string | URL, ...rest: string[]): string {
  return first === undefined ? "." : path.join(asPath(first), ...rest);
}

/** Path from one folder to another. */
export function relative(from: string, to: string): string {
  return path.relative(from, to);
}

/** Absolute path, from the current folder where needed. */
export function resolve(...parts: string[]): string {
  return path.resolve(...parts);
}

/** Path of a `file:` URL. */
export function fromFileUrl(url: string | URL): string {
  return fileURLToPath(url);
}

/** `file:` URL of an absolute path. */
export function toFileUrl(value: string): URL {
  if (!path.isAbsolute(value)) {
    throw new TypeError(`Path must be absolute: received "${value}"`);
  }
  return pathToFileURL(value);
}
