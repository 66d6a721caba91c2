/**
 * A fake keyring for commands that run in the test's process.
 *
 * @module
 */

import { join } from "@std/path";
import { fakeProgram, fakePrograms } from "../credentials/fakes.ts";
import { linux, type Requirement } from "../helpers/skip.ts";

/** What tests with the fake need. */
export const fakeKeyring: Requirement[] = [linux, ...fakePrograms];

/** The fake. */
export interface FakeKeyring {
  /** Makes it misbehave, see the modes of the fake `secret-tool`. */
  setMode(mode: string): Promise<void>;
  /** Folder of its items. */
  folder: string;
}

/** Runs a test with a fake `secret-tool` first in PATH. */
export async function withFakeKeyring(
  test: (keyring: FakeKeyring) => Promise<void>,
): Promise<void> {
  await using fake = await fakeProgram("linux");
  const bin = join(fake.folder, "bin");
  await Deno.mkdir(bin);
  await Deno.symlink(fake.program, join(bin, "secret-tool"));
  const path = Deno.env.get("PATH") ?? "";
  Deno.env.set("PATH", `${bin}:${path}`);
  try {
    await test(fake);
  } finally {
    Deno.env.set("PATH", path);
  }
}
