/**
 * Strings that YAML readers and writers are known to damage.
 *
 * @module
 */

const LOOK_LIKE_OTHER_TYPES = [
  ..."yes Yes YES no No on On ON off Off y Y n N true True TRUE false null Null NULL ~".split(" "),
  ..."0 -0 007 017 08 0o17 0x1F 0b11 1_000 1.0 1.10 1. .5 +1 1e3 1E-3 .inf -.Inf .NaN".split(" "),
  ..."12345678901234567890 2024-01-01 2024-1-1 12:30:45 190:20:30 1:2 = <<".split(" "),
  "2024-01-01T00:00:00Z",
  "2024-01-01 10:00:00",
  "2024-01-01 10:00:00.5 -08:00",
];

const LOOK_LIKE_SYNTAX = [
  ..."- ? : , # & * ! | > % @ ` ' \" [ ] { } -- --- ... -a ?a :a a: a:b a#b [] {} '' \"\"".split(
    " ",
  ),
  ..."&a *a !t !!str !!binary @a `a` %a |- >+ [a] {a} 'a' \"a\" it's a\"b a\\b \\n \\".split(" "),
  ..."${a.b} {{a}} ${a>b&&c<d} <a&b> // C:\\new\\table ? : \u00e9".split(" "),
  "- a",
  "? a",
  ": a",
  "a: b",
  "a : b",
  "a #b",
  "# a",
  "--- a",
  "... a",
  "!!str a",
  "a, b",
  "'a' b",
  '"a" b',
  'He said "it\'s"',
  "%YAML 1.2",
];

const BLANKS_AND_LINES = [
  "",
  " ",
  "  ",
  " a",
  "a ",
  "  a  ",
  "\t",
  "\ta",
  "a\tb",
  "a\t",
  "\n",
  "\n\n",
  "a\n",
  "a\n\n",
  "\na",
  "\n\n  a",
  "a\nb",
  "a\n\nb",
  "a\n\n\n\nb\n",
  "  a\nb",
  "a\n  b\n c\n",
  "\n  a\n",
  "a \nb",
  "a\n \nb",
  " \na",
  "a\n ",
  "\ta\n\tb\n",
  "\n\ta",
  "a\r\nb\r\n",
  "a\rb",
  "\r",
  "# a\nb",
  "a\n# b\n",
  "- a\n- b\n",
  "a: b\nc: d",
  "---\na\n...\n",
  "a\n---\nb",
  "if x then\n\ty = 1\nend\n",
];

const UNICODE = [
  "é e\u0301 ß 日本語 עברית العربية 👩‍👩‍👧 🇩🇪",
  "\u0000",
  "a\u0007\u001b[0mb",
  "\u007f",
  "\u0080\u009f",
  "\u0085",
  "a\u0085b",
  "\u00a0a\u00a0",
  "\u00ad",
  "\u200b",
  "a\u2028b\u2029c",
  "\u3000",
  "\ue000",
  "\ufeff",
  "\ufeffa",
  "a\ufeffb",
  "\ufffd",
  "\ufffe\uffff",
  "\u{10ffff}",
  "\u{1f600}\n\u{1f600}",
];

const LONG = [
  "word ".repeat(100),
  `${"word ".repeat(100)}word`,
  "x".repeat(5_000),
  `${"a long line of words ".repeat(10)}\n  ${"another long line ".repeat(10)}\n\n`,
  `key: ${"value ".repeat(40)}# no comment`,
  "日本語 ".repeat(60),
];

/** Every pair of short pieces, to meet combinations that nobody thought of. */
const PIECES = ["a", " ", "\n", "\t", "\r", ":", "#", "-", '"', "'", "\\", "é", "\u2028", "0", "!"];
const PAIRS = PIECES.flatMap((a) => PIECES.flatMap((b) => [a + b, `x${a}${b}y`, `${a}x${b}`]));

/** All of them, each once. */
export const AWKWARD_STRINGS: readonly string[] = [
  ...new Set([
    ...LOOK_LIKE_OTHER_TYPES,
    ...LOOK_LIKE_SYNTAX,
    ...BLANKS_AND_LINES,
    ...UNICODE,
    ...LONG,
    ...PAIRS,
  ]),
];

/**
 * Those that survive a way through yaml.v3 itself. Of several lines with a blank at the
 * start it makes a block that it cannot read back; it writes U+2028 and U+2029 as line
 * breaks with indentation, which they are no longer in YAML 1.2; and it writes the key
 * `<<` without quotes, which makes it a merge.
 */
export const STRINGS_THAT_GO_KEEPS: readonly string[] = AWKWARD_STRINGS.filter((text) =>
  !/^\n|^\s[^]*\n|[\u2028\u2029]/.test(text) && text !== "<<"
);
