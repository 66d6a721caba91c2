/**
 * Programs that see file systems of their own: a full disk, a folder that cannot be written.
 *
 * @module
 */

import type { Requirement } from "./skip.ts";

/** A small disk at the folder `$0`. */
export const SMALL_DISK = 'mount -t tmpfs -o size=1m tmpfs "$0"';
/** A folder, `$0`, that cannot be written, not by root either. */
export const READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"';

/** Leave to mount, which also an ordinary user may have. */
export const mounts: Requirement = {
  missing: !await canMount("-Urm"),
  reason: "needs leave to mount",
};

/** Leave to mount as root, who may become another user. */
export const rootMounts: Requirement = {
  missing: Deno.uid() !== 0 || !await canMount("-m"),
  reason: "needs root with leave to mount",
};

/** Runs a program after a script has prepared the folder `$0`. */
export async function runMounted(
  script: string,
  folder: string,
  command: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command("unshare", {
    args: ["-Urm", "sh", "-c", `${script} && exec "$@"`, folder, ...command],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function canMount(flags: string): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  const folder = await Deno.makeTempDir();
  try {
    const { success } = await new Deno.Command("unshare", {
      args: [flags, "sh", "-c", SMALL_DISK, folder],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  } finally {
    await Deno.remove(folder);
  }
}
