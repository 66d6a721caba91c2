import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { denoCommand } from "../helpers/child.ts";
import { testNeeding } from "../helpers/skip.ts";
import { GnomeKeyring, gnomeKeyring } from "./gnome_keyring.ts";

const SECRET = "s3cr3t-b7c1f0-value";

testNeeding(gnomeKeyring, "KeyringCredentialStore shows no secret in any process", async () => {
  await using gnome = await GnomeKeyring.start();
  const root = join(gnome.home, "goflow");
  // Slow enough to be seen, and it notes what it was given.
  const program = join(gnome.home, "slow-tool");
  const log = join(gnome.home, "calls");
  await Deno.writeTextFile(
    program,
    `#!/bin/sh\ncat /proc/$$/cmdline /proc/$$/environ >>'${log}'\nsleep 0.03\nexec '${gnome.program}' "$@"\n`,
    { mode: 0o755 },
  );
  const { SecretServiceKeyring } = await import("../../src/credentials/secret_service.ts");
  const keyring = new SecretServiceKeyring({ program });
  const store = await KeyringCredentialStore.open({ keyring, root, largeValues: "split" });

  const script = fromFileUrl(new URL("./watch_processes.ts", import.meta.url));
  const watcher = denoCommand(script, { flags: ["-A"], args: ["slow-tool"], stdin: "" }).spawn();
  const writer = watcher.stdin.getWriter();
  await writer.write(new TextEncoder().encode(SECRET));
  await writer.close();
  let output = "";
  const reading = (async () => {
    for await (const chunk of watcher.stdout) output += new TextDecoder().decode(chunk);
  })();
  while (!output.includes("ready")) await new Promise((resolve) => setTimeout(resolve, 5));

  await store.set("key", SECRET);
  await store.set("key", SECRET, { expiresAt: new Date("2099-01-01") });
  await store.set("large", SECRET.repeat(1000));
  await store.rotate("key", `${SECRET}-next`, { verify: () => true });
  assertEquals(await store.get("key"), `${SECRET}-next`);
  assertEquals(await store.get("large"), SECRET.repeat(1000));
  await store.delete("key");
  await store.delete("large");

  watcher.kill("SIGKILL");
  await watcher.status;
  await watcher.stderr.cancel();
  await reading;
  const watched = Number(/watching (\d+)\n(?!.*watching)/s.exec(output)?.[1] ?? 0);
  assert(watched >= 10, `only ${watched} processes were seen`);
  assert(!output.includes("found"), output);

  for await (const file of filesBelow(gnome.home)) {
    const bytes = new TextDecoder("latin1").decode(await Deno.readFile(file));
    assert(!bytes.includes(SECRET), `${file} holds the secret`);
  }
  assert((await Deno.readTextFile(log)).includes("username"));
});

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesBelow(join(folder, name));
    else if (isFile) yield join(folder, name);
  }
}
