/**
 * The form of records in JSON output.
 *
 * @module
 */

/**
 * Renames the fields of a record from `camelCase` to `snake_case`. Values stay.
 *
 * @param record The record.
 * @returns A record with the same values.
 */
export function snakeCase(record: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}
