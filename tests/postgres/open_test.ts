import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  DatabaseError,
  InvalidDataError,
  PermissionDeniedError,
  type StorageError,
} from "../../src/domain/errors.ts";
import { PostgresDatabase } from "../../src/postgres/database.ts";
import { MIGRATIONS } from "../../src/postgres/migrations.ts";
import { rawPostgres, sharedServer, testPostgres } from "./databases.ts";
import { Listener } from "../../src/postgres/listener.ts";
import { Pool } from "../../src/postgres/pool.ts";
import type { PostgresConnection } from "../../src/postgres/driver.ts";

const LATEST = MIGRATIONS.length;

testPostgres("PostgresDatabase.open() makes the schema once", async ({ open, schema, url }) => {
  const database = await open();
  assertEquals(database.info.schemaVersion, LATEST);
  assertEquals(database.info.schema, schema);
  assertEquals(database.info.readOnly, false);
  assert(!url.includes(database.info.place) && !Deno.inspect(database).includes("postgres://"));
  await database.close();
  const again = await open();
  assertEquals(again.info, database.info);
  const rows = await rawPostgres(`SELECT version FROM "${schema}".migrations ORDER BY version`);
  assertEquals(rows, MIGRATIONS.map(({ version }) => [version]));
});

testPostgres("PostgresDatabase.open() lets several at once migrate", async ({ open, schema }) => {
  const databases = await Promise.all(Array.from({ length: 8 }, () => open()));
  assertEquals(databases.map(({ info }) => info.schemaVersion), databases.map(() => LATEST));
  const rows = await rawPostgres(`SELECT version FROM "${schema}".migrations`);
  assertEquals(rows.length, LATEST);
});

testPostgres(
  "PostgresDatabase.open() refuses a history it does not know",
  async ({ open, schema }) => {
    await (await open()).close();
    const opens = async (sql: string): Promise<string> => {
      await rawPostgres(sql);
      return (await assertRejects(() => open(), DatabaseError)).code;
    };
    const table = `"${schema}".migrations`;
    assertEquals(await opens(`INSERT INTO ${table} VALUES (999, 'x')`), "newer-schema");
    assertEquals(
      await opens(`DELETE FROM ${table} WHERE version = 999; UPDATE ${table} SET checksum = 'x'`),
      "corrupt",
    );
    assertEquals(await opens(`DROP TABLE ${table}`), "not-a-database");
  },
);

testPostgres("PostgresDatabase.open() migrates only when it may", async ({ open }) => {
  const error = await assertRejects(() => open({ migrate: "never" }), DatabaseError, '"migrate"');
  assertEquals(error.code, "not-a-database");
});

