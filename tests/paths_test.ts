import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { posix, win32 } from "node:path";
import { pathsOf } from "../src/paths.ts";

const SYSTEMS = [
  { windows: false, cwd: "/home/ann", roots: ["", "/"], node: posix },
  {
    windows: true,
    cwd: "C:\\home\\ann",
    roots: ["", "C:\\", "d:/", "\\\\server\\share\\"],
    node: win32,
  },
];

const names = fc.array(fc.constantFrom("a", "b c", "é.yaml", ".", "..", ""), { maxLength: 6 });

Deno.test("paths are those of node:path on every system", () => {
  for (const { windows, cwd, roots, node } of SYSTEMS) {
    const paths = pathsOf(windows, () => cwd);
    // Node writes "a/" where a separator ends the path.
    const trimmed = (path: string) =>
      path.length > 1 && path !== node.parse(path).root ? path.replace(/[\\/]$/, "") : path;
    const absolute = (path: string) => node.isAbsolute(path) ? path : node.join(cwd, path);
    fc.assert(fc.property(fc.constantFrom(...roots), names, names, (root, first, second) => {
      const path = root + ["x", ...first].join(paths.separator);
      const more = second.join("/");
      assertEquals(paths.join(path, more), trimmed(node.join(path, more)));
      assertEquals(paths.resolve(path), trimmed(node.normalize(absolute(path))));
      assertEquals(paths.resolve(cwd, path), paths.resolve(path));
      assertEquals(paths.resolve("/elsewhere", cwd, path), paths.resolve(path));
      const normal = paths.resolve(path);
      assertEquals(paths.dirname(normal), node.dirname(normal));
      // Node takes the share of a server for a name.
      const isRoot = normal === node.parse(normal).root;
      assertEquals(paths.basename(normal), isRoot ? "" : node.basename(normal));
    }));
  }
});

Deno.test("paths on Windows know drives that are not the current one", () => {
  const { resolve } = pathsOf(true, () => "C:\\home\\ann");
  assertEquals(resolve("\\data"), "C:\\data");
  assertEquals(resolve("c:data"), "C:\\home\\ann\\data");
  assertEquals(resolve("D:data"), "D:\\data");
});
