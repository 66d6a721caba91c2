// Part of the stand-in for `@std/yaml`: its schemas, which know no base 60 numbers.

// @ts-types="npm:@types/js-yaml@3.12.10"
import yaml from "js-yaml";

/** Name of a schema, as far as they are used here. */
export type SchemaType = "failsafe" | "core";

const PREFIX = "tag:yaml.org,2002:";
const NULL = ["~", "null", "Null", "NULL"];
const TRUE = ["true", "True", "TRUE"];
const BOOL = [...TRUE, "false", "False", "FALSE"];
const INT = /^[-+]?0(?:|b[01_]*[01]|x[0-9a-fA-F_]*[0-9a-fA-F]|[0-7_]*[0-7])$/;
const FLOAT =
  /^(?:[-+]?(?:0|[1-9][0-9_]*)(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9_]+(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

function scalar(
  tag: string,
  resolve: (text: string) => boolean,
  construct: (text: string) => unknown,
): yaml.Type {
  return new yaml.Type(PREFIX + tag, { kind: "scalar", resolve, construct });
}

function toInt(text: string): number {
  const digits = text.replace(/[_+-]/g, "").toLowerCase();
  const sign = text.startsWith("-") ? -1 : 1;
  if (digits === "0") return 0;
  if (digits.startsWith("0b")) return sign * parseInt(digits.slice(2), 2);
  return sign * parseInt(digits, digits.startsWith("0x") ? 16 : 8);
}

function toFloat(text: string): number {
  const digits = text.replaceAll("_", "").toLowerCase();
  const sign = digits.startsWith("-") ? -1 : 1;
  const unsigned = digits.replace(/^[-+]/, "");
  if (unsigned === ".inf") return sign * Infinity;
  return sign * parseFloat(unsigned);
}

const implicit = [
  scalar("null", (text) => NULL.includes(text), () => null),
  scalar("bool", (text) => BOOL.includes(text), (text) => TRUE.includes(text)),
  scalar("int", (text) => INT.test(text), toInt),
  scalar("float", (text) => FLOAT.test(text) && !text.endsWith("_"), toFloat),
];
const core = new yaml.Schema({ include: [yaml.FAILSAFE_SCHEMA], implicit });

/** The schemas by name. */
export const SCHEMAS: Record<SchemaType, yaml.Schema> = {
  failsafe: yaml.FAILSAFE_SCHEMA,
  core,
};
