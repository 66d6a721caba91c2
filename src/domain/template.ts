/**
 * Workflow templates: workflows with parameters.
 *
 * @module
 */

import { InvalidDataError } from "./errors.ts";
import { encodeJson } from "./json.ts";
import type { Extra } from "./node.ts";
import { compilePattern, matchesPattern, PATTERN_TIMEOUT } from "./pattern.ts";
import { isMapping, isPlain, setOwn } from "./value.ts";

/** Limits of the value of a parameter. */
export interface ParameterValidation {
  /** Smallest number. */
  min?: number;
  /** Largest number. */
  max?: number;
  /** Regular expression that a string matches, in the syntax of Go or JavaScript. */
  pattern?: string;
  /** Shortest string or array. */
  minLength?: number;
  /** Longest string or array. */
  maxLength?: number;
  /** Unknown keys, kept. */
  extra?: Extra;
}

/** A parameter of a template. */
export interface TemplateParameter {
  /** Unique within the template. */
  name: string;
  /** Type; other text of a file is kept and reported. */
  type: "string" | "number" | "boolean" | "array" | (string & Record<never, never>);
  /** Whether a value must be given. */
  required?: boolean;
  /** Value when none is given. */
  default?: unknown;
  /** For people. */
  description?: string;
  /** Limits. */
  validation?: ParameterValidation;
  /** Unknown keys, kept. */
  extra?: Extra;
}

/** A workflow with placeholders such as `{{path}}`. */
export interface WorkflowTemplate {
  /** Id, and name of the file. */
  id: string;
  /** For people. */
  name: string;
  /** For people. */
  description?: string;
  /** Version of the template. */
  version?: string;
  /** What the placeholders stand for. */
  parameters: TemplateParameter[];
  /** The workflow as a file has it: `name`, `servers`, `nodes` (each with its fields under `config`), `edges`. */
  workflowSpec: Record<string, unknown>;
  /** Unknown keys, kept. */
  extra?: Extra;
}

/** `{{name}}`; `${…}` is none. */
const PLACEHOLDER = /\{\{([^{}]+)\}\}/g;
const WHOLE = /^\{\{([^{}]+)\}\}$/;
const TYPES = ["string", "number", "boolean", "array"];

/**
 * Lists what is wrong with a template.
 *
 * @param template The template.
 * @returns One sentence per problem.
 *
 * @example A parameter of an unknown type
 * ```ts
 * import { templateProblems } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const problems = templateProblems({
 *   id: "etl",
 *   name: "etl",
 *   parameters: [{ name: "color", type: "color" as "string", required: false }],
 *   workflowSpec: { name: "etl", nodes: [], edges: [] },
 * });
 * assertEquals(problems, [
 *   'Parameter "color" has type "color", wanted is one of string, number, boolean, array',
 * ]);
 * ```
 */
export function templateProblems(template: WorkflowTemplate): string[] {
  const { parameters, workflowSpec } = template;
  const problems: string[] = [];
  if (template.name === "") problems.push("The template has no name");
  const types = new Map<string, string>();
  for (const { name, type, default: value, validation } of parameters) {
    if (name === "") problems.push("A parameter has no name");
    if (types.has(name)) problems.push(`Parameter "${name}" is declared twice`);
    types.set(name, type);
    if (!TYPES.includes(type)) {
      problems.push(
        `Parameter "${name}" has type "${type}", wanted is one of ${TYPES.join(", ")}`,
      );
    } else if (value !== undefined && value !== null && !isOfType(value, type)) {
      problems.push(`The default of parameter "${name}" is not of type ${type}`);
    }
    if (validation?.pattern !== undefined && compilePattern(validation.pattern) === undefined) {
      problems.push(`The pattern of parameter "${name}" is no regular expression`);
    }
  }
  const placeholders = textsIn(workflowSpec).flatMap(placeholdersOf);
  const missing = new Set(placeholders.filter((name) => !types.has(name)));
  for (const name of missing) {
    problems.push(`The placeholder "{{${name}}}" has no parameter`);
  }
  for (const { id, condition } of nodesOf(workflowSpec)) {
    if (condition === undefined || condition === null) continue;
    const name = typeof condition === "string" ? WHOLE.exec(condition)?.[1]?.trim() : undefined;
    if (name === undefined || (types.has(name) && types.get(name) !== "boolean")) {
      problems.push(
        `The condition of node "${String(id)}" must be the placeholder of a boolean parameter`,
      );
    }
  }
  return problems;
}

/**
 * Checks the values that are given for the parameters, and adds defaults.
 *
 * @param parameters The parameters.
 * @param given The values; those of unknown names are passed over.
 * @returns The values, and one sentence per problem.
 */
