/**
 * Random workflow files as people write them: comments and blank lines
 * anywhere, every style of scalar and collection, any indentation.
 *
 * @module
 */

/** A line, and the item whose removal may take it away. */
export interface Line {
  text: string;
  /** Such as `nodes[1]` or `description`. */
  owner: string;
}

/** A random whole number from 0, below a limit. */
export type Random = (limit: number) => number;

/** Pseudo-random numbers, the same in each run. */
export function randomOf(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const PLAIN = ["abc", "x y", "it's", "a#b", "http://x:80/y", "日本", "-x", "${a.b}", "a  b"];
const QUOTED = ["'a: b'", "'it''s'", '"a\\nb"', '"x # y"', "''", '"é"', "'1.10'", '"yes"'];
const TYPED = ["1", "1.10", "0777", "~", "TRUE", "12345678901234567890", "2024-01-01", "1_000"];
const FLOW = ["[]", "{}", "[a, 'b', 1.10]", '{ a: 1.10, "b": [x] }', "[{a: b}, ~]"];
const NOTES = [" # note", "  # don't: 1.10", ' # "', "\t# [", " # a: b"];

/** Writes one file. */
export class Handwriting {
  readonly lines: Line[] = [];
  readonly #random: Random;
  readonly #step: number;
  readonly #dash: number;
  #notes = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#step = this.#pick([2, 2, 4, 1, 3]);
    this.#dash = this.#pick([0, 2, 4]);
    this.#write();
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random(items.length)]!;
  }

  #one(chances: number): boolean {
    return this.#random(chances) === 0;
  }

  #put(text: string, owner: string): void {
    this.lines.push({ text, owner });
  }

  #note(): string {
    return this.#one(4) ? `${this.#pick(NOTES)} ${this.#notes++}` : this.#one(9) ? " " : "";
  }

  /** Blank lines and comments before an entry; what a blank line separates from it belongs to what is around. */
  #lead(column: number, owner: string, around = ""): void {
    const blanks = " ".repeat(column);
    if (this.#one(4)) this.#put("", owner);
    if (this.#one(9)) {
      this.#put(`${blanks}# apart ${this.#notes++}`, around);
      this.#put("", owner);
    }
    if (this.#one(4)) this.#put(`${blanks}# - id: about ${this.#notes++}`, owner);
  }

  #scalar(prefix: string, column: number, owner: string): void {
    const inner = " ".repeat(column + this.#step);
    switch (this.#random(8)) {
      case 0:
        return this.#put(`${prefix} ${this.#pick(TYPED)}${this.#note()}`, owner);
      case 1:
      case 2:
        return this.#put(`${prefix} ${this.#pick(QUOTED)}${this.#note()}`, owner);
      case 3:
        this.#put(`${prefix} ${this.#pick(["|", "|-", "|+", ">", `|${this.#step}`])}`, owner);
        this.#put(`${inner}text: 1`, owner);
        if (this.#one(2)) this.#put(`${inner}# no comment`, owner);
        return;
      case 4: {
        const quote = this.#pick(["", "'", '"']);
        this.#put(`${prefix} ${quote}one`, owner);
        return this.#put(`${inner}two${quote}${this.#note()}`, owner);
      }
      case 5:
        this.#put(prefix + this.#note(), owner);
        return this.#put(inner + this.#pick(PLAIN), owner);
      default:
        return this.#put(`${prefix} ${this.#pick(PLAIN)}${this.#note()}`, owner);
    }
  }

  #any(prefix: string, column: number, owner: string, depth = 2): void {
    const inner = column + this.#step;
    const kind = depth === 0 ? 0 : this.#random(6);
    if (kind < 2) return this.#scalar(prefix, column, owner);
    if (kind === 2) return this.#put(`${prefix} ${this.#pick(FLOW)}${this.#note()}`, owner);
    if (kind === 3) {
      for (const [index, line] of [" [", "a, # a", "'b'", "]"].entries()) {
        this.#put(index === 0 ? prefix + line : " ".repeat(inner) + line, owner);
      }
      return;
    }
    this.#put(prefix + this.#note(), owner);
    for (const key of kind === 4 ? ["p", "'q r'"] : ["-", "-"]) {
      const at = key === "-" ? column + this.#dash : inner;
      if (this.#one(5)) this.#put(`${" ".repeat(at)}# in ${this.#notes++}`, owner);
      this.#any(" ".repeat(at) + (key === "-" ? key : `${key}:`), at, owner, depth - 1);
    }
  }

  /** A list of mappings; the fields are `key: value`, or a key whose value is any. */
  #list(name: string, items: readonly (readonly string[])[]): void {
    this.#lead(0, name);
    this.#put(`${name}:${this.#note()}`, name);
    for (const [index, fields] of items.entries()) {
      const owner = `${name}[${index}]`;
      const blanks = " ".repeat(this.#dash);
      this.#lead(this.#dash, owner);
      const [first = "", ...rest] = fields;
      if (this.#one(6)) {
        const pairs = fields.map((field) => field.includes(":") ? field : `${field}: 'v w'`);
        this.#put(`${blanks}- {${pairs.join(", ")}}${this.#note()}`, owner);
        continue;
      }
      this.#put(`${blanks}- ${first}${this.#note()}`, owner);
      for (const field of rest) {
        const column = this.#dash + 2;
        this.#lead(column, owner, owner);
        if (field.includes(":")) this.#put(" ".repeat(column) + field + this.#note(), owner);
        else this.#any(`${" ".repeat(column)}${field}:`, column, owner);
      }
    }
  }

  #write(): void {
    if (this.#one(3)) this.#put("# the file", "");
    if (this.#one(6)) this.#put("---", "");
    for (const key of ["name", "version", "description"]) {
      this.#lead(0, key);
      this.#scalar(`${key}:`, 0, key);
    }
    this.#put("metadata:", "metadata");
    this.#put('  last_modified: "2020-01-01T00:00:00Z"', "metadata");
    this.#any("  x-phase:", 2, "");
    this.#list("variables", [["name: a", "type: any", "default"], ["name: b", "type: any"]]);
    this.#list("servers", [["id: s", "x-note"], ["id: t"]]);
    this.#list("nodes", [
      ["id: n0", "type: start", "x-a"],
      ["id: n1", "type: mcp_tool", "server: s", "tool: t", "x-b"],
      ["type: transform", "id: n2", "expression: e"],
      ["id: n3", "type: end", "return"],
    ]);
    this.#list("edges", [["from: n0", "to: n1"], ["from: n1", "to: n3", "label: l"]]);
    this.#lead(0, "x-team");
    this.#any("x-team:", 0, "x-team");
    if (this.#one(3)) this.#put("# the end", "");
  }
}
