import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { copyStorage } from "../../src/copy_storage.ts";
import { StorageError } from "../../src/domain/errors.ts";
import { openPostgresStorage } from "../../src/postgres/storage.ts";
import { openStorage, type Storage } from "../../src/storage.ts";
import { configFlags } from "../helpers/child.ts";
import { realInputs, soak, testNeeding } from "../helpers/skip.ts";
import { testPostgres } from "../postgres/databases.ts";
import { PostgresServer, postgresServer } from "../postgres/server.ts";
import { everything, fill, run } from "./sample_storage.ts";
import { withFolder } from "./storages.ts";

/** Starts a copy in another process and kills it when it has come so far. */
async function killAt(
  line: (text: string) => boolean,
  url: string,
  ...args: string[]
): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-q",
      "-A",
      ...configFlags(),
      new URL("copier.ts", import.meta.url).href,
      ...args,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(url));
  await writer.close();
  let seen = false;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (seen || !text.split("\n").some(line)) continue;
    seen = true;
    child.kill("SIGKILL");
  }
  await child.status;
  assert(seen, "the copy was over before it could be killed");
}

/** Fills a storage with more than is sent at once. */
async function fillMuch(storage: Storage): Promise<void> {
  await fill(storage, 3);
  const { executions } = storage;
  const pending = Array.from({ length: 500 }, (_, i) => run(i));
  for (const one of pending) await executions.record(one);
}

testPostgres(
  "a copy that is killed goes on where it was, to a server and back",
  ({ url, schema }) =>
    withFolder(async (folder) => {
      await using server = await openPostgresStorage(url, { schema });
      await fillMuch(folder);
      const all = await everything(folder);
      await killAt((text) => text === "workflows copy 3", url, folder.root, schema);
      await killAt((text) => text.startsWith("executions copy 2"), url, folder.root, schema);
      const { workflows, executions } = await copyStorage(folder, server);
      assertEquals(await everything(server), all);
      assertEquals(workflows.copied, 0);
      assert(executions.copied < 400 && executions.copied > 0, `${executions.copied} sent again`);

      const back = join(folder.root, "..", "back");
      await killAt((text) => text === "workflows copy 3", url, back, schema, "back");
      await killAt((text) => text.startsWith("executions copy 2"), url, back, schema, "back");
      await using target = await openStorage({ root: back });
      const again = await copyStorage(server, target);
      assertEquals(await everything(target), all);
      assert(again.executions.copied < 400, `${again.executions.copied} sent again`);
    }),
);

const PHASES = ["workflows copy", "templates copy", "executions copy", "executions verify"];

testNeeding(
  postgresServer,
  "a copy survives the death of the server",
  () =>
    withFolder(async (folder) => {
      await using process = await PostgresServer.start();
      await fillMuch(folder);
      for (const parts of soak.missing ? ["executions copy"] : PHASES) {
        await using server = await openPostgresStorage(process.url(), {
          schema: parts.replace(" ", "_"),
          timeout: 5000,
        });
        let killed: Promise<void> | undefined;
        const restart = async () => {
          await process.kill();
          await process.restart();
        };
        const onProgress = ({ part, phase }: { part: string; phase: string }) => {
          if (`${part} ${phase}` === parts) killed ??= restart();
        };
        try {
          await copyStorage(folder, server, { onProgress });
        } catch (error) {
          assert(error instanceof StorageError, String(error));
        }
        assert(killed !== undefined, parts);
        await killed;
        await copyStorage(folder, server);
        assertEquals(await everything(server), await everything(folder));
      }
    }),
);

testNeeding(
  [realInputs, postgresServer],
  "what Go wrote comes back byte for byte",
  () =>
    withFolder(async (back) => {
      const home = join(Deno.env.get("GOFLOW_FIXTURES")!, "go-home");
      const root = join(back.root, "..", "home");
      await copyFolder(home, root);
      await using process = await PostgresServer.start();
      await using server = await openPostgresStorage(process.url());
      await using folder = await openStorage({ root, executions: { migrate: "never" } });
      await copyStorage(folder, server);
      await copyStorage(server, back);
      for (const name of ["workflows", "templates"]) {
        for (const path of await names(join(root, name))) {
          const [before, after] = [root, back.root].map((root) => join(root, name, path));
          assertEquals(await Deno.readFile(after!), await Deno.readFile(before!), path);
        }
      }
      const lines = async (storage: Storage) =>
        (await new Response(storage.executions.export()).text()).split("\n").sort();
      const before = await lines(folder);
      assert(before.length > 1);
      assertEquals(await lines(server), before);
      assertEquals(await lines(back), before);
    }),
);

async function names(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name)
      .filter((name) => name.endsWith(".yaml"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    if (isDirectory) await copyFolder(source, target);
    else await Deno.copyFile(source, target);
  }
}
