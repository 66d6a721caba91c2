/**
 * A workflow as JSON: the keys of schema version 1.
 *
 * @module
 */

import type { Workflow } from "../../domain/workflow.ts";
import { encodeWorkflow } from "../../workflows/encode.ts";
import { SourceScalar } from "../../workflows/yaml_scalar.ts";

/**
 * Returns a workflow as a value for JSON.
 *
 * @param workflow The workflow.
 * @returns The value, with the keys that a new file would have.
 */
export function workflowJson(workflow: Workflow): unknown {
  const { value } = encodeWorkflow(workflow, { canonical: true });
  return { ...plain(value) as object, revision: workflow.revision };
}

/** Scalars that a file writes in an unusual way are plain ones in JSON. */
function plain(value: unknown): unknown {
  if (value instanceof SourceScalar) return value.value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
