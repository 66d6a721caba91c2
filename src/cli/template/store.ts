/**
 * Opens the template store for a command.
 *
 * @module
 */

import { FilesystemTemplateRepository } from "../../workflows/template_repository.ts";
import type { Context } from "../context.ts";

/**
 * Opens the store.
 *
 * @param context The call.
 * @returns The store.
 */
export async function openTemplates(context: Context): Promise<FilesystemTemplateRepository> {
  return await FilesystemTemplateRepository.open(context.rootOption);
}
