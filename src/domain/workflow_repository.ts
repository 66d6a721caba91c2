/**
 * The port to stored workflows.
 *
 * @module
 */

import type { StorageError } from "./errors.ts";
import type { Workflow } from "./workflow.ts";

/** What a save did. */
export interface SaveResult {
  /** Revision of what is stored now: a hash of the content that users edit. */
  revision: string;
  /** Whether anything was written. */
  changed: boolean;
  /** Set when the whole file had to be written anew, so that its comments are lost. */
  rewritten?: true;
}

/** A stored workflow that can be read, but not as its author may think. */
export interface WorkflowWarning {
  /** Id of the workflow, from the file name. */
  id: string;
  /** Absolute path of the file. */
  path: string;
  /** One sentence. */
  message: string;
}

/** A stored workflow that cannot be read. */
export interface InvalidWorkflow {
  /** Id of the workflow, from the file name. */
  id: string;
  /** Absolute path of the file. */
  path: string;
  /** Why it cannot be read. */
  error: StorageError;
}

/** Every workflow of a repository. */
export interface WorkflowList {
  /** Those that can be read, in ascending order of their ids. */
  workflows: Workflow[];
  /** Those that cannot. */
  invalid: InvalidWorkflow[];
  /** What is odd about those that can, such as another id inside of the file. */
  warnings: WorkflowWarning[];
}

/** Stored workflows. */
export interface WorkflowRepository {
  /**
   * Creates or replaces a workflow, atomically.
   *
   * @throws {InvalidDataError} If the id cannot be a file name, or a value cannot be stored.
   */
  save(workflow: Workflow): Promise<SaveResult>;

  /**
   * Reads a workflow.
   *
   * @throws {NotFoundError} If there is no such workflow.
   * @throws {InvalidDataError} If it cannot be read.
   */
  load(id: string): Promise<Workflow>;

  /** Reads the first workflow of a name, in ascending order of ids; `undefined` when there is none. */
  findByName(name: string): Promise<Workflow | undefined>;

  /** Reads all workflows; those that cannot be read are reported, never skipped in silence. */
  list(): Promise<WorkflowList>;

  /**
   * Deletes a workflow.
   *
   * @throws {NotFoundError} If there is no such workflow.
   */
  delete(id: string): Promise<void>;
}
