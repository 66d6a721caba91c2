// Part of the stand-in for `@std/yaml`: the style in which a string is written.

/** What decides the style of a string. */
export interface ScalarOptions {
  /** Blanks per level. */
  indent: number;
  /** Blanks before each line of a block scalar. */
  indentation: number;
  /** Width at which a block scalar is folded, -1 for never. */
  lineWidth: number;
  /** No block scalar: a key, or within a flow collection. */
  singleLine: boolean;
  /** Quote what YAML 1.1 takes for a boolean. */
  compatMode: boolean;
  isTyped(text: string): boolean;
}

const BOOLEANS_OF_YAML_1_1 = /^(?:[yY]|yes|Yes|YES|on|On|ON|[nN]|no|No|NO|off|Off|OFF)$/;
const PRINTABLE =
  /^[\x20-\x7e\xa1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]*$/u;
const PLAIN = /^[^\s\-?&*!|>'"%@`,[\]{}:#][^,[\]{}:#]*$/u;
const NAMES: Record<string, string> = {
  "\0": "0",
  "\x07": "a",
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\v": "v",
  "\f": "f",
  "\r": "r",
  "\x1b": "e",
  '"': '"',
  "\\": "\\",
  "\x85": "N",
  "\xa0": "_",
  "\u2028": "L",
  "\u2029": "P",
};

/** Writes a string so that it is read back as that string. */
export function formatScalar(text: string, options: ScalarOptions): string {
  const { indent, lineWidth, singleLine, compatMode, isTyped } = options;
  if (text === "" || (compatMode && BOOLEANS_OF_YAML_1_1.test(text))) {
    return `'${text}'`;
  }
  const lines = singleLine ? [text] : text.split("\n");
  if (!lines.every((line) => PRINTABLE.test(line))) return doubleQuoted(text);
  const tooLong = lineWidth !== -1 && !singleLine &&
    lines.some((line) => line.length > lineWidth && !line.startsWith(" "));
  if (lines.length === 1 && !tooLong) {
    const plain = PLAIN.test(text) && !/[ \t]$/.test(text) && !isTyped(text);
    return plain ? text : `'${text.replaceAll("'", "''")}'`;
  }
  const startsWithBlank = /^\n* /.test(text);
  if (startsWithBlank && indent > 9) return doubleQuoted(text);
  const header = `${startsWithBlank ? indent : ""}${chomping(text)}`;
  const content = (tooLong ? fold(text, lineWidth) : text).replace(/\n$/, "");
  const blanks = " ".repeat(options.indentation);
  const body = content.split("\n").map((line) => line === "" ? "" : blanks + line).join("\n");
  return `${tooLong ? ">" : "|"}${header}\n${body}`;
}

function chomping(text: string): string {
  if (!text.endsWith("\n")) return "-";
  return text === "\n" || text.endsWith("\n\n") ? "+" : "";
}

/** Breaks long lines at single blanks; a line break of the text needs an empty line more. */
function fold(text: string, width: number): string {
  let indented = /^[\n ]/.test(text);
  const [first = "", ...rest] = text.match(/^[^\n]*|\n+[^\n]*/g) ?? [];
  let folded = foldLine(first, width);
  for (const part of rest) {
    const line = part.replace(/^\n+/, "");
    const breaks = part.slice(0, part.length - line.length);
    const wasIndented = indented;
    indented = line.startsWith(" ");
    const extra = !wasIndented && !indented && line !== "" ? "\n" : "";
    folded += breaks + extra + foldLine(line, width);
  }
  return folded;
}

function foldLine(line: string, width: number): string {
  if (line === "" || line.startsWith(" ")) return line;
  const lines: string[] = [];
  let start = 0;
  let last = 0;
  for (const { index } of line.matchAll(/ [^ ]/g)) {
    if (index - start > width) {
      const end = last > start ? last : index;
      lines.push(line.slice(start, end));
      start = end + 1;
    }
    last = index;
  }
  if (line.length - start > width && last > start) {
    lines.push(line.slice(start, last));
    start = last + 1;
  }
  return [...lines, line.slice(start)].join("\n");
}

function doubleQuoted(text: string): string {
  return `"${Array.from(text, escaped).join("")}"`;
}

function escaped(char: string): string {
  const name = NAMES[char];
  if (name !== undefined) return `\\${name}`;
  const code = char.codePointAt(0) ?? 0;
  if (code <= 0xffff && PRINTABLE.test(char)) return char;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
