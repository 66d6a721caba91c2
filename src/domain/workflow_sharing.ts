/**
 * Workflows that are shared: without secrets, and with a list of what they need.
 *
 * @module
 */

import type { StorageError } from "./errors.ts";
import type { SecretFinding } from "./secrets.ts";
import type { Workflow } from "./workflow.ts";
import type { SaveResult } from "./workflow_repository.ts";

/** A workflow that can be shared. */
export interface ExportedWorkflow {
  /** Id of the workflow. */
  id: string;
  /** Canonical YAML. */
  text: string;
  /** Where a value was replaced by a placeholder. */
  removed: SecretFinding[];
}

/** Where a shared workflow comes from. */
export type ImportSource = { text: string } | { path: string };

/** Options of an import. */
export interface ImportOptions {
  /** Id that it gets; by default its own or that of its file when it is free, else a new one. */
  id?: string | undefined;
  /** Name that it gets; its own by default. */
  name?: string | undefined;
  /** Who imports it. */
  author?: string | undefined;
  /** Why. */
  message?: string | undefined;
}

/** A workflow that was imported, and what it needs. */
export interface ImportedWorkflow extends SaveResult {
  /** The workflow. */
  workflow: Workflow;
  /** Servers that it calls, each with the program or address. */
  servers: { id: string; command?: string; url?: string }[];
  /** Keys of credentials that it refers to. */
  credentials: string[];
  /** Where a placeholder waits for a value. */
  placeholders: string[];
  /** Invariants that it breaks. */
  problems: string[];
}

/** How far the export or import of many workflows is. */
export interface Progress {
  /** Number of workflows that are done, this one included. */
  done: number;
  /** Number of all. */
  total: number;
}

/** One workflow of many: what became of it, or why nothing did. */
export type Shared<T> = Progress & (T | { id: string; error: StorageError });
