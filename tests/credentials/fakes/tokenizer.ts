/**
 * How `security -i` cuts a line into arguments.
 *
 * @module
 */

/**
 * Splits at blanks. A quote is special only at the start of a word, and the word
 * ends with the next such quote; a backslash takes the next character literally,
 * with and without quotes.
 */
export function tokenize(line: string): string[] {
  const words: string[] = [];
  let index = 0;
  while (index < line.length) {
    while (/\s/.test(line[index] ?? "x")) index++;
    if (index >= line.length) break;
    const quote = /["']/.exec(line[index] ?? "")?.[0];
    if (quote) index++;
    let word = "";
    for (; index < line.length; index++) {
      const character = line[index] ?? "";
      if (quote ? character === quote : /\s/.test(character)) break;
      word += character === "\\" ? line[++index] ?? "" : character;
    }
    if (quote) index++;
    words.push(word);
  }
  return words;
}
