import { assert, assertEquals, assertRejects } from "@std/assert";
import { AlreadyExistsError, ConflictError, DatabaseError } from "../../src/domain/errors.ts";
import { PostgresTemplateRepository } from "../../src/postgres/template_repository.ts";
import { PostgresWorkflowRepository } from "../../src/postgres/workflow_repository.ts";
import { writeText } from "../workflows/backends.ts";
import { greeting } from "../workflows/temp_store.ts";
import {
  type DatabaseFixture,
  type Faults,
  openFaulty,
  rawPostgres,
  testPostgres,
  waitForListener,
} from "./databases.ts";

/** A workflow that counts. */
function counter(id = "greet") {
  const workflow = greeting(id);
  workflow.extra = { count: 0 };
  return workflow;
}

async function countUp(workflows: PostgresWorkflowRepository): Promise<void> {
  await workflows.update("greet", ({ extra }) => void (extra!.count = Number(extra!.count) + 1));
}

/** How many promises were kept, and what the others were rejected with. */
async function outcomes(
  promises: Promise<unknown>[],
): Promise<{ kept: number; errors: unknown[] }> {
  const settled = await Promise.allSettled(promises);
  const errors = settled.flatMap((one) => one.status === "rejected" ? [one.reason] : []);
  return { kept: settled.length - errors.length, errors };
}

/** Opens a store whose connections a test looks at, or breaks. */
async function openWith(fixture: DatabaseFixture, faults: Faults) {
  const database = await openFaulty(fixture, faults);
  return {
    database,
    workflows: PostgresWorkflowRepository.over(database),
    [Symbol.asyncDispose]: () => database.close(),
  };
}

testPostgres("update() loses nothing when many hosts count at once", async ({ open }) => {
  const databases = await Promise.all(Array.from({ length: 4 }, () => open()));
  const repositories = databases.map((database) => PostgresWorkflowRepository.over(database));
  const [first] = repositories;
  await first!.save(counter());
  await Promise.all(
    repositories.flatMap((workflows) => Array.from({ length: 25 }, () => countUp(workflows))),
  );
  assertEquals((await first!.load("greet")).extra, { count: 100 });
  const history = await first!.history("greet");
  assertEquals(history.length, 101);
  assert(history.every(({ parent }, index) => parent === history[index + 1]?.revision));
});

testPostgres("of many who save at once under one condition, one succeeds", async ({ open }) => {
  const databases = await Promise.all(Array.from({ length: 4 }, () => open()));
  const repositories = databases.map((database) => PostgresWorkflowRepository.over(database));
  const [first] = repositories;
  const all = (save: (workflows: PostgresWorkflowRepository, i: number) => Promise<unknown>) =>
    outcomes(Array.from({ length: 20 }, (_, i) => save(repositories[i % 4]!, i)));

  const absent = await all((workflows) => workflows.save(greeting("a"), { ifAbsent: true }));
  assertEquals(absent.kept, 1);
  assert(absent.errors.every((error) => error instanceof AlreadyExistsError));

  const named = await all((workflows, i) => {
    const workflow = greeting(`n${i}`);
    workflow.name = "one of a kind";
    return workflows.save(workflow, { uniqueName: true });
  });
  assertEquals(named.kept, 1);
  assert(named.errors.every((error) => error instanceof AlreadyExistsError));

  const cases = await all((workflows, i) =>
    workflows.save(greeting(i % 2 ? "Case" : "cASE"), { ifAbsent: true })
  );
  assertEquals(cases.kept, 1);
  assert(cases.errors.every((error) => error instanceof AlreadyExistsError));

  const { revision } = await first!.load("a");
  const revised = await all((workflows, i) => {
    const workflow = greeting("a");
    workflow.description = `by ${i}`;
    return workflows.save(workflow, { ifRevision: revision });
  });
  assertEquals(revised.kept, 1);
  assert(revised.errors.every((error) => error instanceof ConflictError));
});

