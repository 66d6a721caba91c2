/**
 * What `doctor` says about the machine.
 *
 * @module
 */

import type { Check, Finding } from "./finding.ts";

/** Versions and permissions. */
export const checkMachine: Check = () => {
  const { os, arch } = Deno.build;
  const names = ["read", "write", "env", "run"] as const;
  const missing = names.filter((name) => Deno.permissions.querySync({ name }).state !== "granted");
  const findings: Finding[] = [
    { status: "ok", area: "machine", finding: `Deno ${Deno.version.deno} on ${os} ${arch}` },
  ];
  if (missing.length > 0) {
    findings.push({
      status: "ok",
      area: "machine",
      finding: `Not everything is permitted: ${missing.join(", ")}`,
      cure: "nothing, as long as each command finds what it needs",
    });
  }
  return Promise.resolve(findings);
};
