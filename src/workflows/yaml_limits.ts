/**
 * What a YAML text holds, counted after parsing.
 *
 * @module
 */

import type { Mapping } from "../domain/value.ts";
import { LIMITS } from "./limits.ts";

/** What was found in a value. */
export interface Survey {
  /** Which limit it breaks, in the form `it holds more than 100000 values`. */
  problem?: string;
  /** Whether the parser may have made something of the text with loss, see `yaml_exact.ts`. */
  lossy: boolean;
}

/** What the parser makes of keys that are a boolean, nothing or a number; others of these begin with a digit. */
const TYPED_KEYS: ReadonlySet<string> = new Set(
  ["true", "false", "null", "NaN", "Infinity", "-Infinity"],
);

/**
 * Looks through a value once. Each alias counts as what it stands for, which a small file can make
 * astronomically large.
 *
 * @param root The value.
 * @param aliases Whether the text has aliases.
 * @returns What was found.
 */
export function survey(root: unknown, aliases: boolean): Survey {
  const known = new Map<object, [nodes: number, characters: number, height: number]>();
  const open = new Set<object>();
  let nodes = 0;
  let characters = 0;
  let lossy = false;

  function countText(text: string): void {
    characters += text.length;
    // Go's yaml.v3 refuses the escape, too; no file could hold the text.
    if (!text.isWellFormed()) throw new Problem("a text holds half of a surrogate pair");
  }

  function count(value: unknown, depth: number): number {
    nodes++;
    if (typeof value === "string") countText(value);
    else if (typeof value === "number") lossy ||= Math.abs(value) > Number.MAX_SAFE_INTEGER;
    if (nodes > LIMITS.nodes) throw new Problem(`it holds more than ${LIMITS.nodes} values`);
    if (characters > LIMITS.characters) throw new Problem("its aliases stand for too much text");
    if (typeof value !== "object" || value === null) return 0;
    if (aliases) {
      if (open.has(value)) throw new Problem("an alias stands inside of its own anchor");
      const before = known.get(value);
      if (before !== undefined) {
        nodes += before[0];
        characters += before[1];
        if (depth + before[2] > LIMITS.depth) throw tooDeep();
        return before[2];
      }
    }
    if (depth >= LIMITS.depth) throw tooDeep();
    const start: [number, number] = [nodes, characters];
    if (aliases) open.add(value);
    let height = 0;
    if (Array.isArray(value)) {
      for (const item of value) height = Math.max(height, count(item, depth + 1));
    } else {
      for (const key in value) {
        const item = (value as Mapping)[key];
        if (key === "__proto__") throw new Problem('the key "__proto__" is not allowed');
        if (key === MAPPING) throw new Problem("a key is a mapping; put quotes around {{…}}");
        countText(key);
        lossy ||= isTypedKey(key);
        height = Math.max(height, count(item, depth + 1));
      }
    }
    if (aliases) {
      open.delete(value);
      known.set(value, [nodes - start[0], characters - start[1], height + 1]);
    }
    return height + 1;
  }

  try {
    count(root, 0);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return { problem: problem.message, lossy };
  }
  return { lossy };
}

function isTypedKey(key: string): boolean {
  const code = key.charCodeAt(key.startsWith("-") ? 1 : 0);
  return code >= DIGIT_0 && code <= DIGIT_9 || TYPED_KEYS.has(key);
}

const DIGIT_0 = "0".charCodeAt(0);
const DIGIT_9 = "9".charCodeAt(0);

/** What the parser makes of a key that is a mapping. */
const MAPPING = String({});

class Problem extends Error {}

function tooDeep(): Problem {
  return new Problem(`it is nested more than ${LIMITS.depth} levels deep`);
}
