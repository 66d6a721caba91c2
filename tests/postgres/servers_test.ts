/**
 * Servers of other kinds: encrypted, read-only, full, shared by many processes.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DatabaseError } from "../../src/domain/errors.ts";
import type { Execution } from "../../src/domain/execution.ts";
import { PostgresDatabase } from "../../src/postgres/database.ts";
import { PostgresExecutionRepository } from "../../src/postgres/repository.ts";
import { sampleRun } from "../executions/sample_runs.ts";
import { configFlags, PROJECT, runDeno } from "../helpers/child.ts";
import { rootMounts } from "../helpers/mounts.ts";
import { program, testNeeding } from "../helpers/skip.ts";
import { TempFolder } from "../helpers/temp_folder.ts";
import { testPostgres, waitFor } from "./databases.ts";
import { give, PostgresServer, postgresServer } from "./server.ts";

const CHILD = new URL("child.ts", import.meta.url);
const SOAK = Deno.env.get("GOFLOW_SOAK") === "1";

testPostgres("record() loses nothing among eight processes", async ({ url, schema, open }) => {
  const runs = SOAK ? 500 : 25;
  const children = await Promise.all(
    Array.from(
      { length: 8 },
      () => runDeno(CHILD, { flags: ["-A"], args: ["record", url, schema, String(runs)] }),
    ),
  );
  for (const { code, stdout, stderr } of children) {
    assertEquals({ code, stdout, stderr }, { code: 0, stdout: "done\n", stderr: "" });
  }
  const database = await open();
  const executions = PostgresExecutionRepository.over(database);
  const { total } = await executions.list({ limit: 1, total: "exact" });
  assertEquals(total?.count, 8 * runs);
  const { runs: counted, nodes } = await executions.statistics();
  assertEquals([counted.count, nodes.types], [8 * runs, { transform: 24 * runs }]);
  let changes = 0;
  for await (const { sequence, kind } of executions.watch({ after: 0 })) {
    assertEquals([sequence, kind], [++changes, "created"]);
    if (changes === 8 * runs) break;
  }
});

testPostgres("a server that falls silent keeps nobody waiting for ever", async ({ open }) => {
  const options = { maxConnections: 1, statementTimeout: 100 };
  const silence = async (database: PostgresDatabase, work: () => Promise<unknown>) => {
    const { rows: [row] } = await database.query("Cannot test", "SELECT pg_backend_pid()");
    const pid = Number(row![0]);
    Deno.kill(pid, "SIGSTOP");
    try {
      await work();
    } finally {
      Deno.kill(pid, "SIGCONT");
    }
  };
  const patient = await open(options);
  const run = sampleRun();
  const executions = PostgresExecutionRepository.over(patient);
  await silence(patient, () => executions.record(run));
  assertEquals((await executions.load(run.id)).variableSnapshots.length, 1);
  const impatient = await open({ ...options, timeout: 500 });
  await silence(impatient, async () => {
    const error = await assertRejects(
      () => PostgresExecutionRepository.over(impatient).list(),
      DatabaseError,
      "does not answer",
    );
    assertEquals(error.code, "io");
  });
});

testNeeding(postgresServer, "a replica reads and follows, and says so on a write", async () => {
  await using server = await PostgresServer.start();
  await using primary = await PostgresExecutionRepository.open(server.url());
  const run = sampleRun();
  await primary.record(run);
  await primary.statistics();
  await using standby = await server.replicate();
  await using replica = await PostgresExecutionRepository.open(standby.url());
  await checkReadOnly(replica, run);
  const later = sampleRun();
  await primary.record(later);
  await waitFor(async () => (await replica.storedIds([later.id])).size === 1);
  // The primary gives changes their places, and the replica sees them.
  const watched = replica.watch({ after: 0, interval: 10 });
  const first = watched.next();
  await primary.watch({ after: 0 }).next();
  assertEquals((await first).value?.executionId, run.id);
  await watched.return(undefined);
});

testNeeding(postgresServer, "a database that is set to read-only is like a replica", async () => {
  await using server = await PostgresServer.start();
  const run = sampleRun();
  const database = await PostgresDatabase.open(server.url());
  const writer = PostgresExecutionRepository.over(database);
  await writer.record(run);
  await writer.statistics();
  await database.query("Cannot", "ALTER DATABASE postgres SET default_transaction_read_only = on");
  await database.close();
  await using executions = await PostgresExecutionRepository.open(server.url());
  await checkReadOnly(executions, run);
  const error = await assertRejects(
    () => PostgresExecutionRepository.open(server.url(), { schema: "absent" }),
    DatabaseError,
  );
  assertEquals(error.code, "read-only");
});

/** Checks that all is read, and that every write is refused with what to do. */
async function checkReadOnly(
  executions: PostgresExecutionRepository,
  run: Execution,
): Promise<void> {
  assertEquals((await executions.info()).readOnly, true);
  assertEquals(await executions.load(run.id), run);
  assertEquals((await executions.list()).executions.length, 1);
  assertEquals((await executions.statistics()).runs.count, 1);
  assertEquals((await executions.planPrune({ rules: [{ maxCount: 0 }] })).count, 0);
  for (
    const write of [
      () => executions.record(sampleRun()),
      () => executions.delete(run.id),
      () => executions.pin(run.id),
      () => executions.prune({ rules: [{ maxCount: 0 }] }),
      () =>
        executions.import(new Blob([`{"id":"a","workflow_id":"w","workflow_version":"1",
        "status":"completed","started_at":"2026-01-01 00:00:00"}`.replaceAll("\n", "")]).stream()),
    ]
  ) {
    const error = await assertRejects(write, DatabaseError, "connect to the primary server");
    assertEquals(error.code, "read-only");
  }
}

