/**
 * What `doctor` says about credentials.
 *
 * @module
 */

import { KeyringCredentialStore } from "../../credentials/keyring_store.ts";
import { operand } from "../text.ts";
import type { Check, Finding } from "./finding.ts";

/** The keyring, and what expires. */
export const checkCredentials: Check = async (root) => {
  const area = "credentials";
  const store = await KeyringCredentialStore.open({ root });
  const { keyring, credentials, index } = await store.info();
  const findings: Finding[] = [{
    status: "ok",
    area,
    finding: `${credentials} in ${keyring}, index for Go: ${index}`,
  }];
  for (const { key, expired } of await store.listExpiring(WEEK)) {
    findings.push({
      status: "warning",
      area,
      finding: `"${key}" ${expired ? "has expired" : "expires within a week"}`,
      cure: `goflow-storage credential rotate ${operand(key)}`,
    });
  }
  for (const { key } of await store.listRotationDue()) {
    findings.push({
      status: "warning",
      area,
      finding: `"${key}" is due for rotation`,
      cure: `goflow-storage credential rotate ${operand(key)}`,
    });
  }
  if (index === "partial") {
    findings.push({
      status: "warning",
      area,
      finding: "The index that Go reads has no room for all keys, so Go lists only some of them",
      cure: "nothing, unless Go has to list them all: then fewer or shorter keys",
    });
  }
  return findings;
};

const WEEK = 7 * 86_400_000;
