/**
 * What a workflow file may hold, before and after parsing.
 *
 * @module
 */

/** Limits of a workflow file. */
export const LIMITS = {
  /** Size of the file, in bytes. */
  bytes: 1024 * 1024,
  /** Nesting. */
  depth: 64,
  /** Values, counted as if every alias were written out. */
  nodes: 100_000,
  /** Length of all text, counted as if every alias were written out. */
  characters: 4 * 1024 * 1024,
} as const;
