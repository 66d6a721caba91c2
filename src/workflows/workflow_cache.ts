/**
 * What was parsed before, so that only what changed is parsed again.
 *
 * @module
 */

import { StorageError } from "../domain/errors.ts";
import { Workflow } from "../domain/workflow.ts";
import type { WorkflowList } from "../domain/workflow_repository.ts";
import { type DecodedWorkflow, decodeWorkflow, idWarning } from "./decode.ts";
import { type Fingerprint, fingerprintOf, revisionOf } from "./revision.ts";
import { cloneValue, equalValues } from "../domain/value.ts";
import { readYaml, type YamlDocument } from "./yaml_reader.ts";

/** A file that was parsed. */
export interface ParsedWorkflow extends DecodedWorkflow {
  /** The document. */
  document: YamlDocument;
  /** Its revision. */
  revision: string;
}

/** Most text that is kept parsed, in characters. */
const RECENT = 4 * 1024 * 1024;
/** Age from which the time of a file tells versions apart, in milliseconds. */
const SETTLED = 100;

/** Files parsed lately, by id and revision. */
export class RecentWorkflows {
  readonly #parsed = new Map<string, ParsedWorkflow>();
  readonly #before = new Map<string, ParsedWorkflow>();
  /** Those whose text was made of the one before by changing values in it. */
  readonly #edited = new Set<string>();
  #size = 0;

  /** Returns a workflow as it was, if it was parsed lately. */
  revision(id: string, revision: string): Workflow | undefined {
    return [this.#parsed.get(id), this.#before.get(id)]
      .find((parsed) => parsed?.revision === revision)?.workflow;
  }

  /** Returns a parsed text; parses it unless it is the one that was parsed last for this id. */
  parse(id: string, text: string, action: string, path?: string): ParsedWorkflow {
    const known = this.#parsed.get(id);
    if (known?.document.text === text) return known;
    const parsed = parseWorkflow(id, text, action, path);
    this.put(id, parsed);
    return parsed;
  }

  /** Keeps a parsed file, forgets those that were not used for the longest time. */
  put(id: string, parsed: ParsedWorkflow): void {
    const before = this.#parsed.get(id);
    this.forget(id);
    this.#parsed.set(id, parsed);
    this.#size += parsed.document.text.length;
    // Whoever saves what was loaded before this may want to merge.
    if (before !== undefined && before.revision !== parsed.revision) {
      this.#before.set(id, before);
      this.#size += before.document.text.length;
    }
    for (const oldest of this.#parsed.keys()) {
      if (this.#size <= RECENT) break;
      this.forget(oldest);
    }
  }

  /** Notes that the text was made of the one before by changing values in it. */
  noteEdit(id: string): void {
    if (this.#before.has(id)) this.#edited.add(id);
  }

  /** Returns the document before the last edit, if a workflow takes that edit back. */
  undone(id: string, workflow: Workflow): YamlDocument | undefined {
    const before = this.#edited.has(id) ? this.#before.get(id) : undefined;
    return before && equalValues(asSaved(before.workflow), asSaved(workflow))
      ? before.document
      : undefined;
  }

  /** Forgets a file. */
  forget(id: string): void {
    this.#edited.delete(id);
    for (const map of [this.#parsed, this.#before]) {
      this.#size -= map.get(id)?.document.text.length ?? 0;
      map.delete(id);
    }
  }
}

/** What a save stores: not what it sets. */
function asSaved({ revision: _, metadata, ...fields }: Workflow): object {
  const { lastModified: _time, ...rest } = metadata;
  return { ...fields, metadata: rest };
}

/** Parses the text of a workflow file. */
export function parseWorkflow(
  id: string,
  text: string,
  action: string,
  path?: string,
): ParsedWorkflow {
  return decodeDocument(id, readYaml(text, { action, path }), action, path);
}

/** Makes a workflow of a document that was read before. */
export function decodeDocument(
  id: string,
  document: YamlDocument,
  action: string,
  path?: string,
  revision: string = revisionOf(document.text),
): ParsedWorkflow {
  const decoded = decodeWorkflow(document, id, { action, path });
  decoded.workflow.revision = revision;
  return { ...decoded, document, revision };
}

/** Copies a workflow, since what the cache holds must not change. */
export function copyWorkflow(workflow: Workflow): Workflow {
  return Workflow.from(cloneValue(workflow));
}

/** A file of the folder, as it was when it was listed. */
export interface ListedFile {
  /** Changes when the file may have changed. */
  stamp: string;
  /** Whether an equal stamp proves that nothing changed. */
  settled: boolean;
  /** What tells its text from others. */
  fingerprint: Fingerprint;
  /** What it holds. */
  content: DecodedWorkflow | StorageError;
}

/**
 * Adds a file to a list: a copy of its workflow, or why it cannot be read.
 *
 * @param list The list.
 * @param file Its id, its path, and what it holds.
 */
export function addToList(
  list: WorkflowList,
  { id, path, content }: { id: string; path: string; content: ListedFile["content"] },
): void {
  if (content instanceof StorageError) {
    list.invalid.push({ id, path, error: content });
    return;
  }
  list.workflows.push(copyWorkflow(content.workflow));
  const message = idWarning(id, content.idInFile);
  if (message !== undefined) list.warnings.push({ id, path, message });
}

/** What is needed to list one file. */
export interface ListedSource {
  /** Changes when the file may have changed. */
  stamp: string;
  /** When it was last written, at the latest. */
  modified: Date;
  /** Reads it. */
  read(): string;
}

/** The files of a folder, by id. */
export class ListedWorkflows {
  readonly #files = new Map<string, ListedFile>();

  /** Returns a file as it is known, if its stamp proves that it did not change. */
  known(id: string, stamp: string): ListedFile | undefined {
    const known = this.#files.get(id);
    return known?.settled && known.stamp === stamp ? known : undefined;
  }

  /** Returns a file; reads it only when its stamp changed, parses it only when its text did. */
  get(id: string, path: string | undefined, source: ListedSource): ListedFile {
    const known = this.#files.get(id);
    const { stamp, modified } = source;
    if (known?.settled && known.stamp === stamp) return known;
    const now = Date.now();
    const text = source.read();
    const fingerprint = fingerprintOf(text);
    // A file system stores times in steps: what was written just now may be written again within one.
    const settled = now - modified.getTime() > SETTLED;
    const same = known?.fingerprint.revision === fingerprint.revision &&
      known.fingerprint.lastModified === fingerprint.lastModified;
    const content = same ? known.content : tryParse(id, text, path, fingerprint);
    const file = { stamp, settled, fingerprint, content };
    this.#files.set(id, file);
    return file;
  }

  /** Forgets all but these. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#files.keys()) if (!ids.has(id)) this.#files.delete(id);
  }
}

function tryParse(
  id: string,
  text: string,
  path: string | undefined,
  fingerprint: Fingerprint,
): DecodedWorkflow | StorageError {
  const action = `Cannot read workflow "${id}"`;
  try {
    const document = readYaml(text, { action, path });
    const { workflow, idInFile } = decodeDocument(id, document, action, path, fingerprint.revision);
    return idInFile === undefined ? { workflow } : { workflow, idInFile };
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
}
