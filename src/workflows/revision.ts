/**
 * The revision of a workflow file: a hash of what people edit.
 *
 * @module
 */

import { createHash } from "node:crypto";

const METADATA = /^metadata[ \t]*:[^\n]*\n(?:(?:[ \t#][^\n]*)?\n)*/m;
const LAST_MODIFIED = /^[ \t]+last_modified[ \t]*:[^\n]*\n/m;
const LAST_MODIFIED_FLOW =
  /,?(?<![ \t])[ \t]*last_modified[ \t]*:[ \t]*(?:"[^"\n]*"|'[^'\n]*'|[^,}\s]*)/;

/** What tells one text of a file from another. */
export interface Fingerprint {
  /** 64 hexadecimal digits; the time of the last change and the kind of line breaks do not count. */
  revision: string;
  /** The source text of the time of the last change; empty when there is none. */
  lastModified: string;
}

/**
 * Returns the revision of a text. The time of the last change, which saving
 * sets, and the kind of line breaks do not count.
 *
 * @param text The text of the file.
 * @returns 64 hexadecimal digits.
 */
export function revisionOf(text: string): string {
  return fingerprintOf(text).revision;
}

/** Returns the revision of a text, and apart from it the time of the last change. */
export function fingerprintOf(text: string): Fingerprint {
  let content = text.includes("\r\n") ? text.replaceAll("\r\n", "\n") : text;
  let lastModified = "";
  const metadata = text.includes("last_modified") ? METADATA.exec(content) : null;
  if (metadata !== null) {
    const [block] = metadata;
    const line = LAST_MODIFIED.exec(block) ??
      (block.includes("{") ? LAST_MODIFIED_FLOW.exec(block) : null);
    lastModified = line?.[0] ?? "";
    const rest = block.replace(lastModified, "");
    // A mapping that holds nothing else was made for it.
    const kept = /^metadata[ \t]*:\s*$/.test(rest) ? "" : rest;
    content = content.slice(0, metadata.index) + kept +
      content.slice(metadata.index + block.length);
  }
  return { revision: hashText(content), lastModified };
}

/** Returns the SHA-256 of a text: 64 hexadecimal digits. */
export function hashText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
