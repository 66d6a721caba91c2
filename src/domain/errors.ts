/**
 * The errors this module throws on purpose. Each is a {@linkcode StorageError},
 * carries readonly fields a program can branch on, and has `cause` set when it
 * wraps another error.
 *
 * @module
 */

import type { MergeConflict } from "./merge.ts";

/**
 * Base class of every error that this module throws on purpose.
 *
 * @example Tell the errors of this module from all others
 * ```ts
 * import { FilesystemWorkflowRepository, StorageError } from "@goflow/storage";
 * import { assertRejects } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * const workflows = await FilesystemWorkflowRepository.open({ root });
 * await assertRejects(() => workflows.load("../outside"), StorageError, "must be a single file name");
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export class StorageError extends Error {
  static {
    this.prototype.name = "StorageError";
  }
}

/** What a {@linkcode NotFoundError} or {@linkcode AlreadyExistsError} is about. */
export interface ResourceFields extends ErrorOptions {
  /** Kind of resource, such as `"workflow"` or `"credential"`. */
  kind: string;
  /** Id, name or key of the resource. */
  id: string;
}

/**
 * The resource does not exist.
 *
 * @example Create what is missing
 * ```ts
 * import { FilesystemWorkflowRepository, NotFoundError, Workflow } from "@goflow/storage";
 *
 * const root = await Deno.makeTempDir();
 * const workflows = await FilesystemWorkflowRepository.open({ root });
 * try {
 *   await workflows.load("greet");
 * } catch (error) {
 *   if (!(error instanceof NotFoundError)) throw error;
 *   await workflows.save(Workflow.create(error.id, undefined, { id: error.id }));
 * }
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export class NotFoundError extends StorageError {
  static {
    this.prototype.name = "NotFoundError";
  }
  /** Kind of resource, such as `"workflow"` or `"credential"`. */
  readonly kind: string;
  /** Id, name or key that was looked for. */
  readonly id: string;

  /**
   * Makes the error.
   *
   * @param message Which action failed, on what.
   * @param fields The resource and the optional `cause`.
   */
  constructor(message: string, fields: ResourceFields) {
    super(message, fields);
    this.kind = fields.kind;
    this.id = fields.id;
  }
}

/**
 * A resource of this id or name exists already.
 *
 * @example An edge that is there already
 * ```ts
 * import { AlreadyExistsError, Workflow } from "@goflow/storage";
 * import { assertThrows } from "@std/assert";
 *
 * const workflow = Workflow.create("greet");
 * workflow.addEdge({ from: "start", to: "end" });
 * assertThrows(() => workflow.addEdge({ from: "start", to: "end" }), AlreadyExistsError);
 * ```
 */
export class AlreadyExistsError extends StorageError {
  static {
    this.prototype.name = "AlreadyExistsError";
  }
  /** Kind of resource, such as `"workflow"` or `"edge"`. */
  readonly kind: string;
  /** Id or name that is taken. */
  readonly id: string;

  /**
   * Makes the error.
   *
   * @param message Which action failed, on what.
   * @param fields The resource and the optional `cause`.
   */
  constructor(message: string, fields: ResourceFields) {
    super(message, fields);
    this.kind = fields.kind;
    this.id = fields.id;
  }
}

/** What a {@linkcode PermissionDeniedError} is about. */
export interface PermissionFields extends ErrorOptions {
  /** Path, program, variable or service to which access was refused. */
  resource: string;
  /** The Deno flag that would permit it; absent when the system refused. */
  flag?: string | undefined;
}

/**
 * The operating system, the keyring or Deno's sandbox refused access.
 *
 * @example Tell the user which flag is missing
 * ```ts
 * import { openStorage, PermissionDeniedError } from "@goflow/storage";
 *
 * try {
 *   await using storage = await openStorage({ root: "/srv/goflow" });
 *   await storage.workflows.list();
 * } catch (error) {
 *   if (!(error instanceof PermissionDeniedError)) throw error;
 *   console.error(`Run again with ${error.flag ?? "another user"}`);
 * }
 * ```
 */
export class PermissionDeniedError extends StorageError {
  static {
    this.prototype.name = "PermissionDeniedError";
  }
  /** Path, program, variable or service to which access was refused. */
  readonly resource: string;
  /** The Deno flag that would permit it, such as `--allow-read=/data`; absent when the system refused. */
  readonly flag?: string;

  /**
   * Makes the error.
   *
   * @param message Which action failed, on what, and how to permit it.
   * @param fields The resource, the flag and the optional `cause`.
   */
  constructor(message: string, fields: PermissionFields) {
    super(message, fields);
    this.resource = fields.resource;
    if (fields.flag !== undefined) this.flag = fields.flag;
  }
}

