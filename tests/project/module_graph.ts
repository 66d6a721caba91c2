/**
 * The modules of the project and what they import, as Deno sees them.
 *
 * @module
 */

import { fromFileUrl, relative, toFileUrl } from "@std/path";
import { configFlags, PROJECT } from "../helpers/child.ts";

/** One import of a module. */
export interface Import {
  /** As written. */
  specifier: string;
  /** Path from the project's root, when the import leads to a file of the project. */
  path?: string;
  /** Whether it is an `import()`. */
  isDynamic: boolean;
  /** Whether nothing remains of it at run time. */
  isTypeOnly: boolean;
}

interface Dependency {
  specifier: string;
  isDynamic?: boolean;
  code?: { specifier?: string };
  type?: { specifier?: string };
}

interface Info {
  modules: { specifier: string; dependencies?: Dependency[] }[];
}

const STAND_INS = "tests/offline/";

/** Imports of every module of the project that an entry point reaches, by path. */
export async function readModuleGraph(entry: string): Promise<Map<string, Import[]>> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", ...configFlags(), entry],
    cwd: PROJECT,
    stdin: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as Info;
  const graph = new Map<string, Import[]>();
  for (const { specifier, dependencies = [] } of modules) {
    const path = projectPath(specifier);
    if (path !== undefined) graph.set(path, dependencies.map(toImport));
  }
  return graph;
}

/** Imports that can be reached at run time without any `import()`. */
export function staticImports(graph: Map<string, Import[]>, entry: string): Set<string> {
  const reached = new Set<string>();
  const queue = [entry];
  for (const path of queue) {
    for (const found of graph.get(path) ?? []) {
      if (found.isDynamic || found.isTypeOnly) continue;
      const target = found.path ?? found.specifier;
      if (!reached.has(target)) queue.push(target);
      reached.add(target);
    }
  }
  return reached;
}

function toImport({ specifier, isDynamic = false, code, type }: Dependency): Import {
  const path = projectPath(code?.specifier ?? type?.specifier ?? "");
  return {
    specifier,
    isDynamic,
    isTypeOnly: code === undefined,
    ...(path === undefined ? {} : { path }),
  };
}

/** A stand-in counts as what it stands for: not part of the project. */
function projectPath(url: string): string | undefined {
  if (!url.startsWith(toFileUrl(PROJECT).href)) return undefined;
  const path = relative(PROJECT, fromFileUrl(url)).replaceAll("\\", "/");
  return path.startsWith(STAND_INS) ? undefined : path;
}
