/**
 * Opens the template store for a command.
 *
 * @module
 */

import type { TemplateRepository } from "../../domain/template_repository.ts";
import type { Context } from "../context.ts";

/**
 * Opens the store, in a folder or on a server.
 *
 * @param context The call.
 * @returns The store.
 */
export async function openTemplates(context: Context): Promise<TemplateRepository> {
  if (context.url !== undefined) return (await context.openServer()).templates;
  const { FilesystemTemplateRepository } = await import("../../workflows/template_repository.ts");
  return await FilesystemTemplateRepository.open(context.rootOption);
}