testNeeding(
  [postgresServer, program("openssl")],
  "connections are encrypted, and the certificate is checked",
  async () => {
    await using temporary = await TempFolder.make({ dir: "/tmp", prefix: "goflow-pg-" });
    const folder = temporary.path;
    const [key, certificate] = [join(folder, "server.key"), join(folder, "server.crt")];
    const { success } = await new Deno.Command("openssl", {
      args: [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=db",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        key,
        "-out",
        certificate,
      ],
      stderr: "null",
    }).output();
    assert(success);
    await Deno.chmod(key, 0o600);
    for (const file of [folder, key, certificate]) await give(file);
    await using server = await PostgresServer.start({
      folder,
      settings: { ssl: "on", ssl_key_file: key, ssl_cert_file: certificate },
    });
    const isEncrypted = async (tls: boolean | "unchecked" | { ca: string }) => {
      const database = await PostgresDatabase.open(server.url(), { tls });
      const { rows } = await database.query(
        "Cannot ask",
        "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
      );
      await database.close();
      return rows[0]![0] === 1;
    };
    assertEquals(await isEncrypted(false), false);
    assertEquals(await isEncrypted("unchecked"), true);
    assertEquals(await isEncrypted({ ca: await Deno.readTextFile(certificate) }), true);
    const error = await assertRejects(() => isEncrypted(true), DatabaseError, "is not trusted");
    assert(!Deno.inspect(error, { depth: 10, showHidden: true }).includes(server.password));
  },
);

testNeeding(
  [postgresServer, rootMounts],
  "record() reports a full tablespace, loses nothing, and goes on when there is room",
  async () => {
    await using temporary = await TempFolder.make({ dir: "/tmp", prefix: "goflow-pg-" });
    const folder = temporary.path;
    const script = `mkdir -p ${folder}/space && chmod 755 ${folder}
      mount -t tmpfs -o size=12m tmpfs ${folder}/space && chown 65534:65534 ${folder}/space
      exec "$@"`;
    const { code, stdout, stderr } = await new Deno.Command("unshare", {
      args: ["-m", "sh", "-c", script, "sh", Deno.execPath(), ...childFlags(), folder],
      cwd: PROJECT,
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    assertEquals(
      { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) },
      {
        code: 0,
        stdout: "DatabaseError full true\ntrue true true\nroom: true\n",
        stderr: "",
      },
    );
  },
);

function childFlags(): string[] {
  return ["run", "-q", "-A", ...configFlags(), new URL("full_tablespace.ts", import.meta.url).href];
}