testPostgres("a commit that is not answered is done once", async (fixture) => {
  let break_: "before" | "after" | undefined;
  await using opened = await openWith(fixture, {
    async query(sql, run, connection) {
      if (sql !== "COMMIT" || break_ === undefined) return await run();
      const when = break_;
      break_ = undefined;
      if (when === "after") await run();
      await connection.close();
      throw Object.assign(new Error("lost"), { code: "ECONNRESET" });
    },
  });
  const { workflows } = opened;
  await workflows.save(counter());
  for (const when of ["before", "after", "before", "after"] as const) {
    break_ = when;
    await countUp(workflows);
  }
  assertEquals((await workflows.load("greet")).extra, { count: 4 });
  break_ = "after";
  await workflows.save(counter("new"), { ifAbsent: true });
  break_ = "after";
  const { changed } = await workflows.update("new", (w) => void (w.name = "x"));
  assertEquals(changed, true);
  break_ = "after";
  await workflows.delete("new");
  assertEquals((await workflows.history("new")).map(({ source }) => source), [
    "deleted",
    "saved",
    "saved",
  ]);
});

testPostgres(
  "a commit that is not answered is found although others wrote since",
  async (fixture) => {
    let overtaken: (() => Promise<unknown>) | undefined;
    await using opened = await openWith(fixture, {
      async query(sql, run, connection) {
        const overtake = overtaken;
        if (sql !== "COMMIT" || overtake === undefined) return await run();
        overtaken = undefined;
        await run();
        await connection.close();
        await overtake();
        throw Object.assign(new Error("lost"), { code: "ECONNRESET" });
      },
    });
    const database = await fixture.open();
    const other = PostgresWorkflowRepository.over(database);
    await other.save(counter());
    overtaken = () => countUp(other);
    await countUp(opened.workflows);
    assertEquals((await other.load("greet")).extra, { count: 2 });

    const templates = PostgresTemplateRepository.over(opened.database);
    const theirs = PostgresTemplateRepository.over(database);
    const template = { id: "t", name: "t", parameters: [], workflowSpec: {} };
    overtaken = () => theirs.save({ ...template, name: "theirs" });
    const error = await assertRejects(() => templates.save(template), DatabaseError);
    assert(error.message.includes("may have been done or not"), error.message);
    assertEquals((await theirs.load("t")).name, "theirs");
  },
);

testPostgres(
  "update() undoes everything when its function fails, and throws what it threw",
  async ({ open }) => {
    const workflows = PostgresWorkflowRepository.over(await open());
    await workflows.save(counter());
    for (const error of [new TypeError("no"), Object.assign(new Error("x"), { code: "40001" })]) {
      let runs = 0;
      const thrown = await assertRejects(() =>
        workflows.update("greet", () => {
          runs++;
          throw error;
        })
      );
      assertEquals([thrown === error, runs], [true, 1]);
    }
    await countUp(workflows);
    assertEquals((await workflows.history("greet")).length, 2);
  },
);

testPostgres(
  "lists read texts only when they changed, and summaries read none",
  async (fixture) => {
    const seen: string[] = [];
    await using opened = await openWith(fixture, {
      query(sql, run) {
        seen.push(sql);
        return run();
      },
    });
    const { workflows } = opened;
    await rawPostgres(
      `INSERT INTO "${fixture.schema}".workflows
      (id, folded, text, size, modified_at, writes, name, version, revision)
    SELECT 'w' || n, 'w' || n, 'name: n' || n, 9, now(), 1, 'n' || n, '1.0', 'r'
    FROM generate_series(1, 2500) n`,
    );
    const texts = async (run: () => Promise<unknown>) => {
      seen.length = 0;
      await run();
      return seen.filter((sql) => /\btext\b(?! IS NOT NULL)/.test(sql)).length;
    };
    assertEquals(await texts(() => workflows.list()), 25);
    assertEquals(await texts(() => workflows.list()), 0);
    await writeText(workflows, "w7", "name: other\n");
    assertEquals(await texts(() => workflows.list()), 1);
    assertEquals(await texts(() => workflows.summaries()), 0);
    assertEquals(seen.length, 3);
    const { summaries } = await workflows.summaries({ text: "OTHER" });
    assertEquals(summaries.map(({ id, name }) => [id, name]), [["w7", "other"]]);
  },
);

