import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import type { SQLiteOptions } from "../../src/executions/options.ts";
import { configFlags } from "../helpers/child.ts";
import { mounts, READ_ONLY, runMounted, SMALL_DISK } from "../helpers/mounts.ts";
import { type Fixture, testBackends } from "./backends.ts";
import { sampleRun } from "./sample_runs.ts";

const CHILD = fromFileUrl(new URL("child.ts", import.meta.url));

/** Why no file system can be mounted here, if so. */
const skip = mounts.missing ? mounts.reason : undefined;

/** Runs a task of the child, or of another script, after mounting something; returns what it prints. */
async function inMount(
  mount: string,
  task: string,
  { root, backend }: Fixture,
  more: SQLiteOptions = {},
  script: string = CHILD,
): Promise<string> {
  const options = JSON.stringify({ root, ...backend, ...more });
  const deno = [Deno.execPath(), "run", "-q", ...configFlags(), "-A", script, task, options, "1"];
  const { stdout, stderr } = await runMounted(mount, root, deno);
  return (stdout + stderr).trim();
}

testBackends(
  "SQLiteExecutionRepository.record() reports a full disk and loses nothing",
  async (fixture) => {
    assertEquals(await inMount(SMALL_DISK, "fillDisk", fixture), "DatabaseError full true");
  },
  { skip },
);

testBackends(
  "SQLiteExecutionRepository.open() reports a folder that cannot be written",
  async (fixture) => {
    assertEquals(
      await inMount(READ_ONLY, "record", fixture),
      `PermissionDeniedError ${fixture.path}`,
    );
  },
  { skip },
);

testBackends(
  "SQLiteExecutionRepository reads a file that cannot be written, and says so on a write",
  async (fixture) => {
    {
      using executions = await fixture.open();
      await executions.record(sampleRun({ nodes: 3 }));
    }
    const wanted = fixture.backend.journalMode === "delete"
      ? "1 1 3 1 3 true DatabaseError read-only"
      // Readers of a WAL file need to write its index.
      : "DatabaseError read-only";
    assertEquals(await inMount(READ_ONLY, "readOnly", fixture), wanted);
  },
  { skip },
);

testBackends(
  "SQLiteExecutionRepository.prune() works on a full disk with a reserve",
  async (fixture) => {
    assertEquals(
      await inMount(SMALL_DISK.replace("1m", "16m"), "pruneFullDisk", fixture, {
        reserve: 5_000_000,
      }),
      "DatabaseError full true\ntrue 2",
    );
  },
  { skip },
);

const FULL_DISK = fromFileUrl(new URL("full_disk.ts", import.meta.url));

for (const operation of ["import", "archive", "backup", "restore", "compact", "migrate"]) {
  testBackends(
    `SQLiteExecutionRepository reports a disk that gets full during ${operation}, and loses nothing`,
    async (fixture) => {
      const mount = SMALL_DISK.replace("1m", "16m");
      assertEquals(await inMount(mount, operation, fixture, {}, FULL_DISK), "DatabaseError full");
    },
    { skip },
  );
}
