/**
 * What the module relies on in the packages from JSR. Their stand-ins must pass this too.
 *
 * @module
 */

import { assertEquals, assertInstanceOf, assertNotEquals, assertThrows } from "@std/assert";
import { basename, dirname, join, relative } from "@std/path";
import { basename as posixBasename } from "@std/path/posix/basename";
import { dirname as posixDirname } from "@std/path/posix/dirname";
import { join as posixJoin } from "@std/path/posix/join";
import { resolve as posixResolve } from "@std/path/posix/resolve";
import { basename as windowsBasename } from "@std/path/windows/basename";
import { dirname as windowsDirname } from "@std/path/windows/dirname";
import { join as windowsJoin } from "@std/path/windows/join";
import { resolve as windowsResolve } from "@std/path/windows/resolve";
import fc from "fast-check";
import { posix, win32 } from "node:path";
import { parse, stringify, YamlSyntaxError } from "@std/yaml";
import { type Requirement, testNeeding } from "../helpers/skip.ts";

const READ_BY_CORE: [text: string, value: unknown][] = [
  ["no", "no"],
  ["on", "on"],
  ["0o17", "0o17"],
  ["017", 15],
  ["1_000", 1000],
  ["0b11", 3],
  ["190:20:30", "190:20:30"],
  ["1.0", 1],
  ["1.10", 1.1],
  ["2024-01-01", "2024-01-01"],
  ["12345678901234567890", 12345678901234567000],
  ["{<<: 1}", { "<<": 1 }],
  ["a:\n\tb: 1", { a: null, b: 1 }],
  ["!!str", ""],
  ["a: &x 1\nb: [*x]", { a: 1, b: [1] }],
  ["", null],
  ["a\n...\n", "a"],
];

Deno.test("parse() reads scalars under the core schema as documented", () => {
  for (const [text, value] of READ_BY_CORE) {
    assertEquals(parse(text, { schema: "core" }), value, text);
  }
  assertInstanceOf(parse("2024-01-01"), Date);
});

Deno.test("parse() says where the text is not YAML", () => {
  const places: [text: string, line: number, column: number][] = [
    ["a: 1\na: 2", 2, 1],
    ["a: [1", 2, 1],
    ["a: 1\n---\nb: 2", 2, 1],
  ];
  for (const [text, line, column] of places) {
    const error = assertThrows(() => parse(text), YamlSyntaxError, ` at line ${line}, column `);
    assertEquals([error.line, error.column], [line, column], text);
  }
});

Deno.test("stringify() quotes what it would read as something else", () => {
  const options = { schema: "core", lineWidth: -1 } as const;
  assertEquals(
    stringify(["1.0", "null", "~", "yes", "a #b", "=x", "😀", "a\nb\n"], options),
    [
      "- '1.0'",
      "- 'null'",
      "- '~'",
      "- 'yes'",
      "- 'a #b'",
      "- =x",
      "- 😀",
      "- |\n  a\n  b",
      "",
    ].join("\n"),
  );
  assertEquals(stringify({ at: new Date(0) }, options), "at: {}\n");
  assertThrows(() => stringify({ a: undefined }, options), TypeError);
  assertEquals(stringify({ a: undefined }, { ...options, skipInvalid: true }), "{}\n");
});

Deno.test("assertEquals() tells a key without a value from no key", () => {
  assertNotEquals<unknown>({ a: undefined }, {});
  assertNotEquals<unknown>(new Date(0), {});
  assertEquals(0, -0);
  assertEquals(NaN, NaN);
});

const SYSTEMS = [
  {
    roots: ["", "/"],
    node: posix,
    std: { basename: posixBasename, dirname: posixDirname, join: posixJoin, resolve: posixResolve },
  },
  {
    roots: ["", "C:\\", "d:/", "\\\\server\\share\\"],
    node: win32,
    std: {
      basename: windowsBasename,
      dirname: windowsDirname,
      join: windowsJoin,
      resolve: windowsResolve,
    },
  },
];

Deno.test("the path functions of one kind of system are those of Node", () => {
  const names = fc.array(fc.constantFrom("a", "b c", "é.yaml", ".", "..", ""), { maxLength: 6 });
  for (const { roots, node, std } of SYSTEMS) {
    fc.assert(fc.property(fc.constantFrom(...roots), names, names, (root, first, second) => {
      const path = root + ["x", ...first].join(node.sep);
      const more = second.join("/");
      assertEquals(std.join(path, more), node.join(path, more));
      const named = std.join(path, more, "name.yaml");
      assertEquals(std.dirname(named), node.dirname(named));
      assertEquals(std.basename(named), "name.yaml");
      assertEquals(std.basename(named, ".yaml"), "name");
      if (root === "") return;
      assertEquals(std.resolve("elsewhere", path, more || "."), node.resolve(path, more || "."));
    }));
  }
  assertEquals(posixResolve("a", "../b"), posix.join(Deno.cwd(), "b"));
  assertEquals(windowsResolve("C:\\a", "\\data"), "C:\\data");
  assertEquals(windowsResolve("C:\\a", "c:data"), "c:\\a\\data");
  assertEquals(windowsResolve("C:\\a", "D:\\data"), "D:\\data");
});

Deno.test("the path functions agree on roots and ends", () => {
  assertEquals([basename("/"), basename("/a/b.yaml", ".yaml")], ["/", "b"]);
  assertEquals([dirname("a"), dirname("/a//b")], [".", "/a"]);
  assertEquals([join("a", "..", "b"), relative("/a/b", "/a/c")], ["b", "../c"]);
});

const sqlite = await loadSqlite();
const library: Requirement = { missing: sqlite === undefined, reason: "needs the SQLite library" };

async function loadSqlite(): Promise<typeof import("@db/sqlite") | undefined> {
  try {
    return await import("@db/sqlite");
  } catch (error) {
    if (error instanceof Error && error.message.includes("SQLite3 Dynamic Library")) {
      return undefined;
    }
    throw error;
  }
}

testNeeding(library, "Database reads integers as 32 bits unless told otherwise", () => {
  const query = "SELECT 1733333333333, 9007199254740993, json('{\"a\":1}')";
  const read = (int64: boolean) => {
    const database = new sqlite!.Database(":memory:", { int64 });
    const values = database.prepare(query).value();
    database.close();
    return values;
  };
  assertEquals<unknown>(read(false), [1733333333333 | 0, 1, { a: 1 }]);
  assertEquals<unknown>(read(true), [1733333333333, 9007199254740993n, { a: 1 }]);
});

testNeeding(library, "Database throws plain errors without a code", () => {
  const { Database, SqliteError } = sqlite!;
  const database = new Database(":memory:");
  database.exec("CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)");
  const insert = "INSERT INTO t VALUES (1)";
  const messages = [() => database.exec(insert), () => database.prepare(insert).run()].map((run) =>
    assertThrows(run, Error, "UNIQUE constraint failed: t.a")
  );
  assertEquals(messages.map((error) => error instanceof SqliteError), [false, false]);
  database.close();
  assertThrows(() => new Database("/nowhere/x.db", { create: false }), SqliteError, "14: ");
});
