import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { gunzipSync } from "node:zlib";
import type { RetentionPolicy } from "../../src/domain/execution_retention.ts";
import { DatabaseError, InvalidDataError } from "../../src/domain/errors.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { testBackends } from "./backends.ts";
import { testRepositories } from "./repositories.ts";
import { fill, ids, range } from "./sample_runs.ts";

testBackends(
  "SQLiteExecutionRepository.prune() archives what a run is when it is deleted",
  async ({ root, open, backend }) => {
    using executions = await open();
    using other = await SQLiteExecutionRepository.open({ root, ...backend });
    await fill(executions);
    const archive = join(root, "archive.gz");
    // Labels each run again and again while others are archived and deleted.
    const labels = new Map<string, string[]>();
    let pruning = true;
    const labelAll = async () => {
      for (let round = 0, left = range(0, 20); pruning && left.length > 0; round++) {
        for (const id of left) {
          // Writes come back without a turn of the event loop.
          await new Promise((resolve) => setTimeout(resolve));
          try {
            await other.addLabels(id, `label ${round}`);
            labels.set(id, [...labels.get(id) ?? [], `label ${round}`]);
          } catch (error) {
            if (!(error instanceof DatabaseError && error.code === "constraint")) throw error;
            left = left.filter((one) => one !== id);
          }
        }
      }
    };
    const policy = { rules: [{ maxCount: 0 }], keepLastSuccess: false, keepLabels: [] };
    const labelling = labelAll();
    await executions.prune(policy, { archive, batchSize: 3 });
    pruning = false;
    await labelling;
    // Those that changed again and again are left.
    await executions.prune(policy, { archive });
    const text = gunzipSync(await Deno.readFile(archive)).toString();
    const lines = text.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(lines.map(({ id }) => id).sort(), range(0, 20));
    for (const { id, labels: archived = [] } of lines) {
      assertEquals(archived.sort(), (labels.get(id) ?? []).sort());
    }
    assert(labels.size > 0);
  },
);

testBackends(
  "SQLiteExecutionRepository.prune() refuses an archive that is something else",
  async ({ root, path, open }) => {
    using executions = await open();
    await fill(executions);
    const policy: RetentionPolicy = { rules: [{ maxCount: 0 }], keepLastSuccess: false };
    const archive = join(root, "archive.gz");
    for (const content of ["short", "a text that is longer than the header of a member\n"]) {
      await Deno.writeTextFile(archive, content);
      await assertRejects(
        () => executions.prune(policy, { archive }),
        InvalidDataError,
        "is no archive",
      );
      assertEquals(await Deno.readTextFile(archive), content);
    }
    await Deno.symlink(path, join(root, "link.gz"));
    const files = [path, join(root, "link.gz")];
    if ((await executions.info()).journalMode === "wal") files.push(`${path}-wal`, `${path}-shm`);
    for (const file of files) {
      const error = await assertRejects(
        () => executions.prune(policy, { archive: file }),
        DatabaseError,
        "open as a database",
      );
      assertEquals(error.code, "busy");
    }
    await Deno.remove(archive);
    const first = executions.prune(policy, { archive, batchSize: 5 });
    await assertRejects(
      () => executions.prune(policy, { archive }),
      DatabaseError,
      "somebody else writes",
    );
    assertEquals((await first).count, 20);
  },
);

testRepositories(
  "ExecutionRepository.prune() does not cut an archive that is damaged in the middle",
  async ({ root, open }) => {
    using executions = await open();
    await fill(executions);
    const archive = join(root, "archive.gz");
    await executions.prune({ rules: [{ maxCount: 10 }] }, { archive, batchSize: 5 });
    const content = await Deno.readFile(archive);
    content[18] = 0x7f;
    await Deno.writeFile(archive, content);
    const error = await assertRejects(
      () => executions.prune({ rules: [{ maxCount: 5 }] }, { archive }),
      InvalidDataError,
      "damaged at byte 0",
    );
    assertEquals(error.path, archive);
    assertEquals(await Deno.readFile(archive), content);
    assertEquals((await ids(executions)).length, 10);
  },
);

testRepositories(
  "ExecutionRepository.prune() archives before it deletes, and comes back",
  async ({ root, open }) => {
    using executions = await open();
    await fill(executions);
    const before = await Promise.all((await ids(executions)).map((id) => executions.load(id)));
    const archive = join(root, "archive.ndjson.gz");
    const policy: RetentionPolicy = { rules: [{ maxAge: 0 }] };
    await executions.prune(policy, { archive, batchSize: 3 });
    assertEquals((await ids(executions)).length, 2);
    if (Deno.build.os !== "windows") assertEquals((await Deno.stat(archive)).mode! & 0o777, 0o600);
    const bring = async () => {
      using file = await Deno.open(archive);
      return await executions.import(file.readable);
    };
    assertEquals(await bring(), { imported: 18, skipped: 0, invalid: [] });
    assertEquals(await bring(), { imported: 0, skipped: 18, invalid: [] });
    const after = await Promise.all((await ids(executions)).map((id) => executions.load(id)));
    for (const run of [...before, ...after]) {
      for (const snapshot of run.variableSnapshots) delete snapshot.id;
    }
    assertEquals(after, before);
  },
);

testRepositories(
  "ExecutionRepository.prune() takes a cut off end of the archive away",
  async ({ root, open }) => {
    using executions = await open();
    await fill(executions);
    const archive = join(root, "archive.ndjson.gz");
    await executions.prune({ rules: [{ maxCount: 15 }] }, { archive, batchSize: 5 });
    const whole = await Deno.readFile(archive);
    await executions.prune({ rules: [{ maxCount: 10 }] }, { archive, batchSize: 5 });
    const both = await Deno.readFile(archive);
    for (const cut of [both.length - 1, whole.length + 30, whole.length + 3]) {
      await Deno.writeFile(archive, both.slice(0, cut));
      await executions.prune({ rules: [{ maxCount: 1000 }] }, { archive });
      assertEquals(await Deno.readFile(archive), whole);
    }
  },
);

testRepositories(
  "ExecutionRepository.prune() deletes nothing when the archive fails",
  async ({ root, open }) => {
    using executions = await open();
    await fill(executions);
    await assertRejects(() =>
      executions.prune({ rules: [{ maxAge: 0 }] }, { archive: join(root, "absent", "archive.gz") })
    );
    assertEquals((await ids(executions)).length, 20);
  },
);