export function resolveParameters(
  parameters: readonly TemplateParameter[],
  given: Readonly<Record<string, unknown>>,
): { values: Map<string, unknown>; problems: string[] } {
  const values = new Map<string, unknown>();
  const problems: string[] = [];
  for (const parameter of parameters) {
    const { name, type, required = false } = parameter;
    const value = (Object.hasOwn(given, name) ? given[name] : undefined) ?? parameter.default;
    if (value === undefined || value === null) {
      if (required) problems.push(`Parameter "${name}" is required`);
    } else if (!TYPES.includes(type)) {
      continue;
    } else if (!isOfType(value, type)) {
      problems.push(`Parameter "${name}" must be of type ${type}`);
    } else {
      problems.push(...limitProblems(parameter, value));
      values.set(name, value);
    }
  }
  return { values, problems };
}

function limitProblems({ name, validation = {} }: TemplateParameter, value: unknown): string[] {
  const { min, max, pattern, minLength, maxLength } = validation;
  const problems: string[] = [];
  if (typeof value === "number" || typeof value === "bigint") {
    if (min !== undefined && value < min) {
      problems.push(`Parameter "${name}" must be at least ${min}`);
    }
    if (max !== undefined && value > max) {
      problems.push(`Parameter "${name}" must be at most ${max}`);
    }
  }
  const compiled = pattern === undefined ? undefined : compilePattern(pattern);
  if (typeof value === "string" && compiled !== undefined) {
    const matches = matchesPattern(compiled, value);
    if (matches === false) problems.push(`Parameter "${name}" must match ${pattern}`);
    if (matches === undefined) {
      problems.push(
        `Parameter "${name}" cannot be checked: to match ${pattern} takes more than ${PATTERN_TIMEOUT} ms`,
      );
    }
  }
  if (typeof value === "string" || Array.isArray(value)) {
    const length = typeof value === "string" ? [...value].length : value.length;
    if (minLength !== undefined && length < minLength) {
      problems.push(`Parameter "${name}" must have a length of at least ${minLength}`);
    }
    if (maxLength !== undefined && length > maxLength) {
      problems.push(`Parameter "${name}" must have a length of at most ${maxLength}`);
    }
  }
  return problems;
}

/**
 * Puts values in the place of placeholders.
 *
 * @param value Any value; strings and keys at any depth may hold placeholders.
 * @param values Values by parameter.
 * @returns A copy; instances of classes are taken over. A string that is one placeholder takes value and type, and `undefined` when there is no value.
 * @throws {InvalidDataError} If two keys of a mapping become the same.
 */
export function substitute(value: unknown, values: ReadonlyMap<string, unknown>): unknown {
  if (typeof value === "string") {
    const whole = WHOLE.exec(value)?.[1]?.trim();
    if (whole !== undefined) return structuredClone(values.get(whole));
    return fillIn(value, values);
  }
  if (Array.isArray(value)) {
    return value.map((item) => substitute(item, values)).filter((item) => item !== undefined);
  }
  if (!isMapping(value) || !isPlain(value)) return value;
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const substituted = substitute(item, values);
    if (substituted === undefined) continue;
    const name = fillIn(key, values);
    if (Object.hasOwn(result, name)) {
      throw new InvalidDataError(`Cannot fill in key "${key}": there is a key "${name}" already`);
    }
    setOwn(result, name, substituted);
  }
  return result;
}

/** Puts values as text in the place of placeholders. */
function fillIn(text: string, values: ReadonlyMap<string, unknown>): string {
  return text.replace(PLACEHOLDER, (_, name: string) => textOf(values.get(name.trim())));
}

/** Returns the nodes of a specification. */
export function nodesOf(spec: Readonly<Record<string, unknown>>): Record<string, unknown>[] {
  return Array.isArray(spec.nodes) ? spec.nodes.filter(isMapping) : [];
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number") return withoutExponent(value);
  if (typeof value !== "object") return String(value);
  return encodeJson(value, "Cannot fill in a template", "list")!;
}

function withoutExponent(value: number): string {
  const text = String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign, first, fraction = "", exponent] = match;
  const digits = first! + fraction;
  const point = 1 + Number(exponent);
  return point <= 0
    ? `${sign}0.${"0".repeat(-point)}${digits}`
    : `${sign}${digits.padEnd(point, "0")}`;
}

function placeholdersOf(text: string): string[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, name]) => name!.trim());
}

/** All texts of a value, keys included. */
function textsIn(value: unknown, seen: Set<object> = new Set()): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null || seen.has(value)) return [];
  seen.add(value);
  return Object.entries(value).flat().flatMap((part) => textsIn(part, seen));
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "number":
      return Number.isFinite(value) || typeof value === "bigint";
    default:
      return Array.isArray(value);
  }
}
