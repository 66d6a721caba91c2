/**
 * Opens the workflow store for a command.
 *
 * @module
 */

import type { RevisionOptions } from "../../domain/workflow_history.ts";
import type { WorkflowRepository } from "../../domain/workflow_repository.ts";
import { readGrantedVariable } from "../../permissions.ts";
import type { Context } from "../context.ts";

/**
 * Opens the store, in a folder or on a server.
 *
 * @param context The call.
 * @returns The store.
 */
export async function openWorkflows(context: Context): Promise<WorkflowRepository> {
  if (context.url !== undefined) return (await context.openServer()).workflows;
  const { FilesystemWorkflowRepository } = await import("../../workflows/repository.ts");
  return await FilesystemWorkflowRepository.open(context.rootOption);
}

/**
 * Returns what the history is to say of a change.
 *
 * @param context The call of a command with the options `author` and `message`.
 * @returns The author, by default the user of this process where that is permitted, and the message.
 */
export function revisionOptions(context: Context): RevisionOptions {
  const author = context.text("author") ?? readGrantedVariable(USER);
  return { author, message: context.text("message") };
}

/** The variable that names the user. */
const USER = Deno.build.os === "windows" ? "USERNAME" : "USER";
