/**
 * Fake executables in place of the systems' programs, run by the same spawn path.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import type { Keyring } from "../../src/domain/credential.ts";
import { systemKeyring } from "../../src/credentials/system.ts";

const SCRIPTS = { linux: "secret_tool.ts", darwin: "security.ts", windows: "powershell.ts" };

/** A fake program with its own items. */
export interface FakeProgram extends AsyncDisposable {
  /** The adapter of the system over the fake. */
  keyring: Keyring;
  /** Path of the executable. */
  program: string;
  /** Folder of its items. */
  folder: string;
  /** Makes it misbehave; see the modes of each fake. */
  setMode(mode: string): Promise<void>;
}

/** Makes a fake program of a system in a temporary folder. */
export async function fakeProgram(
  system: keyof typeof SCRIPTS,
  options: { timeout?: number } = {},
): Promise<FakeProgram> {
  const folder = await Deno.makeTempDir({ prefix: "goflow-fake-" });
  const script = fromFileUrl(new URL(`./fakes/${SCRIPTS[system]}`, import.meta.url));
  const program = join(folder, "program");
  const command = `exec "${Deno.execPath()}" run -q --no-config --no-lock -A "${script}"`;
  await Deno.writeTextFile(program, `#!/bin/sh\n${command} "${folder}" "$@"\n`, { mode: 0o755 });
  return {
    keyring: systemKeyring({ program, ...options }, system),
    program,
    folder,
    setMode: (mode) => Deno.writeTextFile(join(folder, "mode"), mode),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
