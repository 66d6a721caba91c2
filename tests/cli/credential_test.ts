import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { FakeItems } from "../credentials/fakes/items.ts";
import { testNeeding } from "../helpers/skip.ts";
import { cli, type CliOptions, type CliResult, withRoot } from "./cli.ts";
import { fakeKeyring, withFakeKeyring } from "./keyring.ts";

interface Keyring {
  run(args: string[], options?: CliOptions): Promise<CliResult>;
  setMode(mode: string): Promise<void>;
  folder: string;
}

async function withKeyring(test: (keyring: Keyring) => Promise<void>): Promise<void> {
  await withFakeKeyring(({ setMode, folder }) =>
    withRoot((root) =>
      test({
        run: (args, options) => cli(["credential", ...args, "--root", root], options),
        setMode,
        folder,
      })
    )
  );
}

testNeeding(
  fakeKeyring,
  "credential set takes the value from --stdin without its line end, get prints exactly it",
  () =>
    withKeyring(async ({ run }) => {
      const set = await run(["set", "a:b", "--stdin"], { stdin: "two\nlines ✓\n" });
      assertEquals(set, { code: 0, stdout: "", stderr: 'Stored credential "a:b"\n' });
      assertEquals(await run(["get", "a:b"]), { code: 0, stdout: "two\nlines ✓", stderr: "" });
    }),
);

testNeeding(
  fakeKeyring,
  "credential set and rotate refuse the nothing that a program leaves which failed",
  () =>
    withKeyring(async ({ run }) => {
      await run(["set", "k", "--stdin"], { stdin: "value" });
      for (const args of [["set", "k", "--yes"], ["set", "new"], ["rotate", "k"]]) {
        const { code, stderr } = await run([...args, "--stdin"]);
        assertEquals(code, 2);
        assertStringIncludes(stderr, "Standard input is empty, nothing was changed");
      }
      assertEquals((await run(["get", "k"])).stdout, "value");
      assertEquals((await run(["list", "-q"])).stdout, "k\n");
      assertEquals((await run(["set", "k", "--stdin", "--yes"], { stdin: "\n" })).code, 0);
      assertEquals((await run(["get", "k"])).stdout, "");
    }),
);

testNeeding(
  fakeKeyring,
  "credential set and rotate do not show a value that was given as an argument",
  () =>
    withKeyring(async ({ run }) => {
      for (const command of ["set", "rotate"]) {
        const refusal = async (...args: string[]) => {
          const { code, stderr } = await run([command, "k", ...args]);
          assertEquals(code, 2);
          assert(!stderr.includes("hunter2"), stderr);
          return stderr;
        };
        assertStringIncludes(await refusal("hunter2"), "the value is typed, or read by --stdin");
        assertStringIncludes(await refusal("--stdin=hunter2"), '"--stdin" takes no value\n');
      }
    }),
);

testNeeding(
  fakeKeyring,
  "credential set switches the echo off before it asks, and takes corrections",
  () =>
    withKeyring(async ({ run }) => {
      const events: string[] = [];
      const { code, stderr } = await run(["set", "k"], {
        terminal: true,
        stdin: "wrong\x15ü😀\x7f!\x08ok\r",
        onWrite: (_, text) => events.push(text),
      });
      assertEquals(code, 0, stderr);
      assertEquals(events, [
        "<echo off>",
        'Value of "k": ',
        "<echo on>",
        "\n",
        'Stored credential "k"\n',
      ]);
      assertEquals((await run(["get", "k"])).stdout, "üok");
    }),
);

testNeeding(
  fakeKeyring,
  "credential set stores nothing on Ctrl-C, and switches the echo on again",
  () =>
    withKeyring(async ({ run }) => {
      const events: string[] = [];
      const { code } = await run(["set", "k"], {
        terminal: true,
        stdin: "half\x03",
        onWrite: (_, text) => events.push(text),
      });
      assertEquals(code, 130);
      assertEquals(events.at(-1), "Interrupted\n");
      assert(events.includes("<echo on>"));
      assertEquals((await run(["list"])).stderr, "No credentials found\n");
    }),
);

