/**
 * The port to stored workflows.
 *
 * @module
 */

import type { StorageError } from "./errors.ts";
import type { SecretFinding } from "./secrets.ts";
import type { TextArchives } from "./text_archive.ts";
import type { Workflow } from "./workflow.ts";
import type { WatchOptions, WorkflowEvent } from "./workflow_events.ts";
import type {
  PruneOptions,
  RevisionDiff,
  RevisionOptions,
  WorkflowRevision,
} from "./workflow_history.ts";
import type {
  ExportedWorkflow,
  ImportedWorkflow,
  ImportOptions,
  ImportSource,
  Shared,
} from "./workflow_sharing.ts";

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
  /** Absolute path of the file; in a database, its table and id, such as `workflows/greet`. */
  path: string;
  /** One sentence. */
  message: string;
}

/** A stored workflow that cannot be read. */
export interface InvalidWorkflow {
  /** Id of the workflow, from the file name. */
  id: string;
  /** Absolute path of the file; in a database, its table and id, such as `workflows/greet`. */
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

/** Something that is not what its author may think. */
export interface FileWarning {
  /** Where it stands, such as `nodes[2].parameters.level`. */
  path: string;
  /** One sentence. */
  message: string;
  /** Line in the file, from 1, where known. */
  line?: number;
}

/** Changes the workflow it gets, or returns another one of the same id. */
export type WorkflowEdit = (workflow: Workflow) => void | Workflow | Promise<void | Workflow>;

/** Options of {@linkcode WorkflowRepository.update}. */
export type UpdateOptions = Pick<SaveOptions, "author" | "message" | "secrets" | "uniqueName">;

/** Stored workflows. */
export interface WorkflowRepository extends TextArchives {
  /**
   * Creates or replaces a workflow, atomically.
   *
   * @throws {InvalidDataError} If the id cannot be a file name, or a value cannot be stored.
   * @throws {ConflictError} If another revision is stored than the one asked for.
   * @throws {AlreadyExistsError} If the id or name is taken and was asked to be free.
   */
  save(workflow: Workflow, options?: SaveOptions): Promise<SaveResult>;

  /**
   * Reads a workflow, changes it and saves it, with nobody else in between.
   * The function may run again when somebody wrote meanwhile; it must not save
   * through this repository itself.
   *
   * @throws {NotFoundError} If there is no such workflow.
   * @throws {InvalidDataError} If it cannot be read, or a value cannot be stored.
   */
  update(id: string, edit: WorkflowEdit, options?: UpdateOptions): Promise<SaveResult>;

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

  /** Tells the main things about all workflows, thousands of them in no time. */
  summaries(filter?: SummaryFilter): Promise<SummaryList>;

  /**
   * Tells what is odd about a text that can be read.
   *
   * @throws {NotFoundError} If there is no such workflow.
   * @throws {InvalidDataError} If it cannot be read.
   */
  inspect(id: string): Promise<FileWarning[]>;

  /**
   * Deletes a workflow. Its history stays, so that it can be restored.
   *
   * @throws {NotFoundError} If there is no such workflow.
   */
  delete(id: string, options?: RevisionOptions): Promise<void>;

  /**
   * Writes a text anew in the canonical form; comments are lost.
   *
   * @throws {NotFoundError} If there is no such workflow.
   */
  normalize(id: string, options?: RevisionOptions): Promise<SaveResult>;

  /** Tells what happens to the workflows, except for what this repository itself writes. */
  watch(options?: WatchOptions): AsyncGenerator<WorkflowEvent>;

  /**
   * Lists the revisions of a workflow, newest first, also of one that was deleted.
   *
   * @throws {NotFoundError} If there is neither such a workflow nor a history of one.
   */
  history(id: string): Promise<WorkflowRevision[]>;

  /**
   * Reads a revision by its hash, the first characters of it (six or more), or a tag.
   *
   * @throws {NotFoundError} If there is no such revision.
   */
  loadRevision(id: string, revision: string): Promise<Workflow>;

  /**
   * Compares two revisions; without `to`, one with what is stored.
   *
   * @throws {NotFoundError} If there is no such revision.
   */
  diff(id: string, from: string, to?: string): Promise<RevisionDiff>;

  /**
   * Makes an older revision the stored one, as a new revision.
   *
   * @throws {NotFoundError} If there is no such revision.
   */
  restore(id: string, revision: string, options?: RevisionOptions): Promise<SaveResult>;

  /**
   * Gives a revision a name, by default the stored one; `null` takes the name away.
   *
   * @throws {NotFoundError} If there is no such revision or name.
   */
  tag(id: string, tag: string, revision?: string | null): Promise<void>;

  /** Removes old revisions and returns how many; what is tagged, among the newest or referred to stays. */
  prune(options?: PruneOptions): Promise<number>;

  /**
   * Makes a text that can be shared: canonical YAML without secrets.
   *
   * @throws {NotFoundError} If there is no such workflow.
   * @throws {InvalidDataError} If the text cannot be read, or the key of a mapping is a secret.
   */
  exportWorkflow(id: string): Promise<ExportedWorkflow>;

  /**
   * Saves a workflow that was shared, in any dialect, under a free id.
   *
   * @throws {InvalidDataError} If it cannot be read.
   * @throws {AlreadyExistsError} If the id asked for is taken.
   */
  importWorkflow(source: ImportSource, options?: ImportOptions): Promise<ImportedWorkflow>;

  /** Makes texts of all workflows that can be shared, one by one. */
  exportAll(): AsyncGenerator<Shared<ExportedWorkflow>>;

  /** Imports all `.yaml` and `.yml` files of a folder, one by one. */
  importFolder(
    folder: string,
    options?: Pick<ImportOptions, "author" | "message">,
  ): AsyncGenerator<Shared<ImportedWorkflow & { id: string }>>;
}
