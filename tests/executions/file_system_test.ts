import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { Execution } from "../../src/domain/execution.ts";
import type { SQLiteOptions } from "../../src/executions/repository.ts";
import { configFlags } from "../helpers/child.ts";
import { type Fixture, testBackends } from "./backends.ts";

const CHILD = fromFileUrl(new URL("child.ts", import.meta.url));

/** Why no file system can be mounted here, if so. */
const skip = await canMount();

async function canMount(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "mounts need Linux";
  try {
    const { success } = await new Deno.Command("unshare", {
      args: ["-Urm", "true"],
      stderr: "null",
    }).output();
    return success ? undefined : "unshare is not permitted";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "unshare is missing";
    throw error;
  }
}

/** Runs a task of the child after mounting something; returns what it prints. */
async function runMounted(
  mount: string,
  task: string,
  { root, backend }: Fixture,
  more: SQLiteOptions = {},
): Promise<string> {
  const options = JSON.stringify({ root, ...backend, ...more });
  const deno = [Deno.execPath(), "run", "-q", ...configFlags(), "-A", CHILD, task, options, "1"];
  const { stdout, stderr } = await new Deno.Command("unshare", {
    args: ["-Urm", "sh", "-c", `root=$1; shift; ${mount} && exec "$@"`, "sh", root, ...deno],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return (decoder.decode(stdout) + decoder.decode(stderr)).trim();
}

const FULL = "mount -t tmpfs -o size=1m tmpfs $root";
const READ_ONLY = "mount --bind $root $root && mount -o remount,ro,bind $root";

testBackends(
  "SQLiteExecutionRepository.record() reports a full disk and loses nothing",
  async (fixture) => {
    assertEquals(await runMounted(FULL, "fillDisk", fixture), "DatabaseError full true");
  },
  { skip },
);

testBackends(
  "SQLiteExecutionRepository.open() reports a folder that cannot be written",
  async (fixture) => {
    assertEquals(
      await runMounted(READ_ONLY, "record", fixture),
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
      await executions.record(Execution.create("orders", "1.0"));
    }
    const wanted = fixture.backend.journalMode === "delete"
      ? "1 true DatabaseError read-only"
      // Readers of a WAL file need to write its index.
      : "DatabaseError read-only";
    assertEquals(await runMounted(READ_ONLY, "readOnly", fixture), wanted);
  },
  { skip },
);

testBackends(
  "SQLiteExecutionRepository.prune() works on a full disk with a reserve",
  async (fixture) => {
    assertEquals(
      await runMounted(FULL.replace("1m", "16m"), "pruneFullDisk", fixture, { reserve: 5_000_000 }),
      "DatabaseError full true\ntrue 2",
    );
  },
  { skip },
);
