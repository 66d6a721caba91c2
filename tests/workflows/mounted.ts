/**
 * Scripts in a mount namespace of their own.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";
import { configFlags } from "../helpers/child.ts";

/** Mounts something at a folder, for one process, and runs a script there. */
export async function mountedDeno(
  mount: string,
  folder: string,
  script: URL,
  args: string[],
): Promise<{ stdout: string; stderr: string }> {
  const deno = [Deno.execPath(), "run", "-q", "-A", ...configFlags(), fromFileUrl(script), ...args];
  const { stdout, stderr } = await new Deno.Command("unshare", {
    args: ["-m", "sh", "-c", `${mount} && shift && exec "$@"`, "sh", folder, ...deno],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
