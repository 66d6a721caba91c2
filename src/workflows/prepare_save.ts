/**
 * Computes the text that a save gives to a file.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import { Workflow } from "../domain/workflow.ts";
import { encodeWorkflow } from "./encode.ts";
import { equalValues, isMapping, type Mapping } from "../domain/value.ts";
import { refuse } from "./storable.ts";
import { editYaml } from "./yaml_edit.ts";
import { formatDocument, hasSource, mayHaveSource, withSource } from "./yaml_format.ts";
import { readYaml, type YamlDocument } from "./yaml_reader.ts";
import { formatYaml } from "./yaml_writer.ts";

/** A text to be written. */
export interface PreparedText {
  /** The text. */
  text: string;
  /** Whether it, or a part of it, is written anew, without the comments of the file before. */
  rewritten: boolean;
  /** The values, each scalar as it is to stand in the text where that is known. */
  source?: Mapping;
  /** Whether another text follows that is written if this one says something else. */
  tentative?: true;
}

/** What a save is to write, in the order of preference; nothing when the file says the same already. */
export interface PreparedSave {
  /** What the file is to say. */
  value: Mapping;
  /** The texts to try. */
  texts: Iterable<PreparedText>;
}

/** Options of {@linkcode prepareSave}. */
export interface PrepareOptions {
  /** What is being done, in the form `Cannot save workflow "a"`. */
  action: string;
  /** When. */
  now: Date;
  /** Whether to use the canonical keys and order, see `normalize`. */
  canonical?: boolean;
  /** What the file was read as. */
  before?: Workflow | undefined;
  /** The file as it was before the edit that the save takes back; what did not matter then returns with it. */
  undone?: YamlDocument | undefined;
  /** First line of a new file. */
  header?: string | undefined;
}

/**
 * Computes what a save is to write.
 *
 * @param workflow The workflow.
 * @param base The file as it is; absent when there is none.
 * @param options When, and for messages.
 * @returns What to write, or `undefined` when the file says the same already.
 * @throws {InvalidDataError} If the workflow holds what a file cannot.
 */
export function prepareSave(
  workflow: Workflow,
  base: YamlDocument | undefined,
  { action, now, canonical = false, before, undone, header = "" }: PrepareOptions,
): PreparedSave | undefined {
  const lastModified = base === undefined ? now : lastModifiedOf(base);
  const { lastModified: _, ...metadata } = workflow.metadata;
  const fields = {
    ...workflow,
    metadata: lastModified === undefined ? metadata : { ...metadata, lastModified },
  };
  const { value, problems } = encodeWorkflow(Workflow.from(fields), { base, canonical, before });
  refuse(action, problems);
  if (base === undefined) {
    return { value, texts: [{ text: header + formatDocument(value), rewritten: false }] };
  }
  const same = equalValues(value, base.value);
  if (same && !(canonical && formatDocument(value, base) !== base.text)) return undefined;
  const after = withLastModified(undone?.value ?? value, now);
  return { value: after, texts: textsOf(undone ?? base, after, canonical) };
}

/** Texts that say these values, in the order of preference. */
export function* textsOf(
  base: YamlDocument,
  after: Mapping,
  canonical: boolean,
): Generator<PreparedText> {
  const sources = mayHaveSource(base) ? { source: withSource(after, base) } : {};
  const edited = canonical ? undefined : editYaml(base, after);
  if (edited !== undefined) yield { ...edited, ...sources, tentative: true };
  yield { text: formatYaml(sources.source ?? after), rewritten: true, ...sources };
}

/**
 * Reads a text that is about to be written.
 *
 * @returns The document, or `undefined` when it does not say what was meant.
 * @throws {InvalidDataError} If it is beyond a limit.
 */
export function verifyText(
  { text, source, tentative }: PreparedText,
  value: Mapping,
  action: string,
): YamlDocument | undefined {
  try {
    const document = readYaml(text, { action });
    if (!equalValues(document.value, value)) return undefined;
    if (source === undefined || document.source === undefined) return document;
    return hasSource(document.source, source) ? document : undefined;
  } catch (error) {
    if (!tentative || !(error instanceof InvalidDataError)) throw error;
    return undefined;
  }
}

function lastModifiedOf(base: YamlDocument): Date | undefined {
  const { metadata } = base.value;
  if (!isMapping(metadata) || typeof metadata.last_modified !== "string") return undefined;
  const date = new Date(metadata.last_modified);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Sets the time of the last change in the values of a file, in its canonical place when it is new. */
function withLastModified(value: Mapping, now: Date): Mapping {
  const time = now.toISOString();
  if (!isMapping(value.metadata)) {
    const before = ["description", "version", "name", "id"].find((key) =>
      Object.hasOwn(value, key)
    );
    return insertAfter(value, before, "metadata", { last_modified: time });
  }
  const { metadata } = value;
  if (Object.hasOwn(metadata, "last_modified")) {
    return { ...value, metadata: { ...metadata, last_modified: time } };
  }
  const before = ["created", "author"].find((key) => Object.hasOwn(metadata, key));
  return { ...value, metadata: insertAfter(metadata, before, "last_modified", time) };
}

function insertAfter(
  mapping: Mapping,
  before: string | undefined,
  key: string,
  value: unknown,
): Mapping {
  const entries = Object.entries(mapping).filter(([name]) => name !== key);
  const index = entries.findIndex(([name]) => name === before);
  entries.splice(index === -1 ? entries.length : index + 1, 0, [key, value]);
  return Object.fromEntries(entries);
}
