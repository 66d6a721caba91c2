/**
 * The versions of the schema, oldest first. A step that was released is never
 * edited: its checksum is in every database.
 *
 * @module
 */

import type { Migration } from "../executions/migrations.ts";
import { EXECUTIONS_SQL } from "./execution_schema.ts";
import { WORKFLOWS_SQL } from "./workflow_schema.ts";

/** All steps, oldest first. */
export const MIGRATIONS: readonly Migration[] = [
  { version: 1, checksum: "673ca59f", sql: EXECUTIONS_SQL },
  { version: 2, checksum: "25d5d206", sql: WORKFLOWS_SQL },
];
