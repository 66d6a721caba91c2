/**
 * What the module relies on in the packages from JSR. Their stand-ins must pass this too.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertNotEquals, assertThrows } from "@std/assert";
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
import { parse, YamlSyntaxError } from "@std/yaml";
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
  ["\ufeffa: 1\r\nb: 2\r\n", { a: 1, b: 2 }],
  ["a: |\n  b\u0085c\u2028d\n", { a: "b\u0085c\u2028d\n" }],
  ["1.0: a\n~: b\n", { "1": "a", null: "b" }],
  ["a: &x [1]\nb: *x", { a: [1], b: [1] }],
];

const READ_BY_FAILSAFE: [text: string, value: unknown][] = [
  ["a: 1.10", { a: "1.10" }],
  ["a: ~", { a: "~" }],
  ["a:", { a: null }],
  ["a: ''", { a: "" }],
  ["a: !!str 5", { a: "5" }],
];

Deno.test("parse() reads scalars as documented", () => {
  for (const [text, value] of READ_BY_CORE) {
    assertEquals(parse(text, { schema: "core" }), value, text);
  }
  for (const [text, value] of READ_BY_FAILSAFE) {
    assertEquals(parse(text, { schema: "failsafe" }), value, text);
  }
});

Deno.test("parse() says where the text is not YAML", () => {
  const places: [text: string, line: number, column: number][] = [
    ["a: 1\na: 2", 2, 1],
    ["a: [1", 2, 1],
    ["a: 1\n---\nb: 2", 2, 1],
    ["a: *nobody", 1, 11],
    ["a: !unknown b", 1, 14],
    ["a: b\0", 1, 5],
    ["a: b\n c: d", 2, 3],
  ];
  for (const [text, line, column] of places) {
    const error = assertThrows(
      () => parse(text, { schema: "core" }),
      YamlSyntaxError,
      ` at line ${line}, column `,
    );
    assertEquals([error.line, error.column], [line, column], text);
    assertInstanceOf(error, SyntaxError);
  }
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
      // Two separators in front would make it the share of a server.
      const relative = `./${more}`;
      assertEquals(std.resolve("elsewhere", path, relative), node.resolve(path, relative));
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

const sqlite = await import("@db/sqlite").catch(() => undefined);
type Sqlite = InstanceType<typeof import("@db/sqlite").Database>;
const library: Requirement = { missing: sqlite === undefined, reason: "needs the SQLite library" };

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

testNeeding(library, "Statement returns what was bound, text up to its first NUL", () => {
  const database = new sqlite!.Database(":memory:", { int64: true, parseJson: false });
  database.exec("CREATE TABLE t (a)");
  const values = ["", "é😀", "a\0b", null, 0.5, 2 ** 40, -(2n ** 63n), new Uint8Array([0, 255])];
  const insert = database.prepare("INSERT INTO t VALUES (?) RETURNING a");
  const returned = values.map((value) => insert.value<unknown[]>(value)?.[0]);
  const read = ["", "é😀", "a", null, 0.5, 2 ** 40, -(2n ** 63n), new Uint8Array([0, 255])];
  assertEquals<unknown>(returned, read);
  const select = database.prepare("SELECT a, json('[1]') FROM t WHERE rowid > ?");
  assertEquals<unknown>(select.values(0), read.map((value) => [value, "[1]"]));
  assertEquals(select.value(100), undefined);
  assertEquals(database.prepare("UPDATE t SET a = 1 WHERE rowid < ?").run(3), 2);
  database.close();
  database.close();
});

testNeeding(
  library,
  "Database knows whether a transaction is open, and finalizes at the end",
  () => {
    const database = new sqlite!.Database(":memory:");
    const statement = database.prepare("SELECT 1");
    assertEquals(database.inTransaction, false);
    database.exec("BEGIN IMMEDIATE");
    assertEquals(database.inTransaction, true);
    database.exec("ROLLBACK");
    statement.finalize();
    statement.finalize();
    database.close();
    assertEquals(database.inTransaction, false);
  },
);

testNeeding(library, "Statement that failed holds its lock until it is finalized", () => {
  const folder = Deno.makeTempDirSync();
  const [one, two] = [0, 1].map(() => new sqlite!.Database(`${folder}/a.db`)) as [Sqlite, Sqlite];
  one.exec(
    "CREATE TABLE t (a); INSERT INTO t VALUES (1); BEGIN IMMEDIATE; INSERT INTO t VALUES (2)",
  );
  two.exec("BEGIN; SELECT * FROM t");
  const commit = one.prepare("COMMIT");
  assertThrows(() => commit.run(), Error, "database is locked");
  two.exec("COMMIT");
  assertThrows(() => commit.finalize(), Error);
  one.exec("COMMIT");
  assertEquals(two.prepare("SELECT count(*) FROM t").value(), [2]);
  one.close();
  two.close();
  Deno.removeSync(folder, { recursive: true });
});

testNeeding(library, "Database copies itself to another one, or says why not", () => {
  const folder = Deno.makeTempDirSync();
  const source = new sqlite!.Database(":memory:");
  source.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
  const target = new sqlite!.Database(`${folder}/copy.db`);
  source.backup(target);
  assertEquals(target.prepare("SELECT a FROM t").value(), [1]);
  const other = new sqlite!.Database(`${folder}/copy.db`);
  other.exec("BEGIN EXCLUSIVE");
  assertThrows(() => source.backup(target), sqlite!.SqliteError, "5: database is locked");
  for (const database of [source, target, other]) database.close();
  Deno.removeSync(folder, { recursive: true });
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
  assert(!(Symbol.dispose in database));
});