/** Where and why data is invalid, see {@linkcode InvalidDataError}. */
export interface InvalidDataFields extends ErrorOptions {
  /**
   * Every problem found, one sentence each.
   *
   * @default {[message]}
   */
  problems?: readonly string[];
  /** File the data came from. */
  path?: string | undefined;
  /** Line in the file, from 1. */
  line?: number | undefined;
  /** Column in the line, from 1. */
  column?: number | undefined;
}

/**
 * Data, an id or an option is not valid: bad YAML or JSON, a broken invariant.
 *
 * @example Every problem of a workflow
 * ```ts
 * import { InvalidDataError, Workflow } from "@goflow/storage";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const error = assertThrows(() => Workflow.create("greet").validate(), InvalidDataError);
 * assertEquals(error.problems.length, 2); // no start node, no end node
 * ```
 */
export class InvalidDataError extends StorageError {
  static {
    this.prototype.name = "InvalidDataError";
  }
  /** Every problem found, one sentence each; never empty. */
  readonly problems: readonly string[];
  /** File the data came from, where known. */
  readonly path?: string;
  /** Line in the file, from 1, where known. */
  readonly line?: number;
  /** Column in the line, from 1, where known. */
  readonly column?: number;

  /**
   * Makes the error.
   *
   * @param message Which action failed, on what, what was found and what is wanted.
   * @param fields The problems, the place and the optional `cause`.
   */
  constructor(message: string, fields: InvalidDataFields = {}) {
    super(message, fields);
    this.problems = fields.problems?.length ? fields.problems : [message];
    if (fields.path !== undefined) this.path = fields.path;
    if (fields.line !== undefined) this.line = fields.line;
    if (fields.column !== undefined) this.column = fields.column;
  }
}

/** The two ends of a refused transition, see {@linkcode InvalidStateError}. */
export interface InvalidStateFields extends ErrorOptions {
  /** Status before. */
  from: string;
  /** Status asked for. */
  to: string;
}

/**
 * The state machine of an execution forbids this transition.
 *
 * @example A run that has not started cannot be completed
 * ```ts
 * import { Execution, InvalidStateError } from "@goflow/storage";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const run = Execution.create("greet", "1.0");
 * const error = assertThrows(() => run.complete(), InvalidStateError);
 * assertEquals([error.from, error.to], ["pending", "completed"]);
 * ```
 */
export class InvalidStateError extends StorageError {
  static {
    this.prototype.name = "InvalidStateError";
  }
  /** Status before. */
  readonly from: string;
  /** Status asked for. */
  readonly to: string;

  /**
   * Makes the error.
   *
   * @param message Which transition of what was refused.
   * @param fields Both states and the optional `cause`.
   */
  constructor(message: string, fields: InvalidStateFields) {
    super(message, fields);
    this.from = fields.from;
    this.to = fields.to;
  }
}

/**
 * Why the database refused.
 *
 * - `busy`: another connection held a lock until the deadline.
 * - `full`: the disk or the file is full.
 * - `corrupt`: the file is damaged.
 * - `not-a-database`: the file is something else.
 * - `newer-schema`: written by a newer version of this module.
 * - `constraint`: a foreign key or unique constraint is broken.
 * - `read-only`: the file or folder cannot be written.
 * - `io`: any other failure to read or write, or a wrong use of the connection.
 */
export type DatabaseErrorCode =
  | "busy"
  | "full"
  | "corrupt"
  | "not-a-database"
  | "newer-schema"
  | "constraint"
  | "read-only"
  | "io";

/** The reason of a {@linkcode DatabaseError}. */
export interface DatabaseErrorFields extends ErrorOptions {
  /** Why the database refused. */
  code: DatabaseErrorCode;
}

/**
 * The database refused.
 *
 * @example A file that is no database
 * ```ts
 * import { DatabaseError, SQLiteExecutionRepository } from "@goflow/storage";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "no database at all\n".repeat(50));
 * const error = await assertRejects(() => SQLiteExecutionRepository.open({ path }), DatabaseError);
 * assertEquals(error.code, "not-a-database");
 * await Deno.remove(path);
 * ```
 */
export class DatabaseError extends StorageError {
  static {
    this.prototype.name = "DatabaseError";
  }
  /** Why the database refused. */
  readonly code: DatabaseErrorCode;

  /**
   * Makes the error.
   *
   * @param message Which action failed, and how to go on.
   * @param fields The code and the optional `cause`.
   */
  constructor(message: string, fields: DatabaseErrorFields) {
    super(message, fields);
    this.code = fields.code;
  }
}

