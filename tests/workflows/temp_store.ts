/**
 * A store of workflows in a temporary folder.
 *
 * @module
 */

import { join } from "@std/path";
import { Workflow } from "../../src/domain/workflow.ts";
import { FilesystemWorkflowRepository } from "../../src/workflows/repository.ts";
import type { FilesystemWorkflowOptions } from "../../src/workflows/repository_options.ts";

/** A store that is removed in the end. */
export class TempStore implements AsyncDisposable {
  readonly root: string;
  readonly workflows: FilesystemWorkflowRepository;

  private constructor(root: string, workflows: FilesystemWorkflowRepository) {
    this.root = root;
    this.workflows = workflows;
  }

  static async open(options: FilesystemWorkflowOptions = {}): Promise<TempStore> {
    const root = await Deno.makeTempDir();
    return new TempStore(root, await FilesystemWorkflowRepository.open({ root, ...options }));
  }

  /** Another repository over the same folder, as another process has it. */
  async another(options: FilesystemWorkflowOptions = {}): Promise<FilesystemWorkflowRepository> {
    return await FilesystemWorkflowRepository.open({ root: this.root, ...options });
  }

  /** Writes a file as a person does. */
  async write(id: string, text: string): Promise<void> {
    await Deno.mkdir(join(this.root, "workflows"), { recursive: true });
    await Deno.writeTextFile(this.workflows.pathOf(id), text);
  }

  async read(id: string): Promise<string> {
    return await Deno.readTextFile(this.workflows.pathOf(id));
  }

  /** Names of all files in the folder of the workflows. */
  async names(): Promise<string[]> {
    return (await Array.fromAsync(Deno.readDir(join(this.root, "workflows")))).map((entry) =>
      entry.name
    ).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}

/** A small valid workflow. */
export function greeting(id = "greet"): Workflow {
  const workflow = Workflow.create("greet", "Says hello", { id });
  workflow.addServer({ id: "files", command: "npx", args: ["-y", "@example/files"] });
  workflow.addVariable({ name: "count", type: "number", default: 1 });
  workflow.addNode({ id: "start", type: "start" });
  workflow.addNode({
    id: "read",
    type: "mcp_tool",
    server: "files",
    tool: "read",
    parameters: { path: "${input}" },
    output: "text",
  });
  workflow.addNode({ id: "end", type: "end", return: "${text}" });
  workflow.addEdge({ from: "start", to: "read" });
  workflow.addEdge({ from: "read", to: "end" });
  return workflow;
}

/** What a load adds and a save sets. */
export function content(workflow: Workflow): Workflow {
  const { revision: _, ...copy } = structuredClone({ ...workflow });
  delete copy.metadata.lastModified;
  return Workflow.from(copy);
}

/** Folder of the project's own fixtures. */
export const FIXTURES: URL = new URL("../fixtures/workflows/", import.meta.url);

/** The project's own fixtures: name and text. */
export async function fixtures(folder: URL | string = FIXTURES): Promise<[string, string][]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const names = entries.map(({ name }) => name).filter((name) => name.endsWith(".yaml")).sort();
  const path = (name: string) => folder instanceof URL ? new URL(name, folder) : join(folder, name);
  return await Promise.all(
    names.map(async (name): Promise<[string, string]> => [
      name.slice(0, -".yaml".length),
      await Deno.readTextFile(path(name)),
    ]),
  );
}