testPostgres("PostgresDatabase.open() tells a role which grants it lacks", async (fixture) => {
  const { url, schema, open } = fixture;
  await open();
  const role = `role_of_${schema}`;
  await rawPostgres(`CREATE ROLE ${role} LOGIN PASSWORD 'never-shown'`);
  try {
    const limited = Object.assign(new URL(url), { username: role, password: "never-shown" }).href;
    const opens = () => PostgresDatabase.open(limited, { schema, migrate: "never" });
    await assertRejects(opens, PermissionDeniedError, "permission denied for schema");
    await rawPostgres(`GRANT USAGE ON SCHEMA "${schema}" TO ${role}`);
    await assertRejects(opens, PermissionDeniedError, "permission denied for table");
    await rawPostgres(`GRANT SELECT ON ALL TABLES IN SCHEMA "${schema}" TO ${role}`);
    await (await opens()).close();
  } finally {
    await rawPostgres(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});

testPostgres(
  "PostgresDatabase.open() tells what is wrong, without the password",
  async ({ url }) => {
    const { port, password } = sharedServer!;
    const cases: [
      url: string,
      kind: typeof DatabaseError | typeof PermissionDeniedError,
      text: string,
    ][] = [
      [sharedServer!.url("absent"), DatabaseError, "create the database"],
      [url.replace("127.0.0.1", "absent.invalid"), DatabaseError, "no host of that name"],
      [url.replace(String(port), "1"), DatabaseError, "no server listens"],
      [`${url}?sslmode=require`, DatabaseError, "does not offer TLS"],
      [url.replace("goflow:", "nobody:"), PermissionDeniedError, "check user, password"],
    ];
    for (const [wrong, kind, text] of cases) {
      const error = await assertRejects<StorageError>(
        () => PostgresDatabase.open(wrong),
        kind,
        text,
      );
      assert(!Deno.inspect(error, { depth: 10, showHidden: true }).includes(password), text);
    }
    const secret = "never-shown";
    const error = await assertRejects(
      () => PostgresDatabase.open(sharedServer!.url("postgres", secret)),
      PermissionDeniedError,
    );
    assert(!Deno.inspect(error, { depth: 10, showHidden: true }).includes(secret));
  },
);

Deno.test("PostgresDatabase.open() refuses options that are not valid", async () => {
  const url = "postgres://goflow:never-shown@127.0.0.1:1/x";
  const wrong: [string, Parameters<typeof PostgresDatabase.open>[1]?][] = [
    ["postgres://goflow:never-shown@[bad/x"],
    ["mysql://goflow:never-shown@host/x"],
    ["postgres://host/x"],
    [`${url}?sslmode=prefer`],
    [`${url}?sslcert=a`],
    [url.replace("shown", "%zz")],
    [`${url}?host=a%00b`],
    [url, { applicationName: "a\0options\0-c search_path=x" }],
    [url, { schema: "Robert'; DROP" }],
    [url, { schema: "pg_catalog" }],
    [url, { maxConnections: 0 }],
    [url, { timeout: -1 }],
  ];
  for (const [place, options] of wrong) {
    const error = await assertRejects(
      () => PostgresDatabase.open(place, options),
      InvalidDataError,
    );
    assert(!Deno.inspect(error, { depth: 10, showHidden: true }).includes("never-shown"), place);
  }
});

testPostgres(
  "PostgresDatabase gives no statement the name of another one",
  async ({ open }) => {
    // A proxy that pools transactions runs the one of a session on the connection of another.
    const prepared = async (...statements: string[]) => {
      const database = await open({ maxConnections: 1 });
      for (const sql of statements) await database.query("Cannot ask", sql);
      const { rows } = await database.query(
        "Cannot ask",
        "SELECT name, statement FROM pg_prepared_statements WHERE statement LIKE 'SELECT _'",
      );
      return new Map(rows.map(([name, sql]) => [String(sql), String(name)]));
    };
    const [one, other] = [await prepared("SELECT 1", "SELECT 2"), await prepared("SELECT 2")];
    assertEquals(one.get("SELECT 2"), other.get("SELECT 2"));
    assertEquals(new Set([...one.values(), ...other.values()]).size, 2);
  },
);

testPostgres("PostgresDatabase waits for a connection no longer than it may", async ({ open }) => {
  const database = await open({ maxConnections: 1, maxWaiting: 1, timeout: 200 });
  const sleeping = database.query("Cannot sleep", "SELECT pg_sleep(0.6)");
  const first = assertRejects(
    () => database.query("Cannot ask", "SELECT 1"),
    DatabaseError,
    "none became free within",
  );
  const second = await assertRejects(
    () => database.query("Cannot ask", "SELECT 1"),
    DatabaseError,
    "and 1 operations wait",
  );
  assertEquals(second.code, "busy");
  assertEquals((await first).code, "busy");
  await sleeping;
  assertEquals((await database.query("Cannot ask", "SELECT 1")).rows, [[1]]);
});

testPostgres("PostgresDatabase ends a statement that runs too long", async ({ open }) => {
  const database = await open({ statementTimeout: 100 });
  const error = await assertRejects(
    () => database.query("Cannot sleep", "SELECT pg_sleep(5)"),
    DatabaseError,
    "statementTimeout",
  );
  assertEquals(error.code, "busy");
});

testPostgres("PostgresDatabase repeats what other transactions undid", async ({ open }) => {
  const database = await open();
  await database.exec(
    "Cannot prepare",
    "CREATE TABLE pair (id int PRIMARY KEY, n int); " +
      "INSERT INTO pair VALUES (1, 0), (2, 0)",
  );
  // Each takes the rows in another order, which is a deadlock for one of them.
  let attempts = 0;
  let met: (() => void) | undefined;
  const bothHoldOne = new Promise<void>((resolve) => met = resolve);
  let holding = 0;
  const update = (first: number, second: number) =>
    database.transaction("Cannot update", async ({ query }) => {
      attempts++;
      await query("UPDATE pair SET n = n + 1 WHERE id = $1", [first]);
      if (attempts <= 2) {
        if (++holding === 2) met?.();
        await bothHoldOne;
      }
      await query("UPDATE pair SET n = n + 1 WHERE id = $1", [second]);
    });
  await Promise.all([update(1, 2), update(2, 1)]);
  assertEquals(attempts, 3);
  const { rows } = await database.query("Cannot read", "SELECT n FROM pair");
  assertEquals(rows, [[2], [2]]);
});

testPostgres("PostgresDatabase repeats on serialization failures", async ({ open }) => {
  const database = await open();
  await database.exec("Cannot prepare", "CREATE TABLE one (n int); INSERT INTO one VALUES (0)");
  await Promise.all(
    Array.from({ length: 5 }, () =>
      database.transaction("Cannot count", async ({ query }) => {
        await query("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE");
        const { rows } = await query("SELECT n FROM one");
        await query("UPDATE one SET n = $1", [Number(rows[0]![0]) + 1]);
      })),
  );
  assertEquals((await database.query("Cannot read", "SELECT n FROM one")).rows, [[5]]);
});

testPostgres("PostgresDatabase outlives the loss of all its connections", async ({ open }) => {
  const database = await open();
  let done = 0;
  const stop = performance.now() + 500;
  const work = async () => {
    while (performance.now() < stop) {
      await database.query("Cannot ask", "SELECT pg_sleep(0.005)");
      done++;
    }
  };
  const workers = Promise.all(Array.from({ length: 5 }, work));
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 80));
    await rawPostgres(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE pid <> pg_backend_pid() AND query LIKE '%pg_sleep(0.005)%'`,
    );
  }
  await workers;
  assert(done > 0);
});

testPostgres(
  "PostgresDatabase.transaction() says so when nobody knows what was done",
  async ({ open }) => {
    const database = await open();
    const error = await assertRejects(
      () =>
        database.query(
          "Cannot do it",
          "SELECT pg_terminate_backend(pg_backend_pid())",
          [],
          { repeatable: false },
        ),
      DatabaseError,
      "may have been done or not",
    );
    assertEquals(error.code, "io");
  },
);

testPostgres(
  "PostgresDatabase.close() waits for what is under way and refuses the rest",
  async ({ open }) => {
    const database = await open();
    const running = database.query("Cannot sleep", "SELECT 1 FROM pg_sleep(0.1)");
    const closed = database.close();
    assertEquals((await running).rows, [[1]]);
    await closed;
    await database.close();
    await assertRejects(() => database.query("Cannot ask", "SELECT 1"), DatabaseError, "is closed");
  },
);

Deno.test("Listener does not knock at the door of a server that tells nothing", async () => {
  let tries = 0;
  const connect = () => {
    tries++;
    return Promise.reject(new Error("cannot execute LISTEN during recovery"));
  };
  const { signal } = new AbortController();
  const listener = new Listener(connect, "test", signal);
  for (let i = 0; i < 5; i++) await listener.wait(1, signal);
  assertEquals([tries, String(listener.failure)], [
    1,
    "Error: cannot execute LISTEN during recovery",
  ]);
});

Deno.test("Pool makes no more connections than it may, drops lost ones, and refuses who waits when closed", async () => {
  let open = 0;
  let most = 0;
  const made: { lost: boolean }[] = [];
  const connect = (): Promise<PostgresConnection> => {
    most = Math.max(most, ++open);
    const connection = {
      lost: false,
      query: () => Promise.resolve({ rows: [], count: 0 }),
      exec: () => Promise.resolve(),
      onNotification: () => {},
      close: () => {
        open--;
        return Promise.resolve();
      },
    };
    made.push(connection);
    return Promise.resolve(connection);
  };
  const pool = new Pool(connect, { maxConnections: 3, maxWaiting: 100, idleTimeout: 60_000 });
  await Promise.all(Array.from({ length: 20 }, async (_, i) => {
    const connection = await pool.acquire("Cannot test", 1000);
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (i % 7 === 0) made.find((one) => one === connection)!.lost = true;
    pool.release(connection);
  }));
  assertEquals(most, 3);
  const taken = await Promise.all([1, 2, 3].map(() => pool.acquire("Cannot test", 1000)));
  const refused = assertRejects(
    () => pool.acquire("Cannot wait", 60_000),
    DatabaseError,
    "Cannot wait: the store is closed",
  );
  const closed = pool.close();
  await refused;
  for (const connection of taken) pool.release(connection);
  await closed;
  assertEquals(open, 0);
});
