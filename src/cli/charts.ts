/**
 * Small drawings in text.
 *
 * @module
 */

const SPARKS = "▁▂▃▄▅▆▇█";
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/**
 * Draws one character per value.
 *
 * @param values Values from 0; a blank stands for 0.
 * @returns The line.
 */
export function sparkLine(values: readonly number[]): string {
  const largest = Math.max(...values, 0);
  return values.map((value) =>
    value <= 0 ? " " : SPARKS[Math.ceil(value / largest * SPARKS.length) - 1]!
  ).join("");
}

/**
 * Draws a bar.
 *
 * @param value Value from 0.
 * @param largest Value of the longest bar.
 * @param width Columns of the longest bar.
 * @returns The bar; anything above 0 can be seen.
 */
export function bar(value: number, largest: number, width: number): string {
  if (value <= 0 || largest <= 0) return "";
  const eighths = Math.max(Math.round(value / largest * width * 8), 1);
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!;
}
