/**
 * What `doctor` says about the data folder.
 *
 * @module
 */

import { statIfAny } from "../files.ts";
import { join } from "../../paths.ts";
import { shellWord } from "../text.ts";
import { formatSize } from "../values.ts";
import type { Check, Finding } from "./finding.ts";

const HOUR = 3_600_000;
/** Free space below which writing is about to fail, in bytes. */
const SCARCE = 100e6;

/** Kinds of file systems whose locks cannot be trusted, by the number that Linux has for them. */
const NETWORK: Readonly<Record<number, string>> = {
  0x6969: "NFS",
  0x517b: "SMB",
  0xff534d42: "CIFS",
  0xfe534d42: "SMB2",
};

/** The folder, its modes, its disk, and what crashed programs left in it. */
export const checkFolder: Check = async (root) => {
  const area = "folder";
  const info = await statOf(root);
  if (info === undefined) {
    const cure = "nothing, the first save creates it; or pass the right --root";
    return [{ status: "warning", area, finding: `${root} does not exist`, cure }];
  }
  if (!info.isDirectory) {
    const cure = "pass a folder to --root, or set GOFLOW_CONFIG_DIR to one";
    return [{ status: "failed", area, finding: `${root} is not a folder`, cure }];
  }
  return [
    { status: "ok", area, finding: root },
    ...await openToOthers(root),
    ...await leftovers(root),
    ...await checkDisk(root),
  ];
};

async function openToOthers(root: string): Promise<Finding[]> {
  if (Deno.build.os === "windows") return [];
  const findings: Finding[] = [];
  for (const name of ["credentials.vault", "history"]) {
    const path = join(root, name);
    const mode = (await statOf(path))?.mode ?? 0;
    if ((mode & 0o077) === 0) continue;
    findings.push({
      status: "warning",
      area: "folder",
      finding: `${path} is open to other users (mode ${(mode & 0o777).toString(8)})`,
      cure: `chmod go= ${shellWord(path)}`,
    });
  }
  return findings;
}

/** Temporary files that no living program can be writing. */
async function leftovers(root: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const folder of [root, join(root, "workflows"), join(root, "templates")]) {
    if (!(await statOf(folder))?.isDirectory) continue;
    for await (const { name } of Deno.readDir(folder)) {
      const path = join(folder, name);
      if (!/^(?:\.|goflow-).*\.tmp(?:-journal|-wal|-shm)?$|\.work\.tmp$/.test(name)) continue;
      const info = await statOf(path);
      const modified = info?.mtime?.getTime() ?? Date.now();
      if (Date.now() - modified < HOUR) continue;
      findings.push({
        status: "warning",
        area: "folder",
        finding: `${path} was left by a program that was stopped`,
        cure: `rm ${info?.isDirectory ? "-r " : ""}${shellWord(path)}`,
      });
    }
  }
  return findings;
}

/** Space and kind of the disk, where Deno permits to ask for them. */
async function checkDisk(root: string): Promise<Finding[]> {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "statfs" });
  if (state !== "granted") return [];
  const { statfs } = await import("node:fs/promises");
  const { type, bavail, bsize } = await statfs(root);
  return diskFindings(root, bavail * bsize, Deno.build.os === "linux" ? type >>> 0 : 0);
}

/**
 * Judges a disk.
 *
 * @param root The data folder.
 * @param free Bytes that can be written.
 * @param type Number of the kind of file system on Linux, else 0.
 * @returns What is wrong.
 */
export function diskFindings(root: string, free: number, type: number): Finding[] {
  const findings: Finding[] = [];
  if (free < SCARCE) {
    findings.push({
      status: "warning",
      area: "folder",
      finding: `Only ${formatSize(free)} are free on the disk of ${root}`,
      cure: "delete old runs by execution prune, then give the space back by db compact",
    });
  }
  const network = NETWORK[type];
  if (network !== undefined) {
    findings.push({
      status: "warning",
      area: "folder",
      finding: `${root} is on a network file system (${network}), whose locks cannot be trusted`,
      cure: "move the folder to a local disk",
    });
  }
  return findings;
}

/** Returns what is at a path, `undefined` when nothing is. */
export async function statOf(path: string): Promise<Deno.FileInfo | undefined> {
  return await statIfAny(path, `Cannot look at "${path}"`);
}
