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
export { MemoryKeyring } from "./src/credentials/memory.ts";
export { KeyringCredentialStore } from "./src/credentials/keyring_store.ts";
export type { GetOptions, KeyringOptions, SetOptions } from "./src/credentials/options.ts";
export { systemKeyring, type SystemKeyringOptions } from "./src/credentials/system.ts";
export type { DriverName } from "./src/executions/driver.ts";
export type { JournalMode } from "./src/executions/driver_choice.ts";
export type { SQLiteInfo, SQLiteOptions } from "./src/executions/options.ts";
export { SQLiteExecutionRepository } from "./src/executions/repository.ts";
export { openStorage, type Storage, type StorageOptions } from "./src/storage.ts";
export {
  type FilesystemWorkflowOptions,
  FilesystemWorkflowRepository,
} from "./src/workflows/repository.ts";
