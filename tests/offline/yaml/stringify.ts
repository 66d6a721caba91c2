// Part of the stand-in for `@std/yaml`: writing, which only a bench uses.

// @ts-types="npm:@types/js-yaml@3.12.10"
import yaml from "js-yaml";

/** Writes a value as one document that ends with a line feed. */
export function stringify(data: unknown): string {
  return yaml.safeDump(data);
}
