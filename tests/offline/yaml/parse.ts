// Part of the stand-in for `@std/yaml`: reading.

// @ts-types="npm:@types/js-yaml@3.12.10"
import yaml from "js-yaml";
import Mark from "js-yaml/mark";
import { SCHEMAS, type SchemaType } from "./schema.ts";
import { YamlSyntaxError } from "./types.ts";

/** Options of {@linkcode parse}. */
export interface ParseOptions {
  schema?: SchemaType;
  allowDuplicateKeys?: boolean;
  onWarning?(error: YamlSyntaxError): void;
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
  result: unknown;
}

/** Reads one document; an empty text is `null`. */
export function parse(content: string, options: ParseOptions = {}): unknown {
  const { schema = "default", allowDuplicateKeys = false, onWarning } = options;
  let watched = false;
  const settings = {
    schema: SCHEMAS[schema],
    json: allowDuplicateKeys,
    maxTotalMergeKeys: -1,
    onWarning: (warning: unknown) => onWarning?.(toSyntaxError(warning)),
    listener: (event: string, reader: Reader) => {
      if (!watched) refuseSecondDocument(reader);
      watched = true;
      // The genuine package loses an alias of a falsy value; in a sequence the item is dropped.
      if (event === "close" && reader.kind === null && !reader.result) {
        reader.result = null;
      }
    },
  };
  try {
    return yaml.load(
      String(content),
      settings as unknown as yaml.LoadOptions,
    ) ?? null;
  } catch (error) {
    if (error instanceof yaml.YAMLException) throw toSyntaxError(error);
    throw error;
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

/** The genuine wording, where it is known to differ and likely to be seen. */
const WORDING: [RegExp, string][] = [
  [/^duplicated mapping key$/, "Cannot store mapping pair: duplicated key"],
  [
    /^end of the stream or a document separator is expected$/,
    "Cannot read document: end of the stream or a document separator is expected",
  ],
  [
    /^bad indentation of a mapping entry$/,
    "Cannot read block: bad indentation of a mapping entry",
  ],
  [
    /^bad indentation of a sequence entry$/,
    "Cannot read block sequence: bad indentation of a sequence entry",
  ],
  [
    /^unidentified alias "(.*)"$/s,
    'Cannot read alias: unidentified alias "$1"',
  ],
  [/^unknown tag (.*)$/s, "Cannot resolve unknown tag $1"],
];

function toSyntaxError(error: unknown): YamlSyntaxError {
  const { reason, mark } = error as {
    reason: string;
    mark: InstanceType<typeof Mark>;
  };
  const wording = WORDING.find(([pattern]) => pattern.test(reason));
  const message = wording === undefined ? reason : reason.replace(...wording);
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
