/**
 * Python's own keyring, with its backend for the Secret Service.
 *
 * @module
 */

import type { Requirement } from "../helpers/skip.ts";
import { type GnomeKeyring, hasPythonModule, PYTHON } from "./gnome_keyring.ts";

const CODE = `
import sys
from keyring.backends.SecretService import Keyring
action, key = sys.argv[1:]
k = Keyring()
if action == "set": k.set_password("goflow", key, sys.stdin.buffer.read().decode())
elif action == "get": sys.stdout.buffer.write((k.get_password("goflow", key) or "").encode())
elif action == "delete": k.delete_password("goflow", key)
else: sys.exit("unknown action")
`;

/** Calls Python's keyring. */
export const pythonKeyring = {
  /** What tests need that call it. */
  requirement: {
    missing: !hasPythonModule("keyring.backends.SecretService, secretstorage"),
    reason: "needs python3-keyring",
  } satisfies Requirement,

  /** Sets (to `value`), gets (nothing if there is none) or deletes an item of `goflow`. */
  async run(gnome: GnomeKeyring, action: string, key: string, value = ""): Promise<string> {
    const result = await gnome.run(PYTHON, ["-c", CODE, action, key], value);
    if (!result.success) throw new Error(`Python's keyring failed: ${result.stderr}`);
    return result.stdout;
  },
};
