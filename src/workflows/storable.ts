/**
 * What a YAML file can hold.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import { isPlain, type Mapping } from "../domain/value.ts";
import { LIMITS } from "./limits.ts";
import { SourceScalar } from "./yaml_scalar.ts";

/**
 * Checks that a value can be written to a YAML file and read back as it is.
 * Properties that are `undefined` are left out of the file, as in JSON.
 *
 * @param value The value.
 * @param at Where it stands, such as `nodes[2].parameters`.
 * @returns One sentence per problem.
 */
export function storableProblems(value: unknown, at: string): string[] {
  const problems: string[] = [];
  visit(value, at, 0, problems, new Set());
  return problems;
}

function visit(
  value: unknown,
  at: string,
  depth: number,
  problems: string[],
  ancestors: Set<object>,
): void {
  switch (typeof value) {
    case "string":
      if (!value.isWellFormed()) problems.push(`${at} holds half of a surrogate pair`);
      return;
    case "number":
    case "boolean":
      return;
    case "bigint":
      if (BigInt.asIntN(54, value) === value) {
        problems.push(`${at} is ${value} of type bigint, which is read back as a number; use one`);
      }
      return;
    case "undefined":
    case "symbol":
    case "function":
      problems.push(`${at} is of type ${typeof value}, which a YAML file cannot hold`);
      return;
  }
  if (value === null || value === undefined || value instanceof SourceScalar) return;
  if (ancestors.has(value)) {
    problems.push(`${at} contains itself`);
    return;
  }
  if (depth >= LIMITS.depth) {
    problems.push(`${at} is nested more than ${LIMITS.depth} levels deep`);
    return;
  }
  ancestors.add(value);
  if (Array.isArray(value)) {
    // Not `forEach`, which would skip the holes of a sparse array.
    for (let index = 0; index < value.length; index++) {
      visit(value[index], `${at}[${index}]`, depth + 1, problems, ancestors);
    }
  } else {
    if (!isPlain(value)) {
      const name = value.constructor?.name ?? "unknown";
      problems.push(
        `${at} is an object of class ${name}, only plain objects and arrays can be stored`,
      );
    } else {
      visitMapping(value as Mapping, at, depth, problems, ancestors);
    }
  }
  ancestors.delete(value);
}

function visitMapping(
  mapping: Mapping,
  at: string,
  depth: number,
  problems: string[],
  ancestors: Set<object>,
): void {
  const subject = at === "" ? "The workflow" : at;
  for (const key of Object.keys(mapping)) {
    if (key === "__proto__" || key === "<<") {
      problems.push(`${subject} has a key "${key}", which YAML readers give another meaning`);
    } else if (!key.isWellFormed()) {
      problems.push(`${subject} has a key that holds half of a surrogate pair`);
    } else if (mapping[key] !== undefined) {
      visit(mapping[key], at === "" ? key : `${at}.${key}`, depth + 1, problems, ancestors);
    }
  }
}

/** Throws unless there is no problem. */
export function refuse(action: string, problems: string[]): void {
  if (problems.length === 0) return;
  const rest = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  throw new InvalidDataError(`${action}: ${problems[0]}${rest}`, { problems });
}
