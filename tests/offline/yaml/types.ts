// Part of the stand-in for `@std/yaml`.

/** Where in the text: line and column from 1, offset from 0. */
export interface YamlPosition {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

/** The text is not YAML. The message ends with a snippet of the text. */
export class YamlSyntaxError extends SyntaxError implements YamlPosition {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
  readonly snippet?: string;

  constructor(message: string, position: YamlPosition, snippet?: string) {
    const place = `at line ${position.line}, column ${position.column}`;
    super(`${message} ${place}${snippet ? `:\n${snippet}` : ""}`);
    this.name = "YamlSyntaxError";
    this.line = position.line;
    this.column = position.column;
    this.offset = position.offset;
    if (snippet !== undefined) this.snippet = snippet;
  }
}