testPostgres("what a column cannot hold is told all the same", async ({ open }) => {
  const workflows = PostgresWorkflowRepository.over(await open());
  const odd = 'name: "a\\0b"\nversion: "1"\n';
  await writeText(workflows, "zero", odd);
  await writeText(workflows, "bad", "name: [\n");
  const { summaries, invalid } = await workflows.summaries();
  assertEquals(summaries.map(({ id, name }) => [id, name]), [["zero", "a\0b"]]);
  assertEquals(invalid.map(({ id, path }) => [id, path]), [["bad", "workflows/bad"]]);
  assertEquals((await workflows.readArchive("zero")).text, odd);
  const long = greeting("long");
  long.name = "x".repeat(100_000);
  await workflows.save(long, { uniqueName: true });
  assertEquals((await workflows.findByName(long.name))?.id, "long");
});

testPostgres(
  "watch() wakes by a notification, and looks by itself when none comes",
  async ({ open }) => {
    const [here, there] = [await open(), await open()];
    const workflows = PostgresWorkflowRepository.over(here);
    const other = PostgresWorkflowRepository.over(there);
    const stop = new AbortController();
    const events = workflows.watch({ signal: stop.signal, debounce: 10 });
    const next = () => events.next().then(({ value }) => value && `${value.type} ${value.id}`);
    let pending = next();
    await waitForListener(here.options.schema);
    await other.save(greeting("a"));
    assertEquals(await pending, "created a");
    pending = next();
    await rawPostgres(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'",
    );
    await other.save(greeting("b"));
    assertEquals(await pending, "created b");
    stop.abort();
    assertEquals((await events.next()).done, true);
  },
);

testPostgres("a store without history keeps what was there", async ({ open }) => {
  const database = await open();
  const plain = PostgresWorkflowRepository.over(database, { history: false });
  const kept = PostgresWorkflowRepository.over(database);
  await kept.save(greeting());
  await plain.update("greet", (w) => void (w.description = "unrecorded"));
  await plain.delete("greet");
  await plain.save(greeting());
  await kept.update("greet", (w) => void (w.description = "two"));
  assertEquals((await kept.history("greet")).map(({ source }) => source), [
    "saved",
    "edited",
    "saved",
  ]);
});

testPostgres("a closed database says so", async ({ open }) => {
  const database = await open();
  const workflows = PostgresWorkflowRepository.over(database);
  await database.close();
  await assertRejects(() => workflows.load("greet"), DatabaseError);
});

testPostgres(
  "open() connects by itself, and closes what it opened alone",
  async ({ url, schema, open }) => {
    const long = `${schema}_${"x".repeat(63)}`.slice(0, 63);
    {
      await using workflows = await PostgresWorkflowRepository.open(url, { schema: long });
      await using templates = await PostgresTemplateRepository.open(url, { schema: long });
      await templates.save({ id: "t", name: "t", parameters: [], workflowSpec: {} });
      const stop = new AbortController();
      const events = workflows.watch({ signal: stop.signal, initial: true, debounce: 10 });
      await workflows.save(greeting("a"));
      assertEquals((await events.next()).value?.type, "created");
      stop.abort();
      await events.return(undefined);
    }
    // A channel has a name as short as that of a schema.
    const named = await open({ schema: long });
    await named.query("Cannot notify", "SELECT pg_notify($1, '')", [named.listener.channel]);
    await rawPostgres(`DROP SCHEMA "${long}" CASCADE`);
    const database = await open();
    await PostgresWorkflowRepository.over(database).close();
    await PostgresTemplateRepository.over(database).close();
    assertEquals((await PostgresWorkflowRepository.over(database).list()).workflows, []);
  },
);

testPostgres(
  "a server that only reads gives workflows, and says that nothing is saved",
  async (fixture) => {
    await PostgresWorkflowRepository.over(await fixture.open()).save(greeting());
    let isReadOnly = false;
    await using opened = await openWith(fixture, {
      async query(sql, run, connection) {
        if (sql === "BEGIN" && !isReadOnly) {
          isReadOnly = true;
          await connection.exec("SET default_transaction_read_only TO on");
        }
        return await run();
      },
    });
    const { workflows } = opened;
    for (
      const write of [
        () => workflows.save(greeting("new")),
        () => workflows.update("greet", () => {}),
        () => workflows.delete("greet"),
        () => workflows.tag("greet", "v1"),
      ]
    ) {
      const error = await assertRejects(write, DatabaseError);
      assertEquals(error.code, "read-only");
    }
    assertEquals((await workflows.load("greet")).id, "greet");
    assertEquals((await workflows.history("greet")).length, 1);
    assertEquals((await workflows.readArchive("greet")).revisions.length, 1);
  },
);
