/**
 * Fills a tablespace, in a process whose file systems are its own: the first
 * argument is a folder whose subfolder `space` is small.
 *
 * @module
 */

import { PostgresDatabase } from "../../src/postgres/database.ts";
import { PostgresExecutionRepository } from "../../src/postgres/repository.ts";
import { sampleRun } from "../executions/sample_runs.ts";
import { runDeno } from "../helpers/child.ts";
import { PostgresServer } from "./server.ts";

const [folder = ""] = Deno.args;
await Deno.mkdir(`${folder}/server`);
await using server = await PostgresServer.start({ folder: `${folder}/server` });
const database = await PostgresDatabase.open(server.url(), { schema: "elsewhere" });
await database.query("Cannot", `CREATE TABLESPACE small LOCATION '${folder}/space'`);
await database.query("Cannot", "ALTER DATABASE postgres SET default_tablespace = small");
await database.close();

const child = new URL("child.ts", import.meta.url);
const args = ["fill", server.url(), "filled", "0"];
const { stdout, stderr } = await runDeno(child, { flags: ["-A"], args });
console.log(stdout.trim() + stderr);

await new Deno.Command("mount", { args: ["-o", "remount,size=64m", `${folder}/space`] }).output();
await using executions = await PostgresExecutionRepository.open(server.url(), { schema: "filled" });
const run = sampleRun();
await executions.record(run);
console.log("room:", (await executions.load(run.id)).id === run.id);
