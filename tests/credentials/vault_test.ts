import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { VaultKeyring } from "../../src/credentials/vault.ts";
import {
  InvalidDataError,
  KeyringError,
  PermissionDeniedError,
  StorageError,
} from "../../src/domain/errors.ts";
import { codeUrl, configFlags, denoCommand, PROJECT, runCode } from "../helpers/child.ts";
import { linux, program, testNeeding } from "../helpers/skip.ts";
import { writeCheapVault } from "./cheap_vault.ts";

const SECRET = "s3cr3t-vault-value";

/** What the test of forgeries changes. */
interface VaultFields {
  data: string;
  kdf: Record<string, unknown>;
}

/** A path for a vault in a temporary folder, and how often its passphrase was asked for. */
class TemporaryVault implements AsyncDisposable {
  readonly folder: string;
  readonly path: string;
  readonly asked: boolean[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    this.path = `${folder}/vault`;
  }

  /** No vault yet: it gets one that is as hard to open as any. */
  static async create(): Promise<TemporaryVault> {
    return new TemporaryVault(await Deno.makeTempDir());
  }

  /** An empty vault that opens fast. */
  static async cheap(passphrase = "open sesame"): Promise<TemporaryVault> {
    const vault = await TemporaryVault.create();
    await writeCheapVault(vault.path, passphrase);
    return vault;
  }

