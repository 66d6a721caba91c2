/** The command `verify` on a machine with a keyring. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { GnomeKeyring, gnomeKeyring } from "../credentials/gnome_keyring.ts";
import { PROJECT, runDeno } from "../helpers/child.ts";
import { testNeeding } from "../helpers/skip.ts";

testNeeding(
  gnomeKeyring,
  "verify ends with exit code 0 when all works, and leaves no credential and no folder behind",
  async () => {
    await using gnome = await GnomeKeyring.start();
    const temporary = await Deno.makeTempDir();
    const { DBUS_SESSION_BUS_ADDRESS = "", XDG_RUNTIME_DIR = "" } = gnome.env;
    const { code, stdout, stderr } = await runDeno(join(PROJECT, "src/cli/main.ts"), {
      flags: ["-A"],
      args: ["verify"],
      env: { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR, TMPDIR: temporary },
    });

    assertEquals({ code, stderr }, { code: 0, stderr: "" }, stdout);
    assertStringIncludes(stdout, "ok      credentials: ");
    assertStringIncludes(stdout, "Verdict: everything works on this machine");
    for (const service of ["goflow", "goflow.meta", "goflow.prev"]) {
      const accounts = await gnome.keyring().list(service);
      assertEquals(accounts.filter((account) => account !== "__goflow_index__"), [], service);
    }
    assertEquals([...Deno.readDirSync(temporary)], []);
    await Deno.remove(temporary);
  },
);