testNeeding(
  fakeKeyring,
  "credential set stores nothing that was typed in another encoding, and nothing on Ctrl-D alone",
  () =>
    withKeyring(async ({ run }) => {
      const latin1 = await run(["set", "k"], {
        terminal: true,
        stdin: Uint8Array.from([0x63, 0xe9, 13]),
      });
      assertEquals(latin1.code, 2);
      assertStringIncludes(latin1.stderr, "What was typed is not UTF-8 text");
      assertEquals((await run(["set", "k"], { terminal: true, stdin: "\x04" })).code, 130);
      assertEquals((await run(["set", "k"], { terminal: true, stdin: "half" })).code, 130);
      assertEquals((await run(["list"])).stderr, "No credentials found\n");
      assertEquals((await run(["set", "k"], { terminal: true, stdin: "all\x04" })).code, 0);
      assertEquals((await run(["get", "k"])).stdout, "all");
    }),
);

testNeeding(
  fakeKeyring,
  "credential set replaces a credential only when asked to",
  () =>
    withKeyring(async ({ run }) => {
      await run(["set", "k", "--stdin"], { stdin: "old" });
      const piped = await run(["set", "k", "--stdin"], { stdin: "new" });
      assertEquals(piped.code, 4);
      assertStringIncludes(piped.stderr, "pass --yes");
      const refused = await run(["set", "k"], { terminal: true, stdin: "n\n" });
      assertEquals(refused.code, 1);
      assertStringIncludes(refused.stderr, 'Replace credential "k"? [y/N] Nothing was done\n');
      assertEquals((await run(["get", "k"])).stdout, "old");
      assertEquals((await run(["set", "k"], { terminal: true, stdin: "y\nnew\r" })).code, 0);
      assertEquals((await run(["get", "k"])).stdout, "new");
    }),
);

testNeeding(
  fakeKeyring,
  "credential get prints to a terminal only with --reveal",
  () =>
    withKeyring(async ({ run }) => {
      await run(["set", "k", "--stdin"], { stdin: "value" });
      const hidden = await run(["get", "k"], { terminal: true });
      assertEquals([hidden.code, hidden.stdout], [2, ""]);
      assertStringIncludes(hidden.stderr, "pass --reveal");
      const shown = await run(["get", "k", "--reveal"], { terminal: true });
      assertEquals(shown, { code: 0, stdout: "value\n", stderr: "" });
    }),
);

testNeeding(
  fakeKeyring,
  "credential list prints keys as a table, JSON and one record per line",
  () =>
    withKeyring(async ({ run }) => {
      assertEquals(await run(["list"]), { code: 0, stdout: "", stderr: "No credentials found\n" });
      assertEquals(JSON.parse((await run(["list", "--json"])).stdout), { credentials: [] });
      for (const key of ["b:x", "a:y"]) await run(["set", key, "--stdin"], { stdin: "v" });
      assertEquals((await run(["list"])).stdout, "KEY\na:y\nb:x\n");
      assertEquals(JSON.parse((await run(["list", "--json"])).stdout), {
        credentials: [{ key: "a:y" }, { key: "b:x" }],
      });
      assertEquals((await run(["list", "--ndjson"])).stdout, '{"key":"a:y"}\n{"key":"b:x"}\n');
      await run(["set", "c\u202ez", "--stdin"], { stdin: "v" });
      assertEquals((await run(["list", "-q"])).stdout, "a:y\nb:x\nc\u202ez\n");
      assertEquals((await run(["list", "-q"], { terminal: true })).stdout, "a:y\nb:x\nc\\u202ez\n");
    }),
);

testNeeding(
  fakeKeyring,
  "credential describe and expiring show times and states, never the value",
  () =>
    withKeyring(async ({ run }) => {
      const times = ["--expires", "2h", "--rotate-after", "400d"];
      await run(["set", "soon", "--stdin", ...times], { stdin: "s3cret" });
      await run(["set", "never", "--stdin"], { stdin: "s3cret" });
      const { stdout } = await run(["describe", "soon"]);
      assertStringIncludes(
        stdout,
        "Key           soon\nSize          6 bytes\nVersion       1\n",
      );
      assert(!stdout.includes("s3cret"));
      const described = JSON.parse((await run(["describe", "soon", "--json"])).stdout);
      assertEquals([described.key, described.size, described.expired], ["soon", 6, false]);
      assert(new Date(described.expires_at).getTime() > Date.now());
      const expiring = JSON.parse((await run(["expiring", "--json"])).stdout);
      assertEquals(expiring.credentials.map(({ key }: { key: string }) => key), ["soon"]);
      const table = await run(["expiring", "--within", "3h"]);
      assert(/^KEY +EXPIRES +ROTATION DUE +STATE\nsoon /.test(table.stdout), table.stdout);
      assertStringIncludes((await run(["expiring", "--within", "1h"])).stderr, "No credential ");
    }),
);

