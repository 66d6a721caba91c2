import { assertEquals } from "@std/assert";
import { Language, Parser } from "npm:web-tree-sitter@^0.26.3";
import grammar from "npm:tree-sitter-powershell@^0.26.4/package.json" with { type: "json" };

/** Checks that a script follows the grammar of PowerShell, and that a mistake in it is seen. */
export async function checkPowerShell(script: string): Promise<void> {
  assertEquals(grammar.name, "tree-sitter-powershell");
  const specifier = import.meta.resolve("npm:tree-sitter-powershell@^0.26.4/package.json");
  const wasm = new URL("tree-sitter-powershell.wasm", specifier);
  await Parser.init();
  const parser = new Parser().setLanguage(await Language.load(await Deno.readFile(wasm)));
  const hasError = (text: string) => parser.parse(text)?.rootNode.hasError;
  assertEquals(hasError(script), false);
  assertEquals(hasError(script.replace("foreach (", "foreach ")), true);
}
