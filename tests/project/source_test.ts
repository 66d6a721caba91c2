import { assertEquals } from "@std/assert";
import { join, relative } from "@std/path";
import { PROJECT } from "../helpers/child.ts";

const FORBIDDEN: Record<string, RegExp> = {
  "unfinished work": /\b(?:TODO|FIXME|XXX)\b|not implemented/,
  "a silenced check": /@ts-(?:ignore|nocheck|expect-error)|deno-lint-ignore/,
  "an error that is swallowed": /\bcatch *(?:\([^)]*\))? *\{\s*\}/,
  "an enum": /^\s*(?:export )?(?:const )?enum /m,
  "a default export": /^export default /m,
};

async function* typescriptFiles(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* typescriptFiles(join(folder, name));
    // A declaration file describes the code of somebody else.
    else if (/(?<!\.d)\.ts$/.test(name)) yield join(folder, name);
  }
}

Deno.test("the sources hold no unfinished or silenced code", async () => {
  const found: string[] = [];
  let files = 0;
  for await (const path of typescriptFiles(join(PROJECT, "src"))) {
    files++;
    const text = await Deno.readTextFile(path);
    for (const [title, pattern] of Object.entries(FORBIDDEN)) {
      if (pattern.test(text)) found.push(`${relative(PROJECT, path)}: ${title}`);
    }
  }
  assertEquals({ found, some: files > 20 }, { found: [], some: true });
});
