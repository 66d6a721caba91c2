/**
 * Runs as JSON, with the keys of Go's command line.
 *
 * @module
 */

import type { Execution } from "../../domain/execution.ts";
import type { NodeExecution } from "../../domain/node_execution.ts";
import type { VariableSnapshot } from "../../domain/variable_snapshot.ts";
import { snakeCase } from "../json.ts";

/**
 * Returns a run without its parts as a value for JSON.
 *
 * @param execution The run.
 * @returns The value.
 */
export function executionJson(execution: Execution): Record<string, unknown> {
  return {
    id: execution.id,
    workflow_id: execution.workflowId,
    workflow_version: execution.workflowVersion,
    workflow_revision: execution.workflowRevision,
    status: execution.status,
    started_at: execution.startedAt,
    completed_at: execution.completedAt,
    duration_ms: execution.duration,
    error: execution.error && snakeCase(execution.error),
    return_value: execution.returnValue,
    invalid_columns: invalidJson(execution),
  };
}

/**
 * Returns a run with its parts as a value for JSON.
 *
 * @param execution The run.
 * @returns The value.
 */
export function wholeExecutionJson(execution: Execution): Record<string, unknown> {
  return {
    ...executionJson(execution),
    variables: execution.variables,
    node_executions: execution.nodeExecutions.map(nodeJson),
    variable_snapshots: execution.variableSnapshots.map(snapshotJson),
  };
}

function nodeJson(node: NodeExecution): Record<string, unknown> {
  return {
    id: node.id,
    node_id: node.nodeId,
    node_type: node.nodeType,
    status: node.status,
    started_at: node.startedAt,
    completed_at: node.completedAt,
    duration_ms: node.duration,
    inputs: node.inputs,
    outputs: node.outputs,
    error: node.error && snakeCase(node.error),
    retry_count: node.retryCount,
    invalid_columns: invalidJson(node),
  };
}

function snapshotJson(snapshot: VariableSnapshot): Record<string, unknown> {
  const { id, nodeExecutionId, variableName, oldValue, newValue, timestamp } = snapshot;
  return snakeCase({ id, nodeExecutionId, variableName, oldValue, newValue, timestamp });
}

function invalidJson({ invalidColumns }: Execution | NodeExecution): unknown {
  return invalidColumns?.map(({ column, text, error }) => ({ column, text, error: error.message }));
}
