import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { PROJECT, runCode } from "../helpers/child.ts";
import { type Import, readModuleGraph, staticImports } from "./module_graph.ts";

const { imports } = JSON.parse(await Deno.readTextFile(join(PROJECT, "deno.json"))) as {
  imports: Record<string, string>;
};

/** A name of the map leads to its package, and what follows to a module of that. */
function resolveImport(specifier: string): string {
  const name = Object.keys(imports).find((one) => `${specifier}/`.startsWith(`${one}/`));
  return name === undefined ? specifier : imports[name] + specifier.slice(name.length);
}

function edges(graph: Map<string, Import[]>): [from: string, to: string][] {
  return [...graph].flatMap(([from, found]) =>
    found.map(({ path, specifier }): [string, string] => [from, path ?? specifier])
  );
}

Deno.test("mod.ts reaches no npm package, dynamic imports included", async () => {
  const graph = await readModuleGraph("mod.ts");
  assert(graph.has("src/domain/workflow.ts"), "the graph holds the modules of the project");
  const foreign = edges(graph)
    .map(([from, to]) => [from, resolveImport(to)])
    .filter(([, to = ""]) => !/^(?:jsr:|node:|mod\.ts$|src\/)/.test(to));
  assertEquals(foreign, []);
});

Deno.test("mod.ts reaches both SQLite drivers, and neither before it is chosen", async () => {
  const graph = await readModuleGraph("mod.ts");
  const loaded = staticImports(graph, "mod.ts");
  const reached = edges(graph).map(([, to]) => to);
  for (const driver of ["@db/sqlite", "node:sqlite"]) {
    assert(reached.includes(driver), `${driver} is reached`);
    assert(!loaded.has(driver), `${driver} is not loaded with mod.ts`);
  }
  assert(!loaded.has("node:child_process"));
});

Deno.test("mod.ts loads without any permission", async () => {
  // A library loaded, a program spawned, a file or a variable read would all be refused.
  const { code, stdout, stderr } = await runCode(
    `import * as module from "./mod.ts"; console.log(Object.keys(module).length > 0);`,
  );
  assertEquals({ code, stdout, stderr }, { code: 0, stdout: "true\n", stderr: "" });
});

Deno.test("every import() names its module, so that the module graph is complete", async () => {
  for (const path of (await readModuleGraph("src/cli/main.ts")).keys()) {
    const text = await Deno.readTextFile(join(PROJECT, path));
    assertEquals(text.match(/(?:await|return|=>|[=(,:?]) *import\(\s*[^"\s].*/g) ?? [], [], path);
  }
});

Deno.test("nothing is read from beside the modules, so that a binary holds all it needs", async () => {
  for (const path of (await readModuleGraph("src/cli/main.ts")).keys()) {
    const text = await Deno.readTextFile(join(PROJECT, path));
    const found = text.match(/import\.meta\.\w+/g) ?? [];
    assertEquals(found.filter((name) => name !== "import.meta.main"), [], path);
  }
});

Deno.test("imports point from the command line to the stores to the domain", async () => {
  const layers = ["domain", "workflows", "executions", "credentials"];
  const shared = /^src\/[a-z_]+\.ts$/;
  const wrong = edges(await readModuleGraph("src/cli/main.ts")).filter(([from, to]) => {
    const layer = layers.find((name) => from.startsWith(`src/${name}/`));
    if (layer === undefined || !/^(?:src\/|mod\.ts)/.test(to)) return false;
    const isBelow = to.startsWith(`src/${layer}/`) || to.startsWith("src/domain/");
    const mayShare = layer !== "domain" && shared.test(to) && to !== "src/storage.ts";
    return !isBelow && !mayShare;
  });
  assertEquals(wrong, []);
});

Deno.test("the command line loads PostgreSQL by one import() alone, for those who name a server", async () => {
  const graph = await readModuleGraph("src/cli/main.ts");
  const isServer = (path: string) => path.startsWith("src/postgres/");
  const outside = [...graph.keys()].filter((path) => !isServer(path));
  const loads = outside.filter((path) => [...staticImports(graph, path)].some(isServer));
  assertEquals(loads, []);
  const importers = outside.filter((path) =>
    graph.get(path)!.some(({ path = "", isTypeOnly }) => !isTypeOnly && isServer(path))
  );
  assertEquals(importers, ["src/cli/context.ts"]);
});

Deno.test("lists load what reading needs, and nothing of writing, migrating and parsing", async () => {
  const graph = await readModuleGraph("src/cli/main.ts");
  const loaded = (path: string) => staticImports(graph, path);
  const start = loaded("src/cli/main.ts");
  assertEquals([...start].filter((path) => !/^src\/cli\/[a-z]+\.ts$/.test(path)), []);
  const runs = loaded("src/cli/execution/list.ts");
  for (const name of ["migrations", "statistics_schema", "written_row", "policy", "repository"]) {
    assert(graph.has(`src/executions/${name}.ts`) && !runs.has(`src/executions/${name}.ts`), name);
  }
  assert(runs.has("node:sqlite") && !runs.has("src/domain/redaction.ts"));
  const workflows = loaded("src/cli/workflow/list.ts");
  for (const name of ["repository", "workflow_folder", "replace_file", "yaml_reader"]) {
    assert(graph.has(`src/workflows/${name}.ts`), name);
    assert(!workflows.has(`src/workflows/${name}.ts`), name);
  }
});
