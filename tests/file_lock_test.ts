import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { StorageError } from "../src/domain/errors.ts";
import { withFileLock } from "../src/file_lock.ts";
import { TempFolder } from "./helpers/temp_folder.ts";
import { denoCommand, PROJECT } from "./helpers/child.ts";

async function withLockPath(run: (path: string) => Promise<void>): Promise<void> {
  await using temporary = await TempFolder.make();
  await run(join(temporary.path, "lock"));
}

Deno.test("withFileLock() runs one function at a time in this process", () =>
  withLockPath(async (path) => {
    let running = 0;
    const seen: number[] = [];
    await Promise.all(Array.from({ length: 50 }, () =>
      withFileLock(path, async () => {
        seen.push(++running);
        await Promise.resolve();
        running--;
      })));
    assertEquals(seen, Array.from({ length: 50 }, () => 1));
  }));

Deno.test("withFileLock() goes on after a function that throws", () =>
  withLockPath(async (path) => {
    await assertRejects(
      () => withFileLock(path, () => Promise.reject(new Error("mine"))),
      Error,
      "mine",
    );
    assertEquals(await withFileLock(path, () => Promise.resolve("next")), "next");
  }));

Deno.test("withFileLock() gives up after its timeout while another process holds the lock", () =>
  withLockPath(async (path) => {
    const holder = holdLock(path);
    await holder.locked;
    await assertRejects(
      () => withFileLock(path, () => Promise.resolve(), { timeout: 50 }),
      StorageError,
      "another process holds it",
    );
    await holder.kill();
  }));

Deno.test("withFileLock() gets the lock of a process that was killed", () =>
  withLockPath(async (path) => {
    const holder = holdLock(path);
    await holder.locked;
    const waiting = withFileLock(path, () => Promise.resolve("mine"));
    await holder.kill();
    assertEquals(await waiting, "mine");
  }));

/** Another process that holds the lock until it is killed. */
function holdLock(path: string): { locked: Promise<void>; kill(): Promise<void> } {
  const code = `
    import { withFileLock } from "file://${PROJECT}src/file_lock.ts";
    await withFileLock(Deno.args[0], () => {
      console.log("locked");
      return new Promise(() => setInterval(() => {}, 1000));
    });`;
  const child = denoCommand(`data:application/typescript,${encodeURIComponent(code)}`, {
    flags: ["-A"],
    args: [path],
  }).spawn();
  const reader = child.stdout.getReader();
  return {
    locked: reader.read().then(() => {}),
    kill: async () => {
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
      await child.stderr.cancel();
    },
  };
}
