import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { type ChildOptions, type ChildOutput, PROJECT, runDeno } from "../helpers/child.ts";
import { testNeeding } from "../helpers/skip.ts";
import { GnomeKeyring, gnomeKeyring } from "../credentials/gnome_keyring.ts";
import { fakePrograms } from "../credentials/fakes.ts";
import { cli, withRoot } from "./cli.ts";
import { withFakeKeyring } from "./keyring.ts";

const NO_KEYRING = { DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent" };

async function runCli(args: string[], options: ChildOptions = {}): Promise<ChildOutput> {
  return await runDeno(join(PROJECT, "src/cli/main.ts"), { flags: ["-A"], args, ...options });
}

Deno.test("example shows every store in the folder that it names, without a keyring too", () =>
  withRoot(async (root) => {
    const { code, stdout, stderr } = await runCli(["example", "--root", root], { env: NO_KEYRING });
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertStringIncludes(stdout, `All data of this example is in ${root}`);
    for (
      const step of [
        `saved     ${join(root, "workflows", "order-import.yaml")} (11 nodes of 8 types)`,
        '"order-import" again: nothing changed, not written',
        "listed    4 workflows, 0 unreadable",
        'validated "invoice-triage": valid',
        'validated "draft": At least one end node is wanted, none found',
        `pending in ${join(root, "goflow.db")}`,
        'node "list": failed, then completed after 1 retry',
        "3 node executions, 3 snapshots",
        "completed, failed, skipped",
        'by workflow "order-import": 1 run',
        "gone, 0 of its node executions and snapshots left",
        "no keyring: ",
        "going on with a keyring in memory, for this part only",
        'listed    "erp:token", "shop:login"',
        "deleted   both, 0 left",
      ]
    ) assertStringIncludes(stdout, step);
    const files = [...Deno.readDirSync(join(root, "workflows"))].map((entry) => entry.name);
    assert(files.includes("order-import.yaml") && !files.includes("draft.yaml"));
  }));

Deno.test("example refuses a folder that holds something", () =>
  withRoot(async (root) => {
    await Deno.writeTextFile(join(root, "mine.txt"), "mine");
    const { code, stderr } = await runCli(["example", "--root", root]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "mine.txt");
    assertEquals([...Deno.readDirSync(root)].length, 1);
  }));

Deno.test("verify ends with a verdict and exit code 6 when only the keyring is out of reach", () =>
  withRoot(async (folder) => {
    const root = join(folder, "fresh");
    const { code, stdout } = await runCli(["verify", "--root", root], { env: NO_KEYRING });
    assertEquals(code, 6, stdout);
    assertStringIncludes(stdout, "ok      workflows: ");
    assertStringIncludes(stdout, "ok      executions: ");
    assertStringIncludes(stdout, "driver builtin, SQLite 3.");
    assertStringIncludes(stdout, 'failed  credentials: Cannot set credential "verify:');
    assert(!stdout.includes("clean-up"), stdout);
    assertStringIncludes(stdout, "Verdict: 1 of 3 stores cannot be used");
    assertEquals([...Deno.readDirSync(folder)], [], "the temporary root was left behind");
  }));

Deno.test("verify ends with exit code 1 when a store fails", async () => {
  const { code, stdout } = await runCli(["verify"], {
    env: NO_KEYRING,
    flags: ["--allow-read", "--allow-write", "--deny-run"],
  });
  assertEquals(code, 1, stdout);
  assertStringIncludes(stdout, "--allow-run=");
});

testNeeding(
  gnomeKeyring,
  "example stores its credentials in a real keyring and leaves nothing in it",
  async () => {
    await using gnome = await GnomeKeyring.start();
    const keyring = gnome.keyring();
    await keyring.set("goflow", "mine", "value");
    const root = join(gnome.home, "fresh");
    const { DBUS_SESSION_BUS_ADDRESS = "" } = gnome.env;
    const env = { DBUS_SESSION_BUS_ADDRESS };
    const { code, stdout, stderr } = await runCli(["example", "--root", root], { env });
    assertEquals({ code, stderr }, { code: 0, stderr: "" }, stdout);
    assert(!stdout.includes("no keyring"), stdout);
    assertStringIncludes(stdout, 'listed    "erp:token", "shop:login"');
    assertStringIncludes(stdout, "deleted   both, 0 left");
    for (const service of ["goflow-example", "goflow-example.meta", "goflow-example.next"]) {
      assertEquals(await keyring.list(service), [], service);
    }
    assertEquals(await keyring.list("goflow"), ["mine"]);
  },
);

testNeeding(gnomeKeyring, "verify leaves nothing in a real keyring", async () => {
  await using gnome = await GnomeKeyring.start();
  const { DBUS_SESSION_BUS_ADDRESS = "" } = gnome.env;
  const { code, stdout } = await runCli(["verify"], { env: { DBUS_SESSION_BUS_ADDRESS } });
  assertEquals(code, 0, stdout);
  for (const service of ["goflow", "goflow.meta", "goflow.next"]) {
    assertEquals(await gnome.keyring().list(service), [], service);
  }
});

testNeeding(
  fakePrograms,
  "verify deletes its key when it fails half-way",
  () =>
    withFakeKeyring((fake) =>
      withRoot(async (root) => {
        const verify = async (mode: string) => {
          await fake.setMode(mode);
          const { code, stdout } = await cli(["verify", "--root", join(root, "fresh")]);
          assertEquals(code, 1, stdout);
          assertStringIncludes(stdout, 'failed  credentials: Cannot set credential "verify:');
          assertEquals([...Deno.readDirSync(root)], [], "the temporary root was left behind");
          const files = [...Deno.readDirSync(fake.folder)].map(({ name }) => name);
          return { stdout, items: files.filter((name) => name.endsWith(".item")).length };
        };
        // The value gets stored, and the index does not.
        const halfway = await verify("broken-list");
        assert(!halfway.stdout.includes("clean-up"), halfway.stdout);
        assertEquals(halfway.items, 0);
        // It cannot be deleted either: that is said, with the key.
        const stuck = await verify("stuck");
        assertStringIncludes(stuck.stdout, 'clean-up of "verify:');
        assertEquals(stuck.items, 1);
      })
    ),
);
