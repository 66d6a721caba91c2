import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { Execution } from "../../src/domain/execution.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { testNeeding } from "../helpers/skip.ts";
import { cli, withRoot } from "./cli.ts";
import { fakeKeyring, withFakeKeyring } from "./keyring.ts";

interface Finding {
  status: string;
  area: string;
  finding: string;
  cure?: string;
}

async function doctor(root: string): Promise<{ code: number; findings: Finding[] }> {
  const { code, stdout } = await cli(["doctor", "--json", "--root", root]);
  return { code, findings: JSON.parse(stdout).findings };
}

testNeeding(
  fakeKeyring,
  "doctor finds nothing wrong in a fresh folder, and creates nothing",
  () =>
    withFakeKeyring(() =>
      withRoot(async (folder) => {
        const root = join(folder, "fresh");
        const { code, findings } = await doctor(root);
        assertEquals(code, 0);
        assertEquals(findings.filter(({ status }) => status !== "ok").map(({ area }) => area), [
          "folder",
        ]);
        assertEquals([...Deno.readDirSync(folder)], []);
      })
    ),
);

testNeeding(
  fakeKeyring,
  "doctor names the cure of each finding",
  () =>
    withFakeKeyring(({ setMode }) =>
      withRoot(async (root) => {
        const workflows = join(root, "workflows");
        await Deno.mkdir(workflows);
        await Deno.writeTextFile(join(workflows, "broken.yaml"), "name: [");
        await Deno.writeTextFile(join(workflows, "draft.yaml"), "name: draft\nextra: 0o17\n");
        await Deno.writeTextFile(
          join(workflows, "leak.yaml"),
          `name: leak\ndescription: ghp_${"a1B2".repeat(9)}\n`,
        );
        await Deno.writeTextFile(join(root, "credentials.vault"), "", { mode: 0o644 });
        {
          using store = await SQLiteExecutionRepository.open({ root, driver: "builtin" });
          const run = Execution.create("a", "1.0");
          run.id = "lost";
          await store.record(run);
          await store.lease("lost", "engine", 1);
        }
        await setMode("no-bus");
        const { code, findings } = await doctor(root);
        assertEquals(code, 1);
        const find = (part: string) => findings.find(({ finding }) => finding.includes(part));
        assertEquals(find("broken")?.cure, `edit ${join(workflows, "broken.yaml")}`);
        assertEquals(find("start node")?.cure, "goflow-storage workflow edit draft");
        assertEquals(find('"leak" holds a secret (github-token)')?.status, "failed");
        assertStringIncludes(find("0o17")!.finding, '"draft", line 2: ');
        assertStringIncludes(find("is open to other users")!.cure!, "chmod go= ");
        assertEquals(find("journal mode wal")?.status, "ok");
        assertEquals(find('"lost" is gone')?.cure, "goflow-storage execution interrupt lost");
        assertEquals(find('"lost" is gone')?.cure, "goflow-storage execution interrupt lost");
        const keyring = findings.at(-1)!;
        assertEquals([keyring.status, keyring.area], ["failed", "credentials"]);
        assertStringIncludes(keyring.cure!, "--keyring vault");
      })
    ),
);

testNeeding(
  fakeKeyring,
  "doctor exits with 6 when only the keyring fails, and prints a table",
  () =>
    withFakeKeyring(({ setMode }) =>
      withRoot(async (root) => {
        await setMode("no-service");
        const { code, stdout } = await cli(["doctor", "--root", root]);
        assertEquals(code, 6);
        assert(/^STATUS +AREA +FINDING +CURE\nok +machine +Deno /.test(stdout), stdout);
      })
    ),
);
