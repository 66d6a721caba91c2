/**
 * Keeps secrets out of files.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import { findSecrets, type SecretFinding } from "../domain/secrets.ts";
import type { Workflow } from "../domain/workflow.ts";

/**
 * Looks for secrets.
 *
 * @param workflow The workflow.
 * @param policy What to do about them.
 * @param action For the message of the error.
 * @returns What was found.
 * @throws {InvalidDataError} If a certain one was found, and is to be refused.
 */
export function checkSecrets(
  workflow: Workflow,
  policy: "refuse" | "warn" | "allow",
  action: string,
): SecretFinding[] {
  if (policy === "allow") return [];
  const findings = findSecrets(workflow);
  const certain = findings.filter((finding) => finding.certain);
  if (policy === "warn" || certain.length === 0) return findings;
  const problems = certain.map(({ path, kind, excerpt }) =>
    `${path} holds a secret (${kind}, ${excerpt})`
  );
  throw new InvalidDataError(
    `${action}: ${problems.join("; ")}; keep it in the keyring and refer to it by credentialRef`,
    { problems },
  );
}
