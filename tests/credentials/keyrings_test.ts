import { EnvironmentKeyring } from "../../src/credentials/environment.ts";
import { MemoryKeyring } from "../../src/credentials/memory.ts";
import { VaultKeyring } from "../../src/credentials/vault.ts";
import { writeCheapVault } from "./cheap_vault.ts";
import { fakeProgram, fakePrograms } from "./fakes.ts";
import { GnomeKeyring, gnomeKeyring } from "./gnome_keyring.ts";
import { testKeyring, testReading } from "./keyring_suite.ts";

testKeyring({
  name: "MemoryKeyring",
  limit: 1000,
  open: () =>
    Promise.resolve({
      keyring: new MemoryKeyring({ limit: 1000 }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
});

testKeyring({
  name: "VaultKeyring",
  open: async () => {
    const folder = await Deno.makeTempDir();
    await writeCheapVault(`${folder}/vault`, "open sesame");
    return {
      keyring: new VaultKeyring({ path: `${folder}/vault`, passphrase: () => "open sesame" }),
      [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
    };
  },
});

testKeyring({
  name: "SecretServiceKeyring over a fake secret-tool",
  limit: 8191,
  requirements: fakePrograms,
  open: () => fakeProgram("linux"),
});

testKeyring({
  name: "KeychainKeyring over a fake security",
  // 4,095 bytes hold the command, its quotes, the prefix and base64.
  limit: 3024,
  requirements: fakePrograms,
  open: () => fakeProgram("darwin"),
});

testKeyring({
  name: "CredentialManagerKeyring over a fake PowerShell",
  limit: 2560,
  requirements: fakePrograms,
  open: () => fakeProgram("windows"),
});

testKeyring({
  name: "SecretServiceKeyring over gnome-keyring",
  limit: 8191,
  requirements: gnomeKeyring,
  open: async () => {
    const gnome = await GnomeKeyring.start();
    return {
      keyring: gnome.keyring(),
      [Symbol.asyncDispose]: () => gnome[Symbol.asyncDispose](),
    };
  },
});

testReading({
  name: "EnvironmentKeyring",
  openWith: (secrets) => {
    const names = [...secrets.keys()].map((key, index) => [key, `GOFLOW_SUITE_${index}`] as const);
    for (const [key, name] of names) Deno.env.set(name, secrets.get(key) ?? "");
    const variables = { ...Object.fromEntries(names), missing: "GOFLOW_SUITE_MISSING" };
    return Promise.resolve({
      keyring: new EnvironmentKeyring({ variables }),
      [Symbol.asyncDispose]: () => {
        for (const [, name] of names) Deno.env.delete(name);
        return Promise.resolve();
      },
    });
  },
});
