import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { PROJECT } from "../helpers/child.ts";

type Json = Record<string, unknown>;

async function readJson(path: string): Promise<Json> {
  return JSON.parse(await Deno.readTextFile(join(PROJECT, path))) as Json;
}

Deno.test("the offline configuration repeats the project's own one", async () => {
  const [own, offline] = [await readJson("deno.json"), await readJson("tests/offline/deno.json")];
  for (const key of ["name", "version", "license", "imports", "compilerOptions"]) {
    assertEquals(offline[key], own[key], key);
  }
  const exports = Object.entries(own["exports"] as Record<string, string>);
  assertEquals(
    offline["exports"],
    Object.fromEntries(exports.map(([name, path]) => [name, path.replace("./", "./../../")])),
  );
});

Deno.test("every package from JSR has a stand-in of a version that its range allows", async () => {
  const { imports } = await readJson("deno.json") as { imports: Record<string, string> };
  const { links } = await readJson("tests/offline/deno.json") as { links: string[] };
  const standIns = await Promise.all(
    links.map((link) => readJson(join("tests/offline", link, "deno.json"))),
  );
  const wanted = Object.values(imports).filter((specifier) => specifier.startsWith("jsr:"));
  assertEquals(
    standIns.map(({ name, version }) => `jsr:${name}@^${version}`).sort(),
    wanted.sort(),
  );
});

Deno.test("every module of a stand-in says in its first line what it is", async () => {
  const { links } = await readJson("tests/offline/deno.json") as { links: string[] };
  for (const link of links) {
    const folder = join(PROJECT, "tests/offline", link);
    for await (const { name } of Deno.readDir(folder)) {
      if (!name.endsWith(".ts")) continue;
      const [firstLine = ""] = (await Deno.readTextFile(join(folder, name))).split("\n");
      assertMatch(firstLine, /^\/\/ (?:A|Part of the) stand-in for `@(?:std|db)\/[a-z]+`/, name);
    }
  }
});
