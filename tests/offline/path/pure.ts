// Part of the stand-in for `@std/path`: what its modules for one kind of system each share. Not over
// `node:path`, which looks at `process`; those modules do not.

interface Path {
  /** A drive, a share or the root, as it is written in the end. */
  root: string;
  names: string[];
  trailing: boolean;
}

/** Operations on paths. */
export interface Paths {
  basename(path: string | URL, suffix?: string): string;
  dirname(path: string | URL): string;
  join(path?: string | URL, ...paths: string[]): string;
  resolve(...paths: string[]): string;
}

const WINDOWS_ROOT = /^(?:[\\/]{2}[^\\/]+[\\/]+[^\\/]+[\\/]?|[a-z]:[\\/]?|[\\/])/i;

/** Makes the operations for one kind of system. */
export function pathsOf(windows: boolean): Paths {
  const separator = windows ? "\\" : "/";

  function split(path: string): Path {
    if (!windows) {
      const root = path.startsWith("/") ? "/" : "";
      return { root, names: named(path.split("/")), trailing: path.endsWith("/") };
    }
    const found = WINDOWS_ROOT.exec(path)?.[0] ?? "";
    const share = /^[\\/]{2}./.test(found);
    const root = found.replaceAll("/", "\\");
    const rest = path.slice(found.length);
    return {
      root: share && !root.endsWith("\\") ? `${root}\\` : root,
      names: named(rest.split(/[\\/]/)),
      trailing: /[\\/]$/.test(rest),
    };
  }

  function normal(names: string[], absolute: boolean): string[] {
    const result: string[] = [];
    for (const name of names) {
      if (name === ".") continue;
      if (name !== "..") result.push(name);
      else if (result.length > 0 && result.at(-1) !== "..") result.pop();
      else if (!absolute) result.push(name);
    }
    return result;
  }

  return {
    basename(path, suffix = "") {
      const { root, names } = split(asText(path));
      const name = names.at(-1) ?? root.slice(-1);
      return suffix !== "" && name !== suffix && name.endsWith(suffix)
        ? name.slice(0, -suffix.length)
        : name;
    },
    dirname(path) {
      const { root, names } = split(asText(path));
      return root + names.slice(0, -1).join(separator) || ".";
    },
    join(path, ...paths) {
      if (path === undefined) return ".";
      const given = [asText(path), ...paths].filter((part) => part !== "").join(separator);
      if (given === "") return ".";
      const { root, names, trailing } = split(given);
      const parts = normal(names, root.endsWith(separator));
      const text = root + parts.join(separator);
      if (text === "") return trailing ? `.${separator}` : ".";
      return trailing && parts.length > 0 ? text + separator : text;
    },
    resolve(...paths) {
      let drive = "";
      const names: string[] = [];
      const absolute = !windows && paths.some((path) => path.startsWith(separator));
      for (const path of absolute ? paths : [Deno.cwd(), ...paths]) {
        if (path === "") continue;
        const found = split(path);
        const device = windows ? found.root.replace(/\\$/, "") : "";
        if (found.root.endsWith(separator) || (device !== "" && !same(device, drive))) {
          names.length = 0;
        }
        if (device !== "") drive = device;
        names.push(...found.names);
      }
      return drive + separator + normal(names, true).join(separator);
    },
  };
}

function named(names: string[]): string[] {
  return names.filter((name) => name !== "");
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function asText(path: string | URL): string {
  return path instanceof URL ? decodeURIComponent(path.pathname) : path;
}
