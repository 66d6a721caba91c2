/**
 * Values that are larger than one item: the item holds a header, and the parts
 * lie in items of another service. The parts are written before the header, so
 * that a header without its parts is damage and never half of a change.
 *
 * @module
 */

import type { Keyring } from "../domain/credential.ts";
import { parseMapping } from "../domain/value.ts";
import { failed, itemAction, tooLarge, tooLargeToSplit } from "./failures.ts";
import { isPartCount, MOST_PARTS, type PartsReference, randomText } from "./metadata.ts";
import { putItem } from "./put_item.ts";
import { readMany } from "./read_many.ts";

const PREFIX = "goflow-split:v1:";

interface Header extends PartsReference {
  /** UTF-8 bytes of the value. */
  length: number;
  /** SHA-256 of the value in hexadecimal digits. */
  sha256: string;
}

/** How a value is stored: the text of its item, and its parts. */
export interface StoredValue {
  /** Text of the item: the value itself, or a header. */
  text: string;
  /** The parts, for the metadata. */
  parts?: PartsReference;
  /** Secrets of the parts in order. */
  pieces: string[];
}

/** Splits the values of one service and puts them together. */
export class LargeValues {
  /** Service of the parts. */
  readonly service: string;
  readonly #keyring: Keyring;
  readonly #owner: string;
  readonly #split: boolean;

  /**
   * @param keyring Where the items are.
   * @param owner Service of the credentials.
   * @param split Whether values over the limit are split or refused.
   */
  constructor(keyring: Keyring, owner: string, split: boolean) {
    this.#keyring = keyring;
    this.#owner = owner;
    this.service = `${owner}.parts`;
    this.#split = split;
  }

  /**
   * Decides how a value is stored. Nothing is written.
   *
   * @throws {KeyringError} If it is too large.
   */
  async plan(key: string, value: string): Promise<StoredValue> {
    const bytes = new TextEncoder().encode(value);
    const limit = this.#keyring.limit?.(this.#owner, key) ?? Infinity;
    // A value that looks like a header would be taken for one.
    if (bytes.length <= limit && !value.startsWith(PREFIX)) return { text: value, pieces: [] };
    const action = itemAction("set", this.#owner, key);
    if (bytes.length > limit && !this.#split) {
      throw tooLarge(action, bytes.length, limit, this.#keyring.name ?? "the keyring");
    }
    const id = randomText();
    const partLimit = this.#keyring.limit?.(this.service, account(id, MOST_PARTS)) ?? Infinity;
    const pieces = pieceUp(value, partLimit);
    if (pieces.length > MOST_PARTS) {
      throw tooLargeToSplit(action, bytes.length, partLimit * MOST_PARTS);
    }
    const header: Header = {
      id,
      count: pieces.length,
      length: bytes.length,
      sha256: await sha256(bytes),
    };
    const text = PREFIX + JSON.stringify(header);
    return { text, parts: { id, count: pieces.length }, pieces };
  }

  /** Writes the parts of a value, before its header. */
  async writeParts({ parts, pieces }: StoredValue): Promise<void> {
    if (parts === undefined) return;
    for (const [index, piece] of pieces.entries()) {
      await putItem(this.#keyring, this.service, account(parts.id, index), piece);
    }
  }

  /** Deletes parts that no header refers to. */
  async removeParts(parts: PartsReference | undefined): Promise<void> {
    if (parts === undefined) return;
    for (let index = 0; index < parts.count; index++) {
      await this.#keyring.delete(this.service, account(parts.id, index));
    }
  }

  /** The parts that the text of an item refers to. */
  partsOf(text: string | undefined): PartsReference | undefined {
    return text === undefined ? undefined : parseHeader(text);
  }

  /**
   * Turns the text of an item into the value.
   *
   * @param key Key of the credential.
   * @param text Text of its item.
   * @returns The value; `undefined` if parts are missing or do not fit the header.
   */
  async assemble(key: string, text: string): Promise<string | undefined> {
    if (!text.startsWith(PREFIX)) return text;
    const header = parseHeader(text);
    if (header === undefined) {
      throw failed(
        itemAction("read", this.#owner, key),
        "the header of the split value is damaged",
      );
    }
    const accounts = Array.from({ length: header.count }, (_, index) => account(header.id, index));
    const found = await readMany(this.#keyring, this.service, accounts);
    const value = accounts.map((name) => found.get(name) ?? "").join("");
    const bytes = new TextEncoder().encode(value);
    const whole = bytes.length === header.length && await sha256(bytes) === header.sha256;
    return whole ? value : undefined;
  }

  /** The error of a value that cannot be assembled. */
  torn(key: string): Error {
    return failed(
      itemAction("read", this.#owner, key),
      "parts of the split value are missing or damaged, set it again",
    );
  }
}

function account(id: string, index: number): string {
  return `${id}#${index}`;
}

/** Cuts a text into pieces of at most so many bytes of UTF-8, between code points. */
function pieceUp(text: string, limit: number): string[] {
  const pieces: string[] = [];
  let piece = "";
  let size = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (size + bytes > limit) {
      pieces.push(piece);
      piece = "";
      size = 0;
    }
    piece += character;
    size += bytes;
  }
  return [...pieces, piece];
}

function parseHeader(text: string): Header | undefined {
  const fields = text.startsWith(PREFIX) ? parseMapping(text.slice(PREFIX.length)) : undefined;
  const { id, count, length, sha256 } = fields ?? {};
  const isHeader = typeof id === "string" && isPartCount(count) && typeof length === "number" &&
    typeof sha256 === "string";
  return isHeader ? { id, count, length, sha256 } : undefined;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