testNeeding(
  fakeKeyring,
  "credential delete shows its plan, asks, and deletes nothing unless all exist",
  () =>
    withKeyring(async ({ run }) => {
      for (const key of ["a", "b"]) await run(["set", key, "--stdin"], { stdin: "v" });
      assertEquals((await run(["delete", "a", "none", "--yes"])).code, 3);
      const dry = await run(["delete", "a", "b", "--dry-run"]);
      assertEquals([dry.code, dry.stdout], [0, ""]);
      assertStringIncludes(dry.stderr, 'Delete credentials "a", "b"\nNothing was done');
      const unasked = await run(["delete", "a"]);
      assertEquals(unasked.code, 2);
      assertStringIncludes(unasked.stderr, "pass --yes");
      assertEquals((await run(["list"])).stdout, "KEY\na\nb\n");
      assertEquals((await run(["delete", "a"], { terminal: true, stdin: "y\n" })).code, 0);
      assertEquals((await run(["list"])).stdout, "KEY\nb\n");
      assertEquals((await run(["delete", "b", "b", "--yes"])).code, 0);
    }),
);

testNeeding(
  fakeKeyring,
  "credential delete deletes a value that cannot be read, as another program may have stored",
  () =>
    withKeyring(async ({ run, folder }) => {
      const attributes = { service: "goflow", username: "raw" };
      const name = JSON.stringify(Object.entries(attributes));
      new FakeItems(folder).write(name, { attributes, secret: "\xff" });
      assertEquals((await run(["get", "raw"])).code, 1);
      assertEquals((await run(["delete", "raw", "--yes"])).code, 0);
      assertEquals((await run(["list"])).stderr, "No credentials found\n");
    }),
);

testNeeding(
  fakeKeyring,
  "credential rotate keeps the old value, tries the new one and can go back",
  () =>
    withKeyring(async ({ run }) => {
      await run(["set", "k", "--stdin"], { stdin: "one" });
      assertEquals((await run(["rotate", "k", "--stdin"], { stdin: "two" })).code, 0);
      assertEquals((await run(["get", "k"])).stdout, "two");
      assertEquals((await run(["get", "k", "--previous"])).stdout, "one");
      const rejected = await run(["rotate", "k", "--stdin", "--verify", "false"], { stdin: "bad" });
      assertEquals(rejected.code, 1);
      assertEquals((await run(["get", "k"])).stdout, "two");
      const missing = await run(["rotate", "k", "--stdin", "--verify", "/no/such"], { stdin: "x" });
      assertEquals(missing.code, 3);
      assertStringIncludes(missing.stderr, 'with "/no/such": there is no such program');
      assertEquals((await run(["rotate", "k", "--roll-back"])).code, 0);
      assertEquals((await run(["get", "k"])).stdout, "one");
      assertEquals((await run(["rotate", "none", "--stdin"], { stdin: "x" })).code, 3);
    }),
);

testNeeding(
  fakeKeyring,
  "credential --tenant works on isolated credentials, tenants lists and deletes them",
  () =>
    withKeyring(async ({ run }) => {
      await run(["set", "k", "--stdin", "--tenant", "acme"], { stdin: "hers" });
      assertEquals((await run(["get", "k"])).code, 3);
      assertEquals((await run(["get", "k", "--tenant", "acme"])).stdout, "hers");
      assertEquals((await run(["tenants"])).stdout, "TENANT\nacme\n");
      const dry = await run(["tenants", "--delete", "acme", "--dry-run"]);
      assertStringIncludes(dry.stderr, 'Delete tenant "acme" with its 1 credentials');
      assertEquals((await run(["tenants", "--delete", "acme", "--yes"])).code, 0);
      assertEquals((await run(["tenants"])).stderr, "No tenants found\n");
      assertEquals((await run(["list", "--tenant", "../x"])).code, 1);
    }),
);

testNeeding(
  fakeKeyring,
  "credential exits with 6 and the cure when the keyring is locked or unavailable",
  () =>
    withKeyring(async ({ run, setMode }) => {
      await run(["set", "k", "--stdin"], { stdin: "v" });
      for (const mode of ["locked", "no-bus", "no-service"]) {
        await setMode(mode);
        const { code, stdout, stderr } = await run(["get", "k"]);
        assertEquals({ mode, code, stdout }, { mode, code: 6, stdout: "" });
        assert(stderr.startsWith('Cannot read credential "k"'), stderr);
      }
    }),
);

