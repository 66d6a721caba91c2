/**
 * Writes scalars so that every reader takes them for the same value: YAML 1.2,
 * YAML 1.1 tools, and Go's yaml.v3.
 *
 * @module
 */

/** Where a string stands. */
export interface StringStyle {
  /** Inside of `[…]` or `{…}`. */
  flow?: boolean | undefined;
  /** The quotes of the string that it replaces. */
  quote?: '"' | "'" | undefined;
}

/** A scalar other than a string. */
export type PlainScalar = null | boolean | number | bigint;

/** A scalar together with the text that the file has for it, such as `1.10` or `~`. */
export class SourceScalar {
  /** The value. */
  readonly value: PlainScalar;
  /** Its text in the file. */
  readonly text: string;

  /**
   * @param value The value.
   * @param text Its text in the file.
   */
  constructor(value: PlainScalar, text: string) {
    this.value = value;
    this.text = text;
  }

  /** Returns the text in the file. */
  toString(): string {
    return this.text;
  }

  /** Returns the text in the file. */
  toJSON(): string {
    return this.text;
  }
}

/** What some reader takes for `null`, a boolean or a merge key. */
const WORD = /^(?:y|yes|n|no|on|off|true|false|null|~|<<|=)$/i;
/** What some reader takes for a number: octal, hexadecimal, binary, grouped, sexagesimal, exponents. */
const NUMBER =
  /^[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-f_]+|[0-9][0-9_,]*(?::[0-9]{1,2})*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?|\.[0-9_]+(?:e[-+]?[0-9]+)?|\.(?:inf|nan))$/i;
const DATE = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}/;
const DOCUMENT_MARK = /^(?:---|\.\.\.)/;
/** First characters with a meaning; `-` and `?` only before a blank, but rather safe than subtle. */
const INDICATOR = /^(?:[,[\]{}#&*!|>'"%@`]|[-?:](?:\s|$))/;
/** Characters that must be escaped, or that no plain text should hold unseen. */
const SPECIAL = /[\p{Cc}\xa0\xad\u2028\u2029\ufeff\ufff9-\uffff]/u;

/** Returns a string in the style that is the easiest to read. */
export function formatString(text: string, { flow = false, quote }: StringStyle = {}): string {
  if (SPECIAL.test(text)) return doubleQuoted(text);
  if (quote === '"') return doubleQuoted(text);
  if (quote === "'") return singleQuoted(text);
  if (isPlain(text, flow)) return text;
  return /["\\]/.test(text) && !text.includes("'") ? singleQuoted(text) : doubleQuoted(text);
}

/** Tells whether some reader would take a plain text for something else than this string. */
export function isAmbiguous(text: string): boolean {
  return WORD.test(text) || NUMBER.test(text) || DATE.test(text);
}

function isPlain(text: string, flow: boolean): boolean {
  return text !== "" && text === text.trim() && !isAmbiguous(text) && !INDICATOR.test(text) &&
    !DOCUMENT_MARK.test(text) && !/:(?:\s|$)|\s#/.test(text) && !(flow && /[,?[\]{}:]/.test(text));
}

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function doubleQuoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\xa0\xad\u2028\u2029\ufeff\ufff9-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Tells whether a text reads best as a literal block (`|`), and can be one. */
export function isLiteral(text: string): boolean {
  return /\n./.test(text) && !text.endsWith("\n\n") && /^[^\s]/.test(text) &&
    !/[^\P{Cc}\n]|[\xa0\xad\u2028\u2029\ufeff\ufff9-\uffff]|\n[ ]|[ ]\n|[ ]$/u.test(text);
}

/** Returns a scalar other than a string. */
export function formatPlain(value: PlainScalar | SourceScalar): string {
  if (value instanceof SourceScalar) return value.text;
  if (typeof value !== "number") return String(value);
  if (Number.isNaN(value)) return ".nan";
  if (value === Infinity) return ".inf";
  if (value === -Infinity) return "-.inf";
  if (Object.is(value, -0)) return "-0.0";
  // An integer of so many digits would be read as a bigint.
  const exponent = Number.isInteger(value) && !Number.isSafeInteger(value);
  // YAML 1.1 wants a point and a sign: 1.0e-7
  return (exponent ? value.toExponential() : String(value)).replace(
    /^(-?\d+)(\.\d+)?e/,
    (_, int, fraction) => `${int}${fraction ?? ".0"}e`,
  );
}