/** The two revisions of a {@linkcode ConflictError}. */
export interface ConflictFields extends ErrorOptions {
  /**
   * Where both sides changed the same thing, when they were to be merged.
   *
   * @default {[]}
   */
  conflicts?: readonly MergeConflict[];
  /** Revision the caller had read. */
  expected: string;
  /** Revision that is stored now. */
  actual: string;
}

/**
 * Somebody else changed the resource since it was read.
 *
 * @example Somebody else saved first
 * ```ts
 * import { ConflictError, FilesystemWorkflowRepository, Workflow } from "@goflow/storage";
 * import { assertRejects } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * const workflows = await FilesystemWorkflowRepository.open({ root });
 * const workflow = Workflow.create("greet", undefined, { id: "greet" });
 * await workflows.save(workflow);
 * const ifRevision = "a revision that was read long ago";
 * workflow.version = "2.0";
 * await assertRejects(() => workflows.save(workflow, { ifRevision }), ConflictError);
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export class ConflictError extends StorageError {
  static {
    this.prototype.name = "ConflictError";
  }
  /** Revision the caller had read. */
  readonly expected: string;
  /** Revision that is stored now; empty when it was deleted. */
  readonly actual: string;
  /** Where both sides changed the same thing; empty unless they were to be merged. */
  readonly conflicts: readonly MergeConflict[];

  /**
   * Makes the error.
   *
   * @param message Which action failed, on what.
   * @param fields Both revisions and the optional `cause`.
   */
  constructor(message: string, fields: ConflictFields) {
    super(message, fields);
    this.expected = fields.expected;
    this.actual = fields.actual;
    this.conflicts = fields.conflicts ?? [];
  }
}

/**
 * Why the keyring failed.
 *
 * - `locked`: it must be unlocked first.
 * - `unavailable`: no keyring can be reached on this machine or in this session.
 * - `too-large`: the value does not fit into one item.
 * - `timeout`: a prompt was not answered in time.
 * - `failed`: anything else that the keyring reported.
 */
export type KeyringErrorReason =
  | "locked"
  | "unavailable"
  | "too-large"
  | "timeout"
  | "failed";

/** The reason of a {@linkcode KeyringError}. */
export interface KeyringErrorFields extends ErrorOptions {
  /** Why the keyring failed. */
  reason: KeyringErrorReason;
}

/**
 * The keyring is locked, unavailable, or did not take the value. Never contains a secret.
 *
 * @example Fall back to a vault, because the user said so
 * ```ts
 * import { KeyringCredentialStore, KeyringError, MemoryKeyring } from "@goflow/storage";
 *
 * const store = await KeyringCredentialStore.open({ keyring: new MemoryKeyring() });
 * try {
 *   await store.set("github:token", "an example");
 * } catch (error) {
 *   if (!(error instanceof KeyringError) || error.reason !== "unavailable") throw error;
 *   console.error("No keyring here: pass --keyring vault");
 * }
 * ```
 */
export class KeyringError extends StorageError {
  static {
    this.prototype.name = "KeyringError";
  }
  /** Why the keyring failed. */
  readonly reason: KeyringErrorReason;

  /**
   * Makes the error.
   *
   * @param message Which action failed, on what, and the cure.
   * @param fields The reason and the optional `cause`.
   */
  constructor(message: string, fields: KeyringErrorFields) {
    super(message, fields);
    this.reason = fields.reason;
  }
}

/** The credential of a {@linkcode CredentialExpiredError}. */
export interface CredentialExpiredFields extends ErrorOptions {
  /** Key of the credential. */
  key: string;
  /** When it expired. */
  expiresAt: Date;
}

/**
 * The credential is past its expiry.
 *
 * @example A value that is past its expiry
 * ```ts
 * import { CredentialExpiredError, KeyringCredentialStore, MemoryKeyring } from "@goflow/storage";
 * import { assertRejects } from "@std/assert";
 *
 * const store = await KeyringCredentialStore.open({ keyring: new MemoryKeyring() });
 * await store.set("github:token", "an example", { expiresAt: new Date("2020-01-01") });
 * await assertRejects(() => store.get("github:token"), CredentialExpiredError);
 * ```
 */
export class CredentialExpiredError extends StorageError {
  static {
    this.prototype.name = "CredentialExpiredError";
  }
  /** Key of the credential. */
  readonly key: string;
  /** When it expired. */
  readonly expiresAt: Date;

  /**
   * Makes the error.
   *
   * @param message Which action failed, on what, and how to go on.
   * @param fields The key, the time and the optional `cause`.
   */
  constructor(message: string, fields: CredentialExpiredFields) {
    super(message, fields);
    this.key = fields.key;
    this.expiresAt = fields.expiresAt;
  }
}
