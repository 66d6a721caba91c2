import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { MemoryKeyring } from "../../src/credentials/memory.ts";
import { denoCommand, runDeno } from "../helpers/child.ts";
import { testNeeding } from "../helpers/skip.ts";
import { GnomeKeyring, gnomeKeyring } from "./gnome_keyring.ts";
import { ahead, DAY, openStore } from "./memory_store.ts";

const SECRET = "s3cr3t-b7c1f0-value";
/** How it would look in other clothes. */
const FORMS = [SECRET, btoa(SECRET).replace(/=+$/, ""), new TextEncoder().encode(SECRET).toHex()];

testNeeding(gnomeKeyring, "KeyringCredentialStore shows a secret to nobody", async () => {
  await using gnome = await GnomeKeyring.start();
  const root = join(gnome.home, "goflow");
  // Slow enough to be seen, and it notes what it was given.
  const program = join(gnome.home, "slow-tool");
  const log = join(gnome.home, "calls");
  const note = `cat /proc/$$/cmdline /proc/$$/environ >>'${log}'`;
  const script = `#!/bin/sh\n${note}\nsleep 0.01\nexec '${gnome.program}' "$@"\n`;
  await Deno.writeTextFile(program, script, { mode: 0o755 });

  const watcher = denoCommand(new URL("./watch_processes.ts", import.meta.url), {
    flags: ["-A"],
    args: ["slow-tool"],
    stdin: "",
  }).spawn();
  const writer = watcher.stdin.getWriter();
  await writer.write(new TextEncoder().encode(SECRET));
  await writer.close();
  let watched = "";
  const watching = (async () => {
    for await (const chunk of watcher.stdout) watched += new TextDecoder().decode(chunk);
  })();
  while (!watched.includes("ready")) await new Promise((resolve) => setTimeout(resolve, 5));

  const run = await runDeno(new URL("./hygiene_run.ts", import.meta.url), {
    flags: ["-A"],
    args: [root, program],
    stdin: SECRET,
    env: { TMPDIR: gnome.home },
  });
  watcher.kill("SIGKILL");
  await watcher.status;
  await watcher.stderr.cancel();
  await watching;

  assertEquals(run.code, 0, run.stderr);
  assert(run.stdout.includes("end of the run"));
  assert(run.stdout.includes("KeyringError") && run.stdout.includes("InvalidDataError"));
  for (const form of FORMS) assertEquals(linesWith(run.stdout + run.stderr, form), []);

  const seen = [...watched.matchAll(/watching (\d+)/g)].length;
  assert(seen >= 20, `only ${seen} processes were seen`);
  assertEquals(linesWith(watched, "found"), []);

  assert((await Deno.readTextFile(log)).includes("username"));
  let files = 0;
  for await (const file of filesBelow(gnome.home)) {
    const bytes = new TextDecoder("latin1").decode(await Deno.readFile(file));
    for (const form of FORMS) assert(!bytes.includes(form), `${file} holds the secret`);
    files++;
  }
  assert(files >= 5, `only ${files} files`);
});

Deno.test("KeyringCredentialStore shows nothing when it is inspected", async () => {
  const keyring = new MemoryKeyring();
  const store = await openStore(keyring);
  await store.set("key", "s3cr3t", { expiresAt: ahead(DAY) });
  await store.get("key");
  for (const object of [store, keyring, store.tenant("acme"), await store.info()]) {
    const shown = Deno.inspect(object, { depth: 20, showHidden: true });
    assert(!shown.includes("s3cr3t") && !JSON.stringify(object).includes("s3cr3t"), shown);
  }
});

function linesWith(text: string, part: string): string[] {
  return text.split("\n").filter((line) => line.includes(part));
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesBelow(join(folder, name));
    else if (isFile) yield join(folder, name);
  }
}
