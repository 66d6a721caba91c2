import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { VaultKeyring } from "../../src/credentials/vault.ts";
import type { Keyring } from "../../src/domain/credential.ts";
import { InvalidDataError, StorageError } from "../../src/domain/errors.ts";
import { configFlags } from "../helpers/child.ts";
import { mounts, READ_ONLY } from "../helpers/mounts.ts";
import { testNeeding } from "../helpers/skip.ts";
import { withRoot } from "../helpers/temp_folder.ts";

const SECRET = "correct horse battery staple";
const WRITER = fromFileUrl(new URL("unwritable_writer.ts", import.meta.url));

Deno.test("KeyringCredentialStore.set() refuses a root that is a file", async () => {
  const file = await Deno.makeTempFile();
  const unused = () => Promise.reject(new Error("A change without the lock"));
  const keyring: Keyring = { set: unused, get: unused, delete: unused };
  try {
    for (const root of [file, `${file}/below`]) {
      const store = await KeyringCredentialStore.open({ root, keyring });
      const error = await assertRejects(() => store.set("key", SECRET), InvalidDataError);
      assertEquals(error.path, root);
      assertEquals(
        error.message,
        `Cannot set credential "key": "${root}" is a file or inside of one, name another folder`,
      );
      await assertRejects(() => store.delete("key"), InvalidDataError, "name another folder");
      const vault = new VaultKeyring({ path: `${root}/vault`, passphrase: () => "open sesame" });
      await assertRejects(() => vault.set("goflow", "key", SECRET), InvalidDataError, "a file");
      await assertRejects(() => vault.list("goflow"), StorageError, "cannot access");
    }
  } finally {
    await Deno.remove(file);
  }
});

testNeeding(
  mounts,
  "KeyringCredentialStore.set() on a read-only file system says so",
  () =>
    withRoot(async (root) => {
      await assertRefused(root, await writeIn(["-Urm"], READ_ONLY, root), "PermissionDeniedError", [
        "file system is writable",
      ]);
    }),
);

testNeeding(
  mounts,
  "KeyringCredentialStore.set() in a folder of somebody else says so",
  () =>
    withRoot(async (root) => {
      await Deno.chmod(root, 0o555);
      await assertRefused(root, await writeIn(["-U"], "true", root), "PermissionDeniedError", [
        "check its owner",
      ]);
    }),
);

testNeeding(
  mounts,
  "KeyringCredentialStore.set() on a full disk says so",
  () =>
    withRoot(async (root) => {
      const mount = 'mount -t tmpfs -o nr_inodes=1 tmpfs "$0"';
      await assertRefused(root, await writeIn(["-Urm"], mount, root), "StorageError", [
        "the disk is full",
      ]);
    }),
);

testNeeding(
  mounts,
  "VaultKeyring.set() on a disk that gets full says so",
  () =>
    withRoot(async (root) => {
      // Room for the lock files only.
      const mount = 'mount -t tmpfs -o size=8k tmpfs "$0" && head -c 8192 /dev/zero >"$0/filling"';
      const [store, vault] = await writeIn(["-Urm"], mount, root);
      assertEquals(store, "stored");
      assert(vault?.startsWith('StorageError Cannot set credential "key"'), vault);
      assert(vault?.endsWith("the disk is full"), vault);
    }),
);

/** Checks the errors of the store and of the vault. */
function assertRefused(root: string, lines: string[], name: string, parts: string[]): void {
  assertEquals(lines.length, 2, lines.join("\n"));
  for (const line of lines) {
    assert(line.startsWith(`${name} Cannot set credential "key"`), line);
    for (const part of [root, ...parts]) assert(line.includes(part), line);
    assert(!line.includes(SECRET), line);
  }
}

/** Prepares a folder, `$0`, in a new namespace, and tries to store something there. */
async function writeIn(flags: string[], prepare: string, root: string): Promise<string[]> {
  const deno = [Deno.execPath(), "run", "-q", "-A", ...configFlags(), WRITER, root, SECRET];
  const { code, stdout, stderr } = await new Deno.Command("unshare", {
    args: [...flags, "sh", "-c", `${prepare} && exec "$@"`, root, ...deno],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assertEquals(code, 0, decoder.decode(stderr));
  return decoder.decode(stdout).trim().split("\n");
}
