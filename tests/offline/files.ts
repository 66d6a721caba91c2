/**
 * The TypeScript files of the project.
 *
 * @module
 */

import { ROOT } from "./configuration.ts";

/** Lists the `.ts` files of folders or files, relative to the root; what is missing is left out. */
export function typescriptFiles(...names: string[]): string[] {
  return names.flatMap((name) => {
    if (!exists(name)) return [];
    if (name.endsWith(".ts")) return [name];
    const entries = [...Deno.readDirSync(`${ROOT}${name}`)];
    const children = entries.filter((entry) => entry.isDirectory || entry.name.endsWith(".ts"));
    return typescriptFiles(...children.map((entry) => `${name}/${entry.name}`));
  }).sort();
}

function exists(name: string): boolean {
  try {
    Deno.statSync(`${ROOT}${name}`);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
