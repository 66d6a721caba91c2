/**
 * The storage layer of GoFlow: workflows as YAML files, executions in SQLite,
 * credentials in the keyring of the system, in the formats that the Go
 * implementation reads and writes.
 *
 * @module
 */

export * from "./src/domain/credential.ts";
export * from "./src/domain/errors.ts";
export * from "./src/domain/execution.ts";
export * from "./src/domain/execution_repository.ts";
export * from "./src/domain/ids.ts";
export * from "./src/domain/node.ts";
export * from "./src/domain/node_execution.ts";
export * from "./src/domain/variable_snapshot.ts";
export * from "./src/domain/workflow.ts";
export * from "./src/domain/workflow_repository.ts";
