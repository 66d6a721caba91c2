/**
 * The port to stored workflows.
 *
 * @module
 */

import type { StorageError } from "./errors.ts";
import type { SecretFinding } from "./secrets.ts";
import type { Workflow } from "./workflow.ts";
import type { RevisionOptions } from "./workflow_history.ts";

/** Options of {@linkcode WorkflowRepository.save}. */
export interface SaveOptions extends RevisionOptions {
  /** Save only if this revision is the stored one, else throw `ConflictError`. */
  ifRevision?: string | undefined;
  /** Save only if there is no such workflow yet, else throw `AlreadyExistsError`. */
  ifAbsent?: boolean | undefined;
  /**
   * What to do when somebody else was faster: refuse, or merge both edits.
   * The edit starts from `ifRevision`, else from the revision that was loaded.
   *
   * @default {"refuse"}
   */
  onConflict?: "refuse" | "merge" | undefined;
  /** Throw `AlreadyExistsError` when another workflow has this name. */
  uniqueName?: boolean | undefined;
  /**
   * What to do about secrets: refuse those that are certain and tell about the
   * likely ones, only tell, or do not look.
   *
   * @default {"refuse"}
   */
  secrets?: "refuse" | "warn" | "allow" | undefined;
}

/** What a save did. */
export interface SaveResult {
  /** Revision of what is stored now: a hash of the content that users edit. */
  revision: string;
  /** Whether anything was written. */
  changed: boolean;
  /** Set when the file, or a part of it, had to be written anew, so that comments are lost. */
  rewritten?: true;
  /** Set when somebody else was faster and both edits were merged. */
  merged?: true;
  /** Secrets that the workflow holds, or may hold; absent when there are none. */
  secrets?: SecretFinding[];
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

/** Which workflows to tell about. */
export interface SummaryFilter {
  /** Only those with this tag. */
  tag?: string | undefined;
  /** Only those with this text in their id, name, description or tags; case does not count. */
  text?: string | undefined;
}

/** The main things about a stored workflow. */
export interface WorkflowSummary {
  /** Id of the workflow. */
  id: string;
  /** Its name. */
  name: string;
  /** Its version. */
  version: string;
  /** What it does. */
  description?: string;
  /** Its tags. */
  tags: string[];
  /** Size of the file, in bytes. */
  size: number;
  /** When the file was last written. */
  modified: Date;
  /** Revision of the content. */
  revision: string;
}

/** The main things about all stored workflows. */
export interface SummaryList {
  /** Those that can be read, in ascending order of their ids. */
  summaries: WorkflowSummary[];
  /** Those that cannot. */
  invalid: InvalidWorkflow[];
}

/** Stored workflows. */
export interface WorkflowRepository {
  /**
   * Creates or replaces a workflow, atomically.
   *
   * @throws {InvalidDataError} If the id cannot be a file name, or a value cannot be stored.
   * @throws {ConflictError} If another revision is stored than the one asked for.
   * @throws {AlreadyExistsError} If the id or name is taken and was asked to be free.
   */
  save(workflow: Workflow, options?: SaveOptions): Promise<SaveResult>;

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
