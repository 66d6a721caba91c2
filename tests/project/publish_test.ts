import { assert, assertArrayIncludes, assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { PROJECT } from "../helpers/child.ts";
import { copyFolder } from "../helpers/copy_folder.ts";
import { TempFolder } from "../helpers/temp_folder.ts";

/** A copy of the project beside copies of the stand-ins, which its configuration links. */
async function copyProject(folder: string): Promise<string> {
  const copy = join(folder, "project");
  await copyFolder(PROJECT, copy);
  const { links } = JSON.parse(
    await Deno.readTextFile(join(PROJECT, "tests/offline/deno.json")),
  ) as { links: string[] };
  for (const link of links) {
    await copyFolder(join(PROJECT, "tests/offline", link), join(folder, link));
  }
  const path = join(copy, "deno.json");
  const configuration = JSON.parse(await Deno.readTextFile(path)) as Record<string, unknown>;
  configuration["links"] = links.map((link) => join("..", link));
  await Deno.writeTextFile(path, JSON.stringify(configuration));
  return copy;
}

/** Publishes a copy without sending anything; the types are checked by `deno task check`. */
async function dryRun(copy: string): Promise<string[]> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty", "--no-check"],
    cwd: copy,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert(success, output);
  const files = [...output.matchAll(/^ +file:\/\/(.+) \([^()]+\)$/gm)].map(([, path = ""]) => path);
  return files.map((path) => path.slice(path.indexOf("/project/") + "/project/".length));
}

Deno.test("a publish holds the module and nothing of tests, benches and stand-ins", async () => {
  await using temporary = await TempFolder.make({ prefix: "goflow-publish-" });
  const folder = temporary.path;
  const copy = await copyProject(folder);
  const files = await dryRun(copy);
  assertArrayIncludes(files, ["LICENSE", "README.md", "deno.json", "mod.ts", "src/cli/main.ts"]);
  const others = files.filter((file) => !/^(src\/.+\.ts|[^/.][^/]*)$/.test(file));
  assertEquals(others, []);
  assertEquals(files.filter((file) => /_(test|bench)\.ts$/.test(file)), []);
  for (const file of files.filter((file) => file.endsWith(".ts"))) {
    const text = await Deno.readTextFile(join(copy, file));
    const imports = text.matchAll(/(?:\bfrom|\bimport) *\(? *"(\.[^"]+)"/g);
    const targets = [...imports].map(([, path = ""]) => join(dirname(file), path));
    assertEquals(targets.filter((target) => !files.includes(target)), [], file);
  }
});
