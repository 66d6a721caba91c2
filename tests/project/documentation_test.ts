import { assert, assertEquals } from "@std/assert";
import { dirname, join, relative } from "@std/path";
import { configFlags, PROJECT } from "../helpers/child.ts";

interface Declaration {
  declarationKind: string;
  kind: string;
  jsDoc?: { tags?: { kind: string }[] };
}

interface PublicName {
  name: string;
  declarations: Declaration[];
}

/** What `deno doc` knows of public names; it follows links only from beside its configuration. */
async function symbolsOf(modules: readonly string[]): Promise<PublicName[]> {
  const folder = dirname(configFlags()[1] ?? join(PROJECT, "deno.json"));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...modules.map((path) => relative(folder, join(PROJECT, path)))],
    cwd: folder,
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as {
    nodes: Record<string, { symbols: PublicName[] }>;
  };
  return Object.values(nodes).flatMap(({ symbols }) => symbols);
}

/** Exported as a type alone: nobody can make one. */
const TYPES = ["Lazy"];

Deno.test("every public class and function has an example", async () => {
  const { exports } = JSON.parse(await Deno.readTextFile(join(PROJECT, "deno.json"))) as {
    exports: Record<string, string>;
  };
  const symbols = await symbolsOf(Object.values(exports));
  assert(symbols.length > 100, `${symbols.length} public names`);
  const without = symbols.filter(({ name, declarations }) =>
    !TYPES.includes(name) &&
    declarations.some(({ kind }) => kind === "class" || kind === "function") &&
    !declarations.some(({ jsDoc }) => jsDoc?.tags?.some(({ kind }) => kind === "example"))
  );
  assertEquals(without.map(({ name }) => name), []);
});
