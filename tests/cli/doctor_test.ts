import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { findingsOf } from "../../src/cli/doctor/finding.ts";
import {
  DatabaseError,
  KeyringError,
  PermissionDeniedError,
  StorageError,
} from "../../src/domain/errors.ts";
import { Execution } from "../../src/domain/execution.ts";
import { DatabaseSync } from "node:sqlite";
import { diskFindings } from "../../src/cli/doctor/check_folder.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { testNeeding } from "../helpers/skip.ts";
import { TempFolder } from "../helpers/temp_folder.ts";
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
        await Deno.writeTextFile(join(workflows, "renamed.yaml"), "id: other\nname: other\n");
        await Deno.mkdir(join(root, "templates"));
        await Deno.writeTextFile(join(root, "templates", "bad.yaml"), "name: [");
        await Deno.writeTextFile(
          join(root, "templates", "etl.yaml"),
          "name: etl\nparameters: [{ name: a, type: color }]\nworkflow_spec: { name: etl }\n",
        );
        const left = join(root, "goflow-1234 a.tmp");
        for (const path of [left, `${left}-journal`, `${left}-wal`]) {
          await Deno.writeTextFile(path, "");
          await Deno.utime(path, 0, 0);
        }
        const work = join(root, "saved.db.1234.work.tmp");
        await Deno.mkdir(work);
        await Deno.utime(work, 0, 0);
        await Deno.writeTextFile(join(root, "goflow-5678.tmp"), "of a living program");
        await Deno.writeTextFile(join(root, "credentials.vault"), "", { mode: 0o644 });
        {
          using store = await SQLiteExecutionRepository.open({ root, driver: "builtin" });
          const run = Execution.create("a", "1.0");
          run.id = "lost; id";
          await store.record(run);
          await store.lease("lost; id", "engine", 1);
        }
        await setMode("no-bus");
        const { code, findings } = await doctor(root);
        assertEquals(code, 1);
        const find = (part: string) => findings.find(({ finding }) => finding.includes(part));
        assertEquals(find("broken")?.cure, `edit ${join(workflows, "broken.yaml")}`);
        assertEquals(find("start node")?.cure, `goflow-storage --root ${root} workflow edit draft`);
        assertEquals(find('"leak" holds a secret (github-token)')?.status, "failed");
        assertStringIncludes(find("0o17")!.finding, '"draft", line 2: ');
        assertStringIncludes(find("is open to other users")!.cure!, "chmod go= ");
        assertEquals(find("journal mode wal")?.status, "ok");
        assertEquals(
          find('"lost; id" is gone')?.cure,
          `goflow-storage --root ${root} execution interrupt 'lost; id'`,
        );
        assertEquals(
          find('its name "renamed" wins')?.cure,
          `edit ${join(workflows, "renamed.yaml")}`,
        );
        const template = join(root, "templates", "bad.yaml");
        assertEquals(findings.find(({ cure }) => cure === `edit ${template}`)?.status, "failed");
        assertStringIncludes(find('"etl": ')!.finding, "color");
        assertEquals(find("goflow-1234 a.tmp was left")?.cure, `rm '${left}'`);
        assertEquals(find("goflow-1234 a.tmp-journal was left")?.cure, `rm '${left}-journal'`);
        assertEquals(find("goflow-1234 a.tmp-wal was left")?.cure, `rm '${left}-wal'`);
        assertEquals(find("work.tmp was left")?.cure, `rm -r ${work}`);
        assertEquals(find("goflow-5678"), undefined);
        for (const { status, finding, cure } of findings) {
          assert(status === "ok" || cure, `${finding} has no cure`);
        }
        const keyring = findings.at(-1)!;
        assertEquals([keyring.status, keyring.area], ["failed", "credentials"]);
        assertStringIncludes(keyring.cure!, "--keyring vault");
      })
    ),
);

testNeeding(
  fakeKeyring,
  "doctor proposes commands that can be pasted, and keeps each in one line",
  () =>
    withFakeKeyring(() =>
      withRoot(async (folder) => {
        const root = join(folder, "it's here");
        {
          using store = await SQLiteExecutionRepository.open({ root, driver: "builtin" });
          const run = Execution.create("a", "1.0");
          run.id = "-lost id";
          await store.record(run);
          await store.lease(run.id, "engine", 1);
        }
        const shown = { terminal: true, columns: 60 };
        const { stdout } = await cli(["doctor", "--root", root], shown);
        const [, cure] = stdout.match(/Cure: (goflow-storage .*interrupt.*)/)!;
        const pasted = await new Deno.Command("sh", {
          args: ["-c", `printf '%s\\0' ${cure}`],
        }).output();
        const words = new TextDecoder().decode(pasted.stdout).split("\0").slice(1, -1);
        const done = await cli(words, { ...shown, stdin: "y\n" });
        assertEquals(done.code, 0, `${cure} ${done.stderr}`);
        using store = await SQLiteExecutionRepository.open({ root, driver: "builtin" });
        assertEquals(await store.listAbandoned(), []);
      })
    ),
);

