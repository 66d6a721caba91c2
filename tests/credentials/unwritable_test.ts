import { assert, assertEquals, assertRejects } from "@std/assert";
import { VaultKeyring } from "../../src/credentials/vault.ts";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import type { Keyring } from "../../src/domain/credential.ts";
import { InvalidDataError, PermissionDeniedError } from "../../src/domain/errors.ts";
import { codeUrl, denoCommand, PROJECT } from "../helpers/child.ts";
import { linux, program, superuser, testNeeding } from "../helpers/skip.ts";

const SECRET = "correct horse battery staple";

/** A keyring that other processes reach as well, and that is empty. */
class SharedKeyring implements Keyring {
  set = () => Promise.reject(new Error("A change without the lock"));
  get = () => Promise.resolve(undefined);
  delete = () => Promise.reject(new Error("A change without the lock"));
}

Deno.test("KeyringCredentialStore.set() refuses a root that is a file", async () => {
  const file = await Deno.makeTempFile();
  try {
    for (const root of [file, `${file}/below`]) {
      const store = await KeyringCredentialStore.open({ root, keyring: new SharedKeyring() });
      const error = await assertRejects(() => store.set("key", SECRET), InvalidDataError);
      assertEquals(error.path, root);
      assertEquals(
        error.message,
        `Cannot set credential "key": "${root}" is a file or inside of one, name another folder`,
      );
      await assertRejects(() => store.delete("key"), InvalidDataError, 'Cannot delete credential "key"');
      await assertRejects(
        () => new VaultKeyring({ path: `${root}/vault`, passphrase: () => "x" }).set("a", "b", "c"),
        InvalidDataError,
        "name another folder",
      );
    }
  } finally {
    await Deno.remove(file);
  }
});

/** Tries to store in a root and in a vault; prints the errors. */
const WRITE = `
  import { KeyringCredentialStore } from "./src/credentials/keyring_store.ts";
  import { VaultKeyring } from "./src/credentials/vault.ts";
  const [root, secret] = Deno.args;
  const none = () => Promise.resolve(undefined);
  const keyring = { set: none, get: none, delete: none };
  const store = await KeyringCredentialStore.open({ root, keyring });
  const vault = new VaultKeyring({ path: root + "/vault", passphrase: () => "open sesame" });
  for (const write of [() => store.set("key", secret), () => vault.set("goflow", "key", secret)]) {
    await write().then(
      () => console.log("stored"),
      (error) => console.log(JSON.stringify([error.name, error.resource ?? "", error.message])),
    );
  }`;

/** Runs {@linkcode WRITE} behind a shell script whose "$@" starts it. */
async function write(script: string, root: string, options: Deno.CommandOptions = {}) {
  const words = ["run", "-q", "--no-prompt", "--no-config", "-A"];
  void words;
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", script, "sh", root, ...childWords(root)],
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
    ...options,
  }).output();
  const decoder = new TextDecoder();
  assertEquals(code, 0, decoder.decode(stderr));
  return decoder.decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
}
