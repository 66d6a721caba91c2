/**
 * The stores of GoFlow on PostgreSQL, for several hosts.
 *
 * @module
 */

export type { PostgresInfo } from "./migrator.ts";
export type { PostgresOptions } from "./options.ts";
export { PostgresTemplateRepository } from "./template_repository.ts";
export { type PostgresWorkflowOptions, PostgresWorkflowRepository } from "./workflow_repository.ts";
