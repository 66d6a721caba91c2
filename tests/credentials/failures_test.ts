import { assert, assertEquals, assertRejects } from "@std/assert";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { MemoryKeyring } from "../../src/credentials/memory.ts";
import { systemKeyring } from "../../src/credentials/system.ts";
import type { Keyring } from "../../src/domain/credential.ts";
import {
  KeyringError,
  type KeyringErrorReason,
  NotFoundError,
  PermissionDeniedError,
} from "../../src/domain/errors.ts";
import { runCode } from "../helpers/child.ts";
import { linux, testNeeding } from "../helpers/skip.ts";
import { allItems } from "./cut_off.ts";
import { fakeProgram } from "./fakes.ts";
import { FakeItems } from "./fakes/items.ts";
import { GnomeKeyring, gnomeKeyring, secretStorage } from "./gnome_keyring.ts";

const SECRET = "correct horse battery staple";

/** Every operation of a keyring under its name. */
function operations(keyring: Keyring): [string, () => Promise<unknown>][] {
  return [
    ["get", () => keyring.get("goflow", "key")],
    ["set", () => keyring.set("goflow", "key", SECRET)],
    ["delete", () => keyring.delete("goflow", "key")],
    ["list", () => keyring.list?.("goflow") ?? Promise.resolve()],
  ];
}

/** Checks that an operation fails for a reason and with a cure, and shows no secret. */
async function assertFails(
  operation: () => Promise<unknown>,
  reason: KeyringErrorReason | "denied",
  cure: string,
): Promise<void> {
  const error = await assertRejects(operation);
  if (reason === "denied") assert(error instanceof PermissionDeniedError, String(error));
  else {
    assert(error instanceof KeyringError, String(error));
    assertEquals(error.reason, reason, error.message);
  }
  assert(error.message.includes(cure), `${error.message} does not name "${cure}"`);
  assert(!Deno.inspect(error, { depth: 9 }).includes("horse"), "the error shows the secret");
}

const FAILURES: [
  system: "linux" | "darwin" | "windows",
  mode: string,
  reason: KeyringErrorReason | "denied",
  cure: string,
  except: string[],
][] = [
  ["linux", "locked", "locked", "gnome-keyring-daemon --replace --unlock", ["list"]],
  ["linux", "no-bus", "unavailable", "dbus-run-session", []],
  ["linux", "no-service", "unavailable", "gnome-keyring", []],
  ["linux", "denied", "denied", "org.freedesktop.secrets", []],
  ["linux", "hang", "timeout", "unlock the keyring beforehand", []],
  ["linux", "broken", "failed", "status 1", []],
  ["darwin", "locked", "locked", "security unlock-keychain", []],
  ["darwin", "denied", "denied", "password of the keychain", []],
  ["darwin", "no-keychain", "unavailable", "create-keychain", []],
  ["darwin", "hang", "timeout", "security unlock-keychain", []],
  ["darwin", "broken", "failed", "status 206", []],
  ["windows", "error-1312", "unavailable", "Remote Desktop session", []],
  ["windows", "error-5", "denied", "security policy", []],
  ["windows", "error-87", "failed", "error 87", []],
  ["windows", "constrained", "unavailable", "full language mode", []],
  ["windows", "blocked", "unavailable", "csc.exe", []],
  ["windows", "short", "failed", "did not answer to everything", []],
  ["windows", "silent", "unavailable", "full language mode", []],
  ["windows", "hang", "timeout", "virus scanner", []],
];

for (const [system, mode, reason, cure, except] of FAILURES) {
  Deno.test(`${system} keyring reports "${mode}" as ${reason} with a cure`, async () => {
    await using fake = await fakeProgram(system, mode === "hang" ? { timeout: 250 } : {});
    // A locked keyring can only be told from a missing item when there is one.
    if (mode === "locked") await fake.keyring.set("goflow", "key", "value");
    await fake.setMode(mode);
    for (const [name, operation] of operations(fake.keyring)) {
      if (!except.includes(name)) await assertFails(operation, reason, cure);
    }
  });
}

