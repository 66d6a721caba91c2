// Part of the stand-in for `@std/yaml`: reading.

// @ts-types="npm:@types/js-yaml@3.12.10"
import yaml from "js-yaml";
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
}

interface Mark {
  position: number;
  line: number;
  column: number;
  getSnippet(indent: number, maxLength: number): string | null;
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
    listener: (_event: string, reader: Reader) => {
      if (!watched) refuseSecondDocument(reader);
      watched = true;
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
    if (reader.position < reader.length - 1) {
      throw new YamlSyntaxError(
        "Found more than 1 document in the stream: expected a single document",
        {
          line: reader.line + 1,
          column: reader.position - reader.lineStart + 1,
          offset: reader.position,
        },
      );
    }
    return Array.prototype.push.call(reader.documents, document);
  };
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
  const { reason, mark } = error as { reason: string; mark: Mark };
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
