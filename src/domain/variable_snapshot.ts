/**
 * Changes of variables during a run.
 *
 * @module
 */

import type { InvalidColumn } from "./execution.ts";

/** One change of a variable; never altered once stored. */
export interface VariableSnapshot {
  /** Number of the row, set once stored. */
  id?: number;
  /** Id of the run. */
  executionId: string;
  /** Id of the node execution that made the change; absent once that was deleted. */
  nodeExecutionId?: string;
  /** Name of the variable. */
  variableName: string;
  /** Value before, as JSON; absent when the variable is new. */
  oldValue?: unknown;
  /** Value after, as JSON. */
  newValue?: unknown;
  /** When it changed. */
  timestamp: Date;
  /** Columns that could not be read; absent when all could. */
  invalidColumns?: InvalidColumn[];
}
