import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { Execution } from "../../src/domain/execution.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { denoCommand, PROJECT, runDeno } from "../helpers/child.ts";
import { testNeeding } from "../helpers/skip.ts";
import { withRoot } from "./cli.ts";
import { fakeKeyring, withFakeKeyring } from "./keyring.ts";

const DRAFT = `name: nightly
nodes:
  - { id: start, type: start }
  - { id: end, type: end, return: done }
edges:
  - { from: start, to: end }
`;

testNeeding(
  fakeKeyring,
  "A new user gets from an empty folder to a run, and back, under narrow flags",
  () =>
    withFakeKeyring(() =>
      withRoot(async (folder) => {
        const root = join(folder, "data");
        const flags = [
          `--allow-read=${folder}`,
          `--allow-write=${root}`,
          "--allow-run=secret-tool",
          "--allow-env=HOME,GOFLOW_CONFIG_DIR",
        ];
        const env = { GOFLOW_CONFIG_DIR: root };
        const run = async (args: string[], stdin?: string) => {
          const result = await runDeno(join(PROJECT, "src/cli/main.ts"), {
            flags,
            args,
            env,
            ...(stdin === undefined ? {} : { stdin }),
          });
          assertEquals(result.code, 0, `${args.join(" ")}: ${result.stderr}`);
          return result;
        };
        const draft = join(folder, "nightly.yaml");
        await Deno.writeTextFile(draft, DRAFT);

        assertStringIncludes((await run(["doctor"])).stdout, "does not exist");
        await run(["workflow", "save", draft, "--strict"]);
        assertStringIncludes((await run(["workflow", "list"])).stdout, "\nnightly  nightly");
        assertStringIncludes(
          (await run(["workflow", "show", "nightly", "--graph"])).stdout,
          "start\nend [end done]\n",
        );

        const file = join(root, "workflows", "nightly.yaml");
        const text = await Deno.readTextFile(file);
        const watch = denoCommand(join(PROJECT, "src/cli/main.ts"), {
          flags,
          args: ["workflow", "watch", "--initial", "--ndjson"],
          env,
        }).spawn();
        const events = watch.stdout.pipeThrough(new TextDecoderStream()).getReader();
        assertStringIncludes((await events.read()).value!, '"created"');
        await Deno.writeTextFile(file, `# by hand\n${text.replace("done", "finished")}`);
        assertStringIncludes((await events.read()).value!, '"changed"');
        watch.kill("SIGINT");
        assertStringIncludes(await new Response(watch.stderr).text(), "Stopped after 2 events");
        assertEquals((await watch.status).code, 0);
        await events.cancel();
        await run(["workflow", "validate", "nightly"]);
        assertStringIncludes((await run(["workflow", "diff", "nightly"])).stdout, "+# by hand");
        await run(["workflow", "tag", "nightly", "by-hand"]);

        const execution = Execution.create("nightly", "1.0");
        execution.start();
        execution.complete("finished");
        {
          using store = await SQLiteExecutionRepository.open({ root, driver: "builtin" });
          await store.record(execution);
        }
        assertStringIncludes((await run(["execution", "list"])).stdout, "nightly   completed");
        assertStringIncludes((await run(["execution", "show", execution.id])).stdout, "Run  ");
        assertStringIncludes((await run(["db", "info"])).stdout, "\nExecutions  1\n");

        assertStringIncludes((await run(["execution", "stats"])).stdout, "Success   100.0 %\n");
        assertStringIncludes((await run(["db", "check"])).stdout, "Nothing is wrong\n");
        const copy = join(root, "copy.db");
        await run(["db", "backup", copy]);
        const prune = ["execution", "prune", "--max-count", "0", "--drop-last-success", "--yes"];
        assertStringIncludes((await run(prune)).stderr, "Deleted 1 runs");
        assertStringIncludes((await run(["execution", "list"])).stderr, "No executions found");
        await run(["db", "restore", copy, "--yes"]);
        assertStringIncludes((await run(["execution", "list"])).stdout, execution.id);

        await run(["credential", "set", "mail:token", "--stdin", "--expires", "2d"], "one");
        await run(["credential", "rotate", "mail:token", "--stdin"], "two");
        assertEquals((await run(["credential", "get", "mail:token"])).stdout, "two");
        assertStringIncludes((await run(["credential", "list"])).stdout, "mail:token");

        await run(["workflow", "delete", "nightly", "--yes"]);
        await run(["workflow", "restore", "nightly", "by-hand"]);
        assertStringIncludes(await Deno.readTextFile(file), "# by hand");
        await run(["execution", "delete", execution.id, "--yes"]);
        await run(["credential", "delete", "mail:token", "--yes"]);
        const { findings } = JSON.parse((await run(["doctor", "--json"])).stdout);
        assert(findings.every(({ status }: { status: string }) => status === "ok"), findings);
      })
    ),
);