for (const system of ["linux", "darwin", "windows"] as const) {
  Deno.test(`${system} keyring reports a missing program with a cure`, async () => {
    const keyring = systemKeyring({ program: "/nonexistent/program" }, system);
    const cure = { linux: "libsecret-tools", darwin: "macOS", windows: "PowerShell" }[system];
    for (const [, operation] of operations(keyring)) {
      await assertFails(operation, "unavailable", cure);
      await assertFails(operation, "unavailable", "VaultKeyring");
    }
  });
}

for (const system of ["linux", "darwin", "windows"] as const) {
  Deno.test(`${system} keyring tells missing and too large from all failures, with a cure`, async () => {
    await using fake = await fakeProgram(system);
    const store = await KeyringCredentialStore.open({ keyring: fake.keyring, root: fake.folder });
    await assertRejects(() => store.get("key"), NotFoundError, "store one under this key first");
    const large = SECRET.repeat(400);
    for (
      const operation of [() => store.set("key", large), () => store.setStructured("k", large)]
    ) {
      await assertFails(operation, "too-large", 'largeValues: "split"');
    }
    assertEquals(await store.list(), []);
    const split = await KeyringCredentialStore.open({
      keyring: fake.keyring,
      root: fake.folder,
      largeValues: "split",
    });
    await split.set("key", large);
    assertEquals(await store.get("key"), large);
    await split.delete("key");
    assertEquals(await allItems(fake.keyring), []);
  });
}

Deno.test("SecretServiceKeyring.set() takes a value that was cut off for a failure", async () => {
  await using fake = await fakeProgram("linux");
  await fake.setMode("short-buffer");
  await fake.keyring.set("goflow", "key", "x".repeat(4095));
  const error = await assertRejects(
    () => fake.keyring.set("goflow", "key", "x".repeat(5000)),
    KeyringError,
    "only the beginning",
  );
  assertEquals(error.reason, "failed");
});

Deno.test("SecretServiceKeyring.verify() takes a daemon that ended for unavailable", async () => {
  await using fake = await fakeProgram("linux");
  await fake.keyring.set("goflow", "key", "value");
  await fake.setMode("dying");
  await assertFails(
    () => fake.keyring.verify?.("goflow", "key", "value") ?? Promise.resolve(),
    "unavailable",
    "gnome-keyring",
  );
});

Deno.test("SecretServiceKeyring says what to do about several items that only a search reads", async () => {
  await using fake = await fakeProgram("linux");
  await fake.keyring.set("goflow", "key", "value");
  const other = { service: "goflow", username: "key", application: "another program" };
  new FakeItems(fake.folder).write("other", { attributes: other, secret: "other" });
  await fake.setMode("kwallet");
  await assertFails(() => fake.keyring.get("goflow", "key"), "failed", "set it again");
});

Deno.test("KeychainKeyring.set() does not show what security prints on stderr", async () => {
  await using fake = await fakeProgram("darwin");
  await fake.setMode("leak");
  const value = "Y29ycmVjdA==";
  const error = await assertRejects(() => fake.keyring.set("goflow", "key", value), KeyringError);
  const shown = Deno.inspect(error, { depth: 9 });
  for (const form of [value, btoa(value), "add-generic-password"]) assert(!shown.includes(form));
});

Deno.test("CredentialManagerKeyring reads the answer among other output", async () => {
  await using fake = await fakeProgram("windows");
  await fake.setMode("noisy");
  await fake.keyring.set("goflow", "key", "value");
  assertEquals(await fake.keyring.get("goflow", "key"), "value");
});

Deno.test("SecretServiceKeyring stores in the default collection where there is no login", async () => {
  await using fake = await fakeProgram("linux");
  await fake.setMode("no-login");
  await fake.keyring.set("goflow", "key", "value");
  assertEquals(await fake.keyring.get("goflow", "key"), "value");
});

Deno.test("SecretServiceKeyring.get() reads items whose content type secret-tool refuses", async () => {
  await using fake = await fakeProgram("linux");
  await fake.keyring.set("goflow", "key", "a\n[/1]\nsecret = b\ncreated = c\n");
  await fake.setMode("kwallet");
  assertEquals(
    await fake.keyring.get("goflow", "key"),
    "a\n[/1]\nsecret = b\ncreated = c\n",
  );
});

