/**
 * The stores of GoFlow on PostgreSQL, for several hosts.
 *
 * @module
 */

export { PostgresMaintenance } from "./maintenance.ts";
export type { PostgresInfo } from "./migrator.ts";
export { PostgresMonitoring } from "./monitoring.ts";
export type { PostgresOptions } from "./options.ts";
export { PostgresExecutionRepository } from "./repository.ts";
export {
  openPostgresStorage,
  type PostgresStorage,
  type PostgresStorageOptions,
} from "./storage.ts";
export { PostgresStore } from "./store.ts";
export { PostgresTemplateRepository } from "./template_repository.ts";
export { type PostgresWorkflowOptions, PostgresWorkflowRepository } from "./workflow_repository.ts";
