/**
 * Another process that holds the write lock of a database: a second library in
 * this one would break the locks.
 *
 * @module
 */

const HOLDER = `import { DatabaseSync } from "node:sqlite";
const database = new DatabaseSync(Deno.args[0]);
database.exec("BEGIN " + Deno.args[1]);
console.log("locked");
for await (const _ of Deno.stdin.readable);
database.exec("ROLLBACK");`;

/**
 * Takes the lock.
 *
 * @param path The database.
 * @param kind `"IMMEDIATE"` keeps writers out, `"EXCLUSIVE"` readers too, except in WAL mode.
 * @returns What gives the lock back.
 */
export async function holdLock(
  path: string,
  kind: "IMMEDIATE" | "EXCLUSIVE" = "IMMEDIATE",
): Promise<AsyncDisposable> {
  const holder = new Deno.Command(Deno.execPath(), {
    args: ["eval", HOLDER, path, kind],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = holder.stdout.getReader();
  await reader.read();
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      await holder.stdin.close();
      await reader.cancel();
      await holder.status;
    },
  };
}
