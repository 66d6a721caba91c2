/**
 * The storage layer of GoFlow: workflows as YAML files, executions in SQLite,
 * credentials in the keyring of the system, in the formats that the Go
 * implementation reads and writes.
 *
 * @module
 */

export * from "./src/domain/credential.ts";
export * from "./src/domain/diff.ts";
export * from "./src/domain/errors.ts";
export * from "./src/domain/execution.ts";
export type {
  ExecutionChange,
  ExecutionEvent,
  Lease,
  WatchOptions as ExecutionWatchOptions,
} from "./src/domain/execution_monitoring.ts";
export * from "./src/domain/execution_repository.ts";
export type {
  AutoPruneOptions,
  DetailedPrunePlan,
  PruneOptions as ExecutionPruneOptions,
  PrunePlan,
  PruneProgress,
  RetentionPolicy,
  RetentionRule,
} from "./src/domain/execution_retention.ts";
export * from "./src/domain/execution_statistics.ts";
export type {
  CsvTable,
  ExportOptions,
  ImportOptions as ExecutionImportOptions,
  ImportResult as ExecutionImportResult,
} from "./src/domain/execution_transfer.ts";
export * from "./src/domain/ids.ts";
export type { Lazy } from "./src/domain/lazy.ts";
export * from "./src/domain/merge.ts";
export * from "./src/domain/node.ts";
export * from "./src/domain/node_execution.ts";
export type { RedactionOptions } from "./src/domain/redaction.ts";
export { findSecrets, type SecretFinding, type SecretKind } from "./src/domain/secrets.ts";
export {
  type ParameterValidation,
  type TemplateParameter,
  templateProblems,
  type WorkflowTemplate,
} from "./src/domain/template.ts";
export * from "./src/domain/template_repository.ts";
export * from "./src/domain/text_archive.ts";
export * from "./src/domain/variable_snapshot.ts";
export * from "./src/domain/workflow.ts";
export * from "./src/domain/workflow_events.ts";
export * from "./src/domain/workflow_history.ts";
export * from "./src/domain/workflow_repository.ts";
export * from "./src/domain/workflow_sharing.ts";

export type { CopyOptions, CopyProgress, CopyResult } from "./src/credentials/copy.ts";
export type { CredentialDescription, KeyringInfo } from "./src/credentials/description.ts";
export {
  EnvironmentKeyring,
  type EnvironmentKeyringOptions,
} from "./src/credentials/environment.ts";
export type { IndexState } from "./src/credentials/index_item.ts";
export { KeyringCredentialStore } from "./src/credentials/keyring_store.ts";
export { MemoryKeyring, type MemoryKeyringOptions } from "./src/credentials/memory.ts";
export type { GetOptions, KeyringOptions, SetOptions } from "./src/credentials/options.ts";
export type { RotateOptions } from "./src/credentials/rotation.ts";
export { systemKeyring, type SystemKeyringOptions } from "./src/credentials/system.ts";
export {
  type PassphraseRequest,
  VaultKeyring,
  type VaultOptions,
} from "./src/credentials/vault.ts";

export type { CopyProgressOptions } from "./src/executions/backup.ts";
export type { CheckOptions, CheckResult } from "./src/executions/check.ts";
export type { DriverName } from "./src/executions/driver.ts";
export type { JournalMode } from "./src/executions/driver_choice.ts";
export { SQLiteLister } from "./src/executions/lister.ts";
export type { CompactOptions } from "./src/executions/compact.ts";
export { SQLiteMaintenance } from "./src/executions/maintenance.ts";
export { SQLiteMonitoring } from "./src/executions/monitoring.ts";
export type { SQLiteInfo, SQLiteOptions, UnfinishedOperation } from "./src/executions/options.ts";
export { SQLiteExecutionRepository } from "./src/executions/repository.ts";
export type { SalvageResult } from "./src/executions/salvage.ts";
export { SQLiteStore } from "./src/executions/store.ts";

export { instantiateTemplate } from "./src/workflows/instantiate.ts";
export { type JsonSchema, workflowJsonSchema } from "./src/workflows/json_schema.ts";
export type { FileOperations, WritableFile } from "./src/workflows/file_operations.ts";
export { FilesystemWorkflowRepository } from "./src/workflows/repository.ts";
export type { FilesystemWorkflowOptions } from "./src/workflows/repository_options.ts";
export {
  type FilesystemTemplateOptions,
  FilesystemTemplateRepository,
} from "./src/workflows/template_repository.ts";
export { TextTemplateRepository } from "./src/workflows/text_template_repository.ts";
export { TextWorkflowRepository } from "./src/workflows/text_workflow_repository.ts";
export type { ReferencedRevisions } from "./src/workflows/workflow_revisions.ts";

export {
  type CopiedStorage,
  copyStorage,
  type StorageCopyCounts,
  StorageCopyError,
  type StorageCopyOptions,
  type StorageCopyProgress,
  type StorageCopyResult,
  type StoragePart,
} from "./src/copy_storage.ts";
export {
  type FilesystemStorage,
  openStorage,
  type Storage,
  type StorageOptions,
} from "./src/storage.ts";
