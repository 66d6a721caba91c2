/**
 * What a file of an older schema cannot do.
 *
 * @module
 */

import { DatabaseError } from "../domain/errors.ts";
import type { Connection } from "./connection.ts";

/** The version that brought each feature. */
export const FEATURES = { labels: 3, leases: 3, changes: 4, statistics: 7, operations: 6 } as const;

/**
 * Throws unless the schema of the file has a feature.
 *
 * @param connection The connection.
 * @param feature The feature.
 * @param action What it is for, in the form `Cannot label execution "a"`.
 * @throws {DatabaseError} If the schema is too old.
 */
export function requireFeature(
  connection: Connection,
  feature: keyof typeof FEATURES,
  action: string,
): void {
  const { schemaVersion } = connection.info;
  const wanted = FEATURES[feature];
  if (schemaVersion >= wanted) return;
  throw new DatabaseError(
    `${action}: the schema version of the file is ${schemaVersion}, wanted is ${wanted} or later; ` +
      `open it with the option "migrate" set to "auto"`,
    { code: "io" },
  );
}
