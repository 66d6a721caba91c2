/**
 * Options of the store of workflows.
 *
 * @module
 */

import { resolveRoot } from "../root.ts";
import { type FileOperations, systemFiles } from "./file_operations.ts";
import type { FolderOptions } from "./workflow_folder.ts";
import type { ReferencedRevisions } from "./workflow_revisions.ts";

/** Options of {@linkcode FilesystemWorkflowRepository.open}. */
export interface FilesystemWorkflowOptions {
  /**
   * Storage root; files lie in its folder `workflows`.
   *
   * @default {"GOFLOW_CONFIG_DIR, else .goflow in the home folder"}
   */
  root?: string | undefined;
  /**
   * Mode of new files; the mask of the process applies.
   *
   * @default {0o644}
   */
  fileMode?: number | undefined;
  /**
   * Mode of new folders; the mask of the process applies.
   *
   * @default {0o755}
   */
  folderMode?: number | undefined;
  /**
   * Whether to keep every revision in `<root>/history/<id>.jsonl`, readable by the owner only.
   *
   * @default {true}
   */
  history?: boolean | undefined;
  /**
   * Returns the revisions of a workflow that must survive pruning, such as
   * those that stored executions refer to.
   *
   * @default {() => []}
   */
  referencedRevisions?: ReferencedRevisions | undefined;
  /** Address of a JSON Schema, put into the first line of new files for editors. */
  schemaUrl?: string | undefined;
  /**
   * How long to wait for other writers, in milliseconds.
   *
   * @default {30000}
   */
  lockTimeout?: number | undefined;
  /**
   * The file operations; for tests.
   *
   * @default {systemFiles}
   */
  files?: FileOperations | undefined;
}

/**
 * Fills in the options that all folders of files have.
 *
 * @param options What the user chose.
 * @returns The options.
 * @throws {PermissionDeniedError} If the default root is wanted and the environment may not be read.
 */
export function resolveFolderOptions(
  { root, fileMode = 0o644, folderMode = 0o755, lockTimeout = 30_000, files = systemFiles }:
    FilesystemWorkflowOptions,
): Pick<FolderOptions, "root" | "fileMode" | "folderMode" | "lockTimeout" | "files"> {
  return { root: resolveRoot(root), fileMode, folderMode, lockTimeout, files };
}
