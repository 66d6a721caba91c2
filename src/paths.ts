/**
 * Paths of files. Not those of `@std/path`: it asks for `process`, as
 * `node:path` does, and that takes longer to load than all else that a short
 * command does.
 *
 * @module
 */

/** Operations on paths of one kind of system. */
export interface Paths {
  /** What parts the names in a path. */
  readonly separator: string;
  /** Puts the parts of a path together, without `.`, `..` and repeated separators. */
  join(...parts: string[]): string;
  /** The absolute path from the last part that is absolute, else from the current folder. */
  resolve(...parts: string[]): string;
  /** The path without its last name. */
  dirname(path: string): string;
  /** The last name of a path. */
  basename(path: string): string;
}

/** A drive, a share of a server or the root of the current drive; a drive alone is not absolute. */
const WINDOWS_ROOT = /^(?:\\\\[^\\]+\\[^\\]+\\?|[a-z]:\\?|\\)?/i;

/**
 * Returns the operations for one kind of system.
 *
 * @param windows Whether that is Windows.
 * @param cwd Returns the current folder.
 * @returns The operations.
 */
export function pathsOf(windows: boolean, cwd: () => string): Paths {
  const separator = windows ? "\\" : "/";

  function split(path: string): { root: string; names: string[] } {
    const text = windows ? path.replaceAll("/", "\\") : path;
    const found = windows ? WINDOWS_ROOT.exec(text)![0] : text.startsWith("/") ? "/" : "";
    const root = found.startsWith("\\\\") && !found.endsWith("\\") ? `${found}\\` : found;
    const names: string[] = [];
    for (const name of text.slice(found.length).split(separator)) {
      if (name === "" || name === ".") continue;
      if (name !== "..") names.push(name);
      else if (names.length > 0 && names.at(-1) !== "..") names.pop();
      else if (!root.endsWith(separator)) names.push(name);
    }
    return { root, names };
  }

  function write(root: string, names: readonly string[]): string {
    return root + names.join(separator) || ".";
  }

  function absolute(path: string): string {
    const { root } = split(path);
    if (root.startsWith("\\\\") || (root.endsWith(separator) && root.length > 1)) return path;
    if (!windows) return root === "" ? `${cwd()}/${path}` : path;
    const drive = split(cwd()).root.slice(0, 2);
    // "\a" is on the drive of the current folder, "c:a" in the current folder of its drive.
    if (root === "\\") return drive + path;
    if (root === "") return `${cwd()}\\${path}`;
    return root.toLowerCase() === drive.toLowerCase()
      ? `${cwd()}\\${path.slice(2)}`
      : `${root}\\${path.slice(2)}`;
  }

  return {
    separator,
    join(...parts) {
      const { root, names } = split(parts.filter((part) => part !== "").join(separator));
      return write(root, names);
    },
    resolve(...parts) {
      const start = Math.max(parts.findLastIndex((part) => split(part).root !== ""), 0);
      const { root, names } = split(absolute(parts.slice(start).join(separator)));
      return write(root, names);
    },
    dirname(path) {
      const { root, names } = split(path);
      return write(root, names.slice(0, -1));
    },
    basename: (path) => split(path).names.at(-1) ?? "",
  };
}

/** Operations on paths of this system. */
export const { separator: SEPARATOR, join, resolve, dirname, basename }: {
  separator: string;
  join: Paths["join"];
  resolve: Paths["resolve"];
  dirname: Paths["dirname"];
  basename: Paths["basename"];
} = pathsOf(Deno.build.os === "windows", Deno.cwd);
