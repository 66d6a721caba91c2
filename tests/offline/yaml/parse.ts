// Part of the stand-in for `@std/yaml`: reading.

// @ts-types="npm:@types/js-yaml@3.12.10"
import yaml from "js-yaml";
import Mark from "js-yaml/mark";
import { SCHEMAS, type SchemaType } from "./schema.ts";
import { YamlSyntaxError } from "./types.ts";

/** Options of {@linkcode parse}, as far as they are used here. */
export interface ParseOptions {
  schema: SchemaType;
}

/** The reader of js-yaml, as far as it is used here. */
interface Reader {
  input: string;
  length: number;
  position: number;
  line: number;
  lineStart: number;
  documents: unknown[];
  kind: string | null;
  tag: string | null;
  result: unknown;
}

/** Reads one document; an empty text is `null`. */
export function parse(content: string, { schema }: ParseOptions): unknown {
  let watched = false;
  const settings = {
    schema: SCHEMAS[schema],
    maxTotalMergeKeys: -1,
    listener: (event: string, reader: Reader) => {
      if (!watched) refuseSecondDocument(reader);
      watched = true;
      if (event === "close") refuseFalsyAlias(reader);
    },
  };
  try {
    return yaml.load(content, settings as unknown as yaml.LoadOptions) ?? null;
  } catch (error) {
    if (error instanceof yaml.YAMLException) throw toSyntaxError(error);
    throw error;
  }
}

/** The genuine package takes such an alias for nothing, and may read what follows wrongly. */
function refuseFalsyAlias({ input, position, kind, tag, result }: Reader): void {
  if (kind !== null || tag !== null || result) return;
  if (/\*[^\s,[\]{}]+$/.test(input.slice(input.lastIndexOf("*", position), position))) {
    throw new Error("An alias of a falsy value is not part of this stand-in");
  }
}

/** js-yaml reads all documents before it counts them, without saying where the second one is. */
function refuseSecondDocument(reader: Reader): void {
  reader.documents.push = (document) => {
    const offset = findSecondDocument(reader);
    if (offset !== undefined) {
      const lines = reader.input.slice(0, offset).split(/\r\n|\n|\r/);
      const column = lines[lines.length - 1]?.length ?? 0;
      throw toSyntaxError({
        reason: "Found more than 1 document in the stream: expected a single document",
        mark: new Mark(null, reader.input, offset, lines.length - 1, column),
      });
    }
    return Array.prototype.push.call(reader.documents, document);
  };
}

/** Where the text goes on after the separator at the end of the first document. */
function findSecondDocument(
  { input, length, position, lineStart }: Reader,
): number | undefined {
  if (position !== lineStart) return undefined;
  const end = /---(?=[ \t\r\n\0])|\.\.\.(?=[ \t\r\n\0])(?:[ \t\r\n]|#[^\r\n\0]*)*/y;
  end.lastIndex = position;
  const separator = end.exec(input)?.[0];
  if (separator === undefined) return undefined;
  const next = separator === "---" ? position : position + separator.length;
  return next < length - 1 ? next : undefined;
}

/** The genuine wording, where it differs in more than its first letter. */
const WORDING: [RegExp, string][] = [
  [/^duplicated mapping key$/, "Cannot store mapping pair: duplicated key"],
  [
    /^(end of the stream or a document separator is expected|directives end mark is expected)$/,
    "Cannot read document: $1",
  ],
  [
    /^(?:the stream contains non-.*|null byte is not allowed in input)$/,
    "Stream contains non-printable characters",
  ],
  [/^a line break is expected$/, "Cannot read line: line break not found"],
  [
    /^incomplete explicit mapping pair; (a key node is missed); or (.*)$/,
    "Cannot read block as explicit mapping pair is incomplete: $1 or $2",
  ],
  [/^(unexpected end of the stream within a flow collection)$/, "Cannot read flow collection: $1"],
  [/^missed (comma between flow.*)$/, "Cannot read flow collection: missing $1"],
  [/^(unknown escape sequence|expected hexadecimal.*)$/, "Cannot read double quoted scalar: $1"],
  [/^can not (read a block mapping entry); (.*)$/, "Cannot $1: $2"],
  [/^can not (read an implicit mapping pair);.*$/, "Cannot $1: missing colon"],
  [/^cannot (merge mappings); (.*)$/, "Cannot $1: $2"],
  [/^(duplication of a tag property)$/, "Cannot read tag property: $1"],
  [/^duplication of an (anchor property)$/, "Cannot read $1: duplicate $1"],
  [/^repeat of an? (.*) identifier$/, "Cannot read block: $1 identifier repeated"],
  [
    /^bad explicit indentation width.*$/,
    "Cannot read block: indentation width must be greater than 0",
  ],
  [/^(bad indentation of a mapping entry)$/, "Cannot read block: $1"],
  [/^(bad indentation of a sequence entry)$/, "Cannot read block sequence: $1"],
  [/^(unidentified alias ".*")$/s, "Cannot read alias: $1"],
  [/^(alias node .*)$/, "Cannot compose node: $1"],
  [/^unknown tag (.*)$/s, "Cannot resolve unknown tag $1"],
];

function toSyntaxError(error: unknown): YamlSyntaxError {
  const { reason, mark } = error as {
    reason: string;
    mark: InstanceType<typeof Mark>;
  };
  const wording = WORDING.find(([pattern]) => pattern.test(reason));
  const message = (wording === undefined ? reason : reason.replace(...wording))
    .replace(/^./, (letter) => letter.toUpperCase());
  const position = {
    line: mark.line + 1,
    column: mark.column + 1,
    offset: mark.position,
  };
  return new YamlSyntaxError(
    message,
    position,
    mark.getSnippet(4, 75) ?? undefined,
  );
}
