/**
 * Workflow files as the Go program reads and writes them.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { FilesystemWorkflowRepository } from "../../src/workflows/repository.ts";
import { TempFolder } from "../helpers/temp_folder.ts";
import { go } from "./go_program.ts";

/** What the Go program says about a workflow file. */
export interface GoView {
  any: Record<string, unknown>;
  parsed: GoParsed;
  error?: string;
}

/** The part of it that Go's parser takes. */
export interface GoParsed {
  metadata?: { created?: string; last_modified?: string };
  variables?: { name: string; type: string; default?: unknown; description?: string }[];
  nodes?: Record<string, unknown>[];
}

/** Calls `fn` with a repository in a temporary folder and the path of the file of an id. */
export async function withRepository(
  fn: (
    repository: FilesystemWorkflowRepository,
    fileOf: (id: string) => string,
  ) => Promise<void>,
): Promise<void> {
  await using temporary = await TempFolder.make();
  const root = temporary.path;
  const repository = await FilesystemWorkflowRepository.open({ root });
  const folder = join(root, "workflows");
  await Deno.mkdir(folder, { recursive: true });
  await fn(repository, (id) => join(folder, `${id}.yaml`));
}

/** Reads a workflow file with the Go program. */
export async function readWithGo(path: string): Promise<GoView> {
  return JSON.parse(await go(["yaml-read", path]));
}

/** Says which strings came out differently, which a comparison of long lists would hide. */
export function assertSameStrings(actual: readonly unknown[], expected: readonly string[]): void {
  const different = expected.flatMap((text, i) =>
    actual[i] === text ? [] : [`${JSON.stringify(text)} became ${JSON.stringify(actual[i])}`]
  );
  assertEquals(different, []);
}
