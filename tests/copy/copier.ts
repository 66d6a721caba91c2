/**
 * Copies in a process of its own, which a test kills.
 *
 * @module
 */

import { copyStorage } from "../../src/copy_storage.ts";
import { openPostgresStorage } from "../../src/postgres/storage.ts";
import { openStorage } from "../../src/storage.ts";

const [root = "", schema = "", direction = ""] = Deno.args;
const url = (await new Response(Deno.stdin.readable).text()).trim();
await using folder = await openStorage({ root });
await using server = await openPostgresStorage(url, { schema });
const [from, to] = direction === "back" ? [server, folder] : [folder, server];
await copyStorage(from, to, {
  onProgress: ({ part, phase, done }) => console.log(part, phase, done),
});
