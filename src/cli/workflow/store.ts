/**
 * Opens the workflow store for a command.
 *
 * @module
 */

import type { RevisionOptions } from "../../domain/workflow_history.ts";
import type { WorkflowRepository } from "../../domain/workflow_repository.ts";
import type { Context } from "../context.ts";

/**
 * Opens the store, in a folder or on a server.
 *
 * @param context The call.
 * @returns The store.
 */
export async function openWorkflows(context: Context): Promise<WorkflowRepository> {
  if (context.url !== undefined) {
    const { openServer } = await import("../server.ts");
    return (await openServer(context)).workflows;
  }
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
  return { author: context.text("author") ?? userName(), message: context.text("message") };
}

function userName(): string | undefined {
  const variable = Deno.build.os === "windows" ? "USERNAME" : "USER";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}