testNeeding(
  fakeKeyring,
  "doctor exits with 6 when only the keyring fails, and prints lines that fit",
  () =>
    withFakeKeyring(({ setMode }) =>
      withRoot(async (root) => {
        await setMode("no-service");
        const { code, stdout } = await cli(["doctor", "--root", root]);
        assertEquals(code, 6);
        assert(/^ok +machine +Deno /.test(stdout), stdout);
        assert(/\nfailed +credentials +.*\n(?: {22}.+\n)* {22}Cure: /.test(stdout), stdout);
        const { stdout: narrow } = await cli(["doctor", "--root", root], {
          terminal: true,
          columns: 60,
        });
        for (const line of narrow.split("\n").filter((text) => !text.includes("/"))) {
          assert(line.length <= 60, line);
        }
      })
    ),
);

testNeeding(
  fakeKeyring,
  "doctor goes on when a store cannot be opened, and names the cure",
  () =>
    withFakeKeyring(({ setMode }) =>
      withRoot(async (root) => {
        const database = join(root, "goflow.db");
        const cureOf = async (area: string) => {
          const { code, findings } = await doctor(root);
          const failed = findings.filter(({ status }) => status === "failed");
          assertEquals(failed.map((finding) => finding.area), [area]);
          return { code, cure: failed[0]!.cure };
        };
        await Deno.writeTextFile(database, "no database at all\n".repeat(50));
        assertEquals(await cureOf("executions"), {
          code: 1,
          cure: "pass the right --root, or move the file away",
        });
        await Deno.remove(database);
        (await SQLiteExecutionRepository.open({ root, driver: "builtin" })).close();
        {
          using newer = new DatabaseSync(database);
          newer.exec("INSERT INTO migrations (version) VALUES (999)");
        }
        assertEquals(await cureOf("executions"), { code: 1, cure: "use a newer goflow-storage" });
        await Deno.remove(database);
        await setMode("no-service");
        assertEquals((await cureOf("credentials")).code, 6);
        const file = join(root, "file");
        await Deno.writeTextFile(file, "");
        const found = (await doctor(file)).findings.find(({ area }) => area === "folder");
        assertEquals(found?.cure, "pass a folder to --root, or set GOFLOW_CONFIG_DIR to one");
      })
    ),
);

/** Whether a cure is none of our commands, or one that is understood as it stands. */
async function canBePasted(cure: string): Promise<boolean> {
  await using empty = await TempFolder.make();
  const [program, ...words] = cure.split(" ");
  return program !== "goflow-storage" || (await cli([...words, "--root", empty.path])).code !== 2;
}

Deno.test("doctor warns of a full disk and of one on the network", async () => {
  assertEquals(diskFindings("/data", 200e9, 0xef53), []);
  const [full] = diskFindings("/data", 3e6, 0xef53);
  assertEquals(full?.finding, "Only 3.0 MB are free on the disk of /data");
  assert(await canBePasted(full!.cure!), full?.cure);
  const [network] = diskFindings("/data", 200e9, 0x6969);
  assertStringIncludes(network!.finding, "network file system (NFS)");
});

Deno.test("doctor knows a cure for every error of a store", async () => {
  const message = "Cannot open it";
  const keyring = ["locked", "unavailable", "too-large", "timeout", "failed"] as const;
  const database = ["busy", "full", "corrupt", "not-a-database", "newer-schema", "io"] as const;
  const errors = [
    ...keyring.map((reason) => new KeyringError(message, { reason })),
    ...database.map((code) => new DatabaseError(message, { code })),
    new PermissionDeniedError(message, { resource: "/data", flag: "--allow-read=/data" }),
    new PermissionDeniedError(message, { resource: "/data" }),
    new StorageError(message),
  ];
  for (const error of errors) {
    const [finding] = await findingsOf("folder", () => Promise.reject(error));
    assertEquals([finding?.status, finding?.finding], ["failed", message]);
    assert(finding?.cure, error.name);
    assert(await canBePasted(finding.cure), finding.cure);
  }
});
