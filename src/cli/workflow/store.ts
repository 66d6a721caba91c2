/**
 * Opens the workflow store for a command.
 *
 * @module
 */

import { FilesystemWorkflowRepository } from "../../workflows/repository.ts";
import type { Context } from "../context.ts";

/**
 * Opens the store.
 *
 * @param context The call.
 * @returns The store.
 */
export async function openWorkflows(context: Context): Promise<FilesystemWorkflowRepository> {
  return await FilesystemWorkflowRepository.open(context.rootOption);
}