testNeeding(
  secretStorage,
  "KeyringCredentialStore over a locked gnome-keyring reports locked",
  async () => {
    await using gnome = await GnomeKeyring.start();
    const root = gnome.home;
    const store = await KeyringCredentialStore.open({ keyring: gnome.keyring(), root });
    await store.set("key", "value");
    await gnome.lock();
    const cure = "gnome-keyring-daemon --replace --unlock";
    await assertFails(() => store.get("key"), "locked", cure);
    await assertFails(() => store.set("key", SECRET), "locked", cure);
    await assertFails(() => store.delete("key"), "locked", cure);
    assertEquals(await store.list(), ["key"]);
  },
);

/** Does what an error message says, as a person would who knows the password. */
async function cure(gnome: GnomeKeyring, error: Error): Promise<void> {
  const [command = ""] = /printf [^;]*--components=secrets/.exec(error.message) ?? [];
  const password = 'PASSWORD="password"';
  const { success, stderr } = await gnome.run("sh", ["-c", `${password}; ${command}`]);
  assert(success, stderr);
}

/** Repeats an operation while a new daemon takes the place of the old one. */
async function eventually<T>(operation: () => Promise<T>): Promise<T> {
  for (let left = 100;; left--) {
    try {
      return await operation();
    } catch (error) {
      if (left === 0 || !(error instanceof KeyringError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

testNeeding(
  secretStorage,
  "SecretServiceKeyring names a command that unlocks the keyring",
  async () => {
    await using gnome = await GnomeKeyring.start();
    const keyring = gnome.keyring();
    await keyring.set("goflow", "key", "value");
    await gnome.lock();
    const error = await assertRejects(() => keyring.get("goflow", "key"), KeyringError, "locked");
    await cure(gnome, error);
    assertEquals(await eventually(() => keyring.get("goflow", "key")), "value");
  },
);

testNeeding(
  gnomeKeyring,
  "SecretServiceKeyring names a command that makes the first keyring",
  async () => {
    await using gnome = await GnomeKeyring.start({ service: false });
    await gnome.startService({ unlock: false });
    const keyring = gnome.keyring();
    assertEquals(await keyring.get("goflow", "key"), undefined);
    assertEquals(await keyring.list("goflow"), []);
    const error = await assertRejects(
      () => keyring.set("goflow", "key", "value"),
      KeyringError,
      "has no keyring to store in",
    );
    assertEquals(error.reason, "unavailable");
    await cure(gnome, error);
    await eventually(() => keyring.set("goflow", "key", "value"));
    assertEquals(await keyring.get("goflow", "key"), "value");
  },
);

testNeeding(
  gnomeKeyring,
  "SecretServiceKeyring without a Secret Service reports unavailable",
  async () => {
    await using gnome = await GnomeKeyring.start({ service: false });
    for (const [, operation] of operations(gnome.keyring())) {
      await assertFails(operation, "unavailable", "gnome-keyring");
    }
  },
);

testNeeding(
  gnomeKeyring,
  "SecretServiceKeyring reports a daemon that is killed in the middle as unavailable",
  async () => {
    await using gnome = await GnomeKeyring.start({ service: false });
    for (const [, operation] of operations(gnome.keyring())) {
      const daemon = await gnome.startService();
      await gnome.keyring().set("goflow", "key", "old");
      // It has the question and does not answer any more.
      daemon.kill("SIGSTOP");
      const before = gnome.connections();
      const failing = assertFails(operation, "unavailable", "gnome-keyring");
      await gnome.waitForClient(before);
      daemon.kill("SIGKILL");
      await daemon.status;
      await failing;
    }
    await gnome.startService();
    assertEquals(await gnome.keyring().get("goflow", "key"), "old");
  },
);

testNeeding(
  gnomeKeyring,
  "SecretServiceKeyring reports a daemon that was killed as unavailable",
  async () => {
    await using gnome = await GnomeKeyring.start({ service: false });
    const daemon = await gnome.startService();
    const keyring = gnome.keyring();
    await keyring.set("goflow", "key", "value");
    daemon.kill("SIGKILL");
    await daemon.status;
    for (const [, operation] of operations(keyring)) {
      await assertFails(operation, "unavailable", "gnome-keyring");
    }
    await gnome.startService();
    assertEquals(await keyring.get("goflow", "key"), "value");
  },
);

testNeeding(
  gnomeKeyring,
  "KeyringCredentialStore takes what is locked since the keyring started for locked and not for missing",
  async () => {
    await using gnome = await GnomeKeyring.start({ service: false });
    const daemon = await gnome.startService();
    const store = await KeyringCredentialStore.open({ keyring: gnome.keyring(), root: gnome.home });
    await store.set("key", "value", { expiresAt: new Date("2099-01-01") });
    daemon.kill("SIGKILL");
    await daemon.status;
    await gnome.startService({ unlock: false });
    const target = await KeyringCredentialStore.open({ keyring: new MemoryKeyring() });
    const reading: (() => Promise<unknown>)[] = [
      () => store.get("key"),
      () => store.getMany(["key", "a", "b", "c"]),
      () => store.list(),
      () => store.info(),
      () => store.listExpiring(),
      () => store.delete("key"),
      () => store.copyTo(target),
    ];
    for (const operation of reading) {
      const error = await assertRejects(operation, KeyringError, "the keyring is locked");
      assertEquals(error.reason, "locked");
    }
    await assertRejects(() => store.get("other"), NotFoundError);
  },
);

testNeeding(
  secretStorage,
  "SecretServiceKeyring.verify() tells a keyring that was locked after a set",
  async () => {
    await using gnome = await GnomeKeyring.start();
    const keyring = gnome.keyring();
    await keyring.set("goflow", "key", "value");
    await gnome.lock();
    const error = await assertRejects(
      () => keyring.verify("goflow", "key", "value"),
      KeyringError,
    );
    assertEquals(error.reason, "locked");
  },
);

const OPERATIONS = `
import { KeyringCredentialStore } from "./src/credentials/keyring_store.ts";
const [operation, root] = Deno.args;
try {
  const store = await KeyringCredentialStore.open(root ? { root } : {});
  if (operation === "set") await store.set("key", "value");
  if (operation === "get") console.log(await store.get("key"));
  if (operation === "list") console.log((await store.list()).join());
  if (operation === "delete") await store.delete("key");
  console.log("done");
} catch (error) {
  console.log(error.name, error.reason ?? "", error.flag ?? "", error.message);
}`;

testNeeding(
  gnomeKeyring,
  "KeyringCredentialStore works under exactly the documented flags",
  async () => {
    await using gnome = await GnomeKeyring.start();
    const root = `${gnome.home}/goflow`;
    const { DBUS_SESSION_BUS_ADDRESS = "" } = gnome.env;
    const operate = async (operation: string, ...flags: string[]) => {
      const options = { flags, args: [operation, root], env: { DBUS_SESSION_BUS_ADDRESS } };
      return (await runCode(OPERATIONS, options)).stdout.trim();
    };
    const run = "--allow-run=secret-tool";
    const read = `--allow-read=${root}`;
    const write = `--allow-write=${root}`;
    assertEquals(await operate("set", run, read, write), "done");
    assertEquals(await operate("get", run), "value\ndone");
    assertEquals(await operate("list", run), "key\ndone");

    for (const operation of ["set", "delete"]) {
      for (const missing of [run, read, write]) {
        const flags = [run, read, write].filter((flag) => flag !== missing);
        const output = await operate(operation, ...flags);
        assert(output.startsWith(`PermissionDeniedError  ${missing} `), output);
      }
    }
    for (const operation of ["get", "list"]) {
      const output = await operate(operation);
      assert(output.startsWith(`PermissionDeniedError  ${run} `), output);
    }
    assertEquals(await operate("delete", run, read, write), "done");
  },
);

testNeeding(
  linux,
  "KeyringCredentialStore tells a missing secret-tool from a missing permission",
  async () => {
    const flags = ["--allow-run=secret-tool"];
    const { stdout } = await runCode(OPERATIONS, {
      flags,
      args: ["get", "/nonexistent"],
      env: { PATH: "/nonexistent" },
    });
    assert(stdout.startsWith("KeyringError unavailable"), stdout);
    assert(stdout.includes("libsecret-tools"), stdout);
  },
);

testNeeding(
  gnomeKeyring,
  "KeyringCredentialStore without D-Bus reports unavailable with a cure",
  async () => {
    const { stdout } = await runCode(OPERATIONS, {
      flags: ["--allow-run=secret-tool"],
      args: ["get", "/nonexistent"],
      env: { DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent", DISPLAY: "" },
    });
    assert(stdout.startsWith("KeyringError unavailable"), stdout);
  },
);