  open(passphrase = "open sesame"): VaultKeyring {
    return new VaultKeyring({
      path: this.path,
      passphrase: ({ create }) => {
        this.asked.push(create);
        return passphrase;
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("VaultKeyring keeps items for the next process that knows the passphrase", async () => {
  await using vault = await TemporaryVault.create();
  await vault.open().set("goflow", "key", SECRET);
  const again = vault.open();
  const values = await Promise.all([again.get("goflow", "key"), again.get("goflow", "other")]);
  assertEquals(values, [SECRET, undefined]);
  assertEquals(await again.get("goflow", "key"), SECRET);
  // Once to create it, once to open it.
  assertEquals(vault.asked, [true, false]);
});

Deno.test("VaultKeyring writes nothing in clear and lets nobody else read", async () => {
  await using vault = await TemporaryVault.cheap();
  await vault.open().set("goflow", "github:token", SECRET);
  const text = await Deno.readTextFile(vault.path);
  for (const part of [SECRET, "github:token", btoa(SECRET)]) assert(!text.includes(part));
  const { mode } = await Deno.stat(vault.path);
  if (Deno.build.os !== "windows") assertEquals((mode ?? 0) & 0o777, 0o600);
  const files = [...Deno.readDirSync(vault.folder)].map(({ name }) => name).sort();
  assertEquals(files, ["vault", "vault.lock"]);
});

Deno.test("VaultKeyring takes a new salt for each vault and a new nonce for each write", async () => {
  await using one = await TemporaryVault.create();
  await using two = await TemporaryVault.create();
  const keyring = one.open();
  await keyring.set("goflow", "key", "value");
  const first = JSON.parse(await Deno.readTextFile(one.path));
  await keyring.set("goflow", "key", "value");
  const second = JSON.parse(await Deno.readTextFile(one.path));
  await two.open().set("goflow", "key", "value");
  const other = JSON.parse(await Deno.readTextFile(two.path));
  assertNotEquals(first.nonce, second.nonce);
  assertNotEquals(first.data, second.data);
  assertEquals(first.kdf.salt, second.kdf.salt);
  assertNotEquals(first.kdf.salt, other.kdf.salt);
  assertEquals([first.format, first.version, first.kdf.name], ["goflow-vault", 1, "scrypt"]);
  assertEquals([first.kdf.cost, first.kdf.blockSize], [2 ** 17, 8]);
  assertEquals(first.cipher, "aes-256-gcm");
});

Deno.test("VaultKeyring tells a wrong passphrase from a damaged file", async () => {
  await using vault = await TemporaryVault.cheap();
  await vault.open().set("goflow", "key", SECRET);
  const wrong = vault.open("open says me");
  for (const operation of [() => wrong.get("goflow", "key"), () => wrong.set("goflow", "a", "b")]) {
    const error = await assertRejects(operation, KeyringError, "passphrase is wrong");
    assertEquals(error.reason, "locked");
    assert(!Deno.inspect(error).includes("says me"));
  }

  const text = await Deno.readTextFile(vault.path);
  const fields = JSON.parse(text);
  const flip = (base64: string) => (base64.startsWith("A") ? "B" : "A") + base64.slice(1);
  const damages: Record<string, string> = {
    "cut off": text.slice(0, 200),
    "empty": "",
    "something else": "hello: world\n",
    "salt": JSON.stringify({ ...fields, kdf: { ...fields.kdf, salt: flip(fields.kdf.salt) } }),
    "data": JSON.stringify({ ...fields, data: flip(fields.data) }),
    "newer version": JSON.stringify({ ...fields, version: 2 }),
    "no version": JSON.stringify({ ...fields, version: "1" }),
  };
  for (const [name, damage] of Object.entries(damages)) {
    await Deno.writeTextFile(vault.path, damage);
    const keyring = vault.open();
    const error = await assertRejects(() => keyring.get("goflow", "key"), InvalidDataError);
    assertEquals(error.path, vault.path, name);
    // Nobody should delete what another version can read.
    const cure = name === "newer version" ? "use the newer version" : "restore it from a backup";
    assert(error.message.includes(cure), error.message);
    await assertRejects(() => keyring.set("goflow", "key", "new"), InvalidDataError);
    assertEquals(await Deno.readTextFile(vault.path), damage, name);
  }
  await Deno.writeTextFile(vault.path, text);
  assertEquals(await vault.open().get("goflow", "key"), SECRET);
});

Deno.test("VaultKeyring refuses a file that was changed together with its checksum", async () => {
  await using vault = await TemporaryVault.cheap();
  await vault.open().set("goflow", "key", SECRET);
  const original = await Deno.readTextFile(vault.path);
  const forge = async (change: (fields: VaultFields) => void) => {
    const { checksum: _, ...fields } = JSON.parse(original);
    change(fields);
    const bytes = new TextEncoder().encode(JSON.stringify(fields));
    const checksum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    await Deno.writeTextFile(vault.path, JSON.stringify({ ...fields, checksum }));
  };
  await forge(() => {});
  assertEquals(await vault.open().get("goflow", "key"), SECRET);
  await forge((fields) => {
    fields.data = (fields.data.startsWith("A") ? "B" : "A") + fields.data.slice(1);
  });
  await assertRejects(() => vault.open().get("goflow", "key"), InvalidDataError, "changed it");

  // Each of these would take many gigabytes or minutes, or is no number of rounds.
  const { cost, blockSize, parallelization, salt } = JSON.parse(original).kdf;
  const costs = [
    { cost: 2 ** 40 },
    { cost: 2 ** 20, blockSize: 16 },
    { cost: 2, blockSize: 2 ** 22, parallelization: 16 },
    { parallelization: 2 ** 20 },
    { cost: 1 },
    { cost: 1000 },
    { cost: 0 },
    { blockSize: -8 },
    { blockSize: 0.5 },
    { cost: "16" },
    { salt: "%" },
    { salt: "" },
    { name: "none" },
  ];
  for (const change of costs) {
    await forge((fields) => {
      fields.kdf = { name: "scrypt", cost, blockSize, parallelization, salt, ...change };
    });
    await assertRejects(
      () => vault.open().get("goflow", "key"),
      InvalidDataError,
      "header is not valid",
      JSON.stringify(change),
    );
  }
  for (const change of [{ nonce: "%" }, { data: "" }]) {
    await forge((fields) => Object.assign(fields, change));
    await assertRejects(() => vault.open().get("goflow", "key"), InvalidDataError, "header");
  }
});

Deno.test("VaultKeyring keeps the mode of its file, whatever lay there before", async () => {
  if (Deno.build.os === "windows") return;
  await using vault = await TemporaryVault.cheap();
  await Deno.chmod(vault.path, 0o644);
  const elsewhere = `${vault.folder}/elsewhere`;
  await Deno.writeTextFile(elsewhere, "unchanged", { mode: 0o666 });
  await Deno.symlink(elsewhere, `${vault.path}.tmp`);
  await vault.open().set("goflow", "key", SECRET);
  assertEquals(((await Deno.lstat(vault.path)).mode ?? 0) & 0o777, 0o600);
  assert((await Deno.lstat(vault.path)).isFile);
  assertEquals(await Deno.readTextFile(elsewhere), "unchanged");
});

Deno.test("VaultKeyring replaces the file behind a link, and the link stays", async () => {
  if (Deno.build.os === "windows") return;
  await using vault = await TemporaryVault.cheap();
  const link = `${vault.folder}/link`;
  await Deno.mkdir(`${vault.folder}/links`);
  await Deno.symlink("../vault", `${vault.folder}/links/second`);
  await Deno.symlink("links/second", link);
  const linked = new VaultKeyring({ path: link, passphrase: () => "open sesame" });
  const keys = Array.from({ length: 6 }, (_, index) => `key-${index}`);
  await Promise.all(
    keys.map((key, index) => (index % 2 === 0 ? linked : vault.open()).set("goflow", key, SECRET)),
  );
  assert((await Deno.lstat(link)).isSymlink);
  assertEquals((await vault.open().list("goflow")).sort(), keys);
  assertEquals((await linked.list("goflow")).sort(), keys);

  await Deno.symlink("loop", `${vault.folder}/loop`);
  const loop = new VaultKeyring({ path: `${vault.folder}/loop`, passphrase: () => "x" });
  await assertRejects(() => loop.set("goflow", "key", SECRET), StorageError, "cannot access");
});

Deno.test("VaultKeyring.changePassphrase() locks the old passphrase out", async () => {
  await using vault = await TemporaryVault.cheap();
  const keyring = vault.open();
  await keyring.set("goflow", "key", SECRET);
  const before = JSON.parse(await Deno.readTextFile(vault.path));
  await keyring.changePassphrase("a new one");
  const after = JSON.parse(await Deno.readTextFile(vault.path));
  assertNotEquals(before.kdf.salt, after.kdf.salt);
  assertEquals(after.kdf.cost, 2 ** 17);
  assertEquals(await keyring.get("goflow", "key"), SECRET);
  assertEquals(await vault.open("a new one").get("goflow", "key"), SECRET);
  await assertRejects(() => vault.open().get("goflow", "key"), KeyringError, "wrong");
  await assertRejects(() => keyring.changePassphrase(""), InvalidDataError, "empty");
  await assertRejects(
    () => vault.open("wrong").changePassphrase("another"),
    KeyringError,
    "passphrase is wrong",
  );
});

Deno.test("VaultKeyring refuses an empty passphrase and asks again after a wrong one", async () => {
  await using vault = await TemporaryVault.create();
  await assertRejects(() => vault.open("").set("goflow", "key", "value"), InvalidDataError);
  const answers = ["right", "wrong", "right"];
  const open = () =>
    new VaultKeyring({ path: vault.path, passphrase: () => answers.shift() ?? "none" });
  await open().set("goflow", "key", "value");
  const keyring = open();
  await assertRejects(() => keyring.get("goflow", "key"), KeyringError);
  assertEquals(await keyring.get("goflow", "key"), "value");
});

Deno.test("VaultKeyring takes the same passphrase composed and decomposed", async () => {
  await using vault = await TemporaryVault.cheap("gr\u00fcn");
  await vault.open("gr\u00fcn").set("goflow", "key", "value");
  assertEquals(await vault.open("gru\u0308n").get("goflow", "key"), "value");
});

Deno.test("VaultKeyring names the flag that is missing", async () => {
  await using vault = await TemporaryVault.cheap();
  await vault.open().set("goflow", "key", "value");
  const code = `
    import { VaultKeyring } from "./src/credentials/vault.ts";
    const keyring = new VaultKeyring({ path: Deno.args[0], passphrase: () => "open sesame" });
    try {
      console.log(await keyring.get("goflow", "key"));
      if (Deno.args[1]) await keyring.set("goflow", "key", "next");
    } catch (error) {
      console.log(error.name, error.flag);
    }`;
  const run = async (flags: string[], ...args: string[]) =>
    (await runCode(code, { flags, args: [vault.path, ...args] })).stdout.trim();
  assertEquals(await run([`--allow-read=${vault.path}`]), "value");
  assertEquals(await run([]), `${PermissionDeniedError.name} --allow-read=${vault.path}`);
  const read = `--allow-read=${vault.folder}`;
  const write = `--allow-write=${vault.folder}`;
  assertEquals(await run([read], "set"), `value\nPermissionDeniedError ${write}`);
  assertEquals(await run([read, write], "set"), "value");
});

Deno.test("VaultKeyring loses nothing when a writer is killed", async () => {
  await using vault = await TemporaryVault.cheap();
  await vault.open().set("goflow", "key", "value 0");
  const script = `${PROJECT}tests/credentials/vault_writer.ts`;
  for (let round = 0; round < 4; round++) {
    const child = denoCommand(script, { flags: ["-A"], args: [vault.path] }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let output = "";
    while (output.split("\n").length < 4 + round * 3) output += (await reader.read()).value ?? "";
    child.kill("SIGKILL");
    await child.status;
    for (let rest = await reader.read(); !rest.done; rest = await reader.read()) {
      output += rest.value;
    }
    await child.stderr.cancel();
    const lines = output.trim().split("\n");
    const last = Number(lines.at(-1));
    const value = Number((await vault.open().get("goflow", "key"))?.slice("value ".length));
    assert(value === last || value === last + 1, `${value} after ${last}`);
  }
  await vault.open().set("goflow", "key", "done");
  const files = [...Deno.readDirSync(vault.folder)].map(({ name }) => name).sort();
  assertEquals(files, ["vault", "vault.lock"]);
});

/** What a write does to the vault and its temporary file, in this order. */
const STEPS = ["openat", "write", "fsync", "/^rename"];

testNeeding(
  [linux, program("strace")],
  "VaultKeyring has the old or the new items, whatever step of a write is killed",
  async () => {
    await using vault = await TemporaryVault.cheap();
    const code = `
      import { VaultKeyring } from "./src/credentials/vault.ts";
      const [path, method] = Deno.args;
      const keyring = new VaultKeyring({ path, passphrase: () => "open sesame" });
      if (method === "set") await keyring.set("goflow", "key", "new");
      else await keyring.changePassphrase("another");`;
    const temporary = `${vault.path}.tmp`;
    for (const method of ["set", "changePassphrase"]) {
      for (const step of [...STEPS, "none"]) {
        await writeCheapVault(vault.path, "open sesame");
        await vault.open().set("goflow", "key", "old");
        const inject = step === "none" ? [] : ["-e", `inject=${step}:signal=KILL`];
        const { code: status } = await new Deno.Command("strace", {
          args: [
            ...["-f", "-qq", "-o", "/dev/null", "-P", temporary, ...inject],
            ...[Deno.execPath(), "run", "-q", "-A", ...configFlags(), codeUrl(code)],
            ...[vault.path, method],
          ],
          stderr: "null",
        }).output();
        assertEquals(status, step === "none" ? 0 : 137, step);
        const passphrases = method === "set" ? ["open sesame"] : ["open sesame", "another"];
        const values = await Promise.allSettled(
          passphrases.map((passphrase) => vault.open(passphrase).get("goflow", "key")),
        );
        const found = values.flatMap((value) => value.status === "fulfilled" ? [value.value] : []);
        assertEquals(found.length, 1, `${method} ${step}`);
        assert(found[0] === "old" || found[0] === "new");
        if (step === "none" && method === "set") assertEquals(found, ["new"]);
        if (step === "openat") assertEquals(found, ["old"]);
      }
    }
  },
);
