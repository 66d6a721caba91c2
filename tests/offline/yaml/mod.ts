// A stand-in for `@std/yaml`, used only where JSR cannot be reached. Reads by js-yaml 3, of which that package is a port.

export { parse, type ParseOptions } from "./parse.ts";
export { stringify } from "./stringify.ts";
export { type YamlPosition, YamlSyntaxError } from "./types.ts";
export type { SchemaType } from "./schema.ts";