Deno.test("credential --keyring vault works without a keyring, under a passphrase typed twice", () =>
  withRoot(async (root) => {
    const run = (args: string[], options?: CliOptions) =>
      cli(["credential", ...args, "--keyring", "vault", "--root", root], options);
    const typed = (text: string) => ({ terminal: true, stdin: text });
    assertEquals((await run(["set", "k"], typed("value\rpass\rother\r"))).code, 1);
    const set = await run(["set", "k"], typed("value\rpass\rpass\r"));
    assertEquals(set.code, 0, set.stderr);
    const path = join(root, "credentials.vault");
    assertStringIncludes(set.stderr, `New passphrase for "${path}": \nThe same again: \n`);
    assertEquals((await run(["get", "k", "--reveal"], typed("pass\r"))).stdout, "value\n");
    assert((await run(["get", "k", "--reveal"], typed("wrong\r"))).code !== 0);
    const file = join(root, "passphrase");
    await Deno.writeTextFile(file, "pass\n");
    assertEquals((await run(["get", "k", "--passphrase-file", file])).stdout, "value");
    const unasked = await run(["get", "k"]);
    assertEquals(unasked.code, 2);
    const both = ["--stdin", "--passphrase-file", "-"];
    for (const more of [[], ["--yes"]]) {
      const twice = await run(["set", "other", ...both, ...more], { stdin: "pass\nvalue" });
      assertEquals(twice.code, 2);
      assertStringIncludes(twice.stderr, "Standard input can be read once");
    }
    assertEquals((await run(["list", "-q", ...both.slice(1)], { stdin: "pass\n" })).stdout, "k\n");
    const copied = await run(["copy", "--to-tenant", "acme"], typed("pass\r"));
    assertEquals([copied.code, copied.stderr.match(/Passphrase/g)?.length], [0, 1]);
    // The bar is taken away before.
    assertStringIncludes(copied.stderr, '\r\x1b[KCopied credential "k"\n');
    const args = ["credential", "passphrase", "--root", root];
    assertEquals((await cli(args, typed("pass\rnext\rnext\r"))).code, 0);
    assertEquals((await run(["get", "k", "--reveal"], typed("next\r"))).stdout, "value\n");
  }));

testNeeding(
  fakeKeyring,
  "credential copy moves credentials to the vault and to a tenant",
  () =>
    withKeyring(async ({ run }) => {
      const file = await Deno.makeTempFile();
      try {
        await Deno.writeTextFile(file, "pass\n");
        const pass = ["--passphrase-file", file];
        for (const key of ["a", "b"]) await run(["set", key, "--stdin"], { stdin: `of ${key}` });
        assertEquals((await run(["copy"])).code, 2);
        const { code, stdout } = await run(["copy", "--to", "vault", "--json", ...pass]);
        assertEquals([code, JSON.parse(stdout)], [0, { copied: ["a", "b"], unchanged: [] }]);
        const vault = ["--keyring", "vault", ...pass];
        assertEquals((await run(["get", "b", ...vault])).stdout, "of b");
        const again = await run(["copy", "a", "--to", "vault", ...pass]);
        assertEquals(again.stderr, "1 were the same already\n");
        await run(["set", "a", "--stdin", "--yes", ...vault], { stdin: "another" });
        assertEquals((await run(["copy", "a", "--to", "vault", ...pass])).code, 4);
        assertEquals((await run(["copy", "a", "--to", "vault", "--overwrite", ...pass])).code, 0);
        assertEquals((await run(["copy", "a", "--to-tenant", "acme"])).code, 0);
        assertEquals((await run(["get", "a", "--tenant", "acme"])).stdout, "of a");
      } finally {
        await Deno.remove(file);
      }
    }),
);

testNeeding(
  fakeKeyring,
  "credential copy says on Ctrl-C what was copied, though it stops the keyring's program as well",
  () =>
    withKeyring(async ({ run, folder }) => {
      for (const key of ["a", "b", "c"]) await run(["set", key, "--stdin"], { stdin: "v" });
      let interrupted = false;
      const { code, stderr } = await run(["copy", "--to-tenant", "acme"], {
        terminal: true,
        onWrite: (_, text) => {
          if (interrupted || !text.includes("Copying")) return;
          interrupted = true;
          Deno.writeTextFileSync(join(folder, "mode"), "broken");
          // As SIGINT, which is for the test runner.
          Deno.kill(Deno.pid, "SIGTERM");
        },
      });
      assertEquals(code, 130);
      assertStringIncludes(stderr, "Interrupted: 1 of 3 credentials were copied\n");
    }),
);
