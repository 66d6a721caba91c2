/**
 * The revision of a workflow file: a hash of what people edit.
 *
 * @module
 */

import { createHash } from "node:crypto";

const METADATA = /^metadata[ \t]*:.*\n(?:(?:[ \t#].*)?\r?\n)*/m;
const LAST_MODIFIED = /^[ \t]+last_modified[ \t]*:.*\r?\n/m;
const LAST_MODIFIED_FLOW = /,?[ \t]*last_modified[ \t]*:[ \t]*(?:"[^"\n]*"|'[^'\n]*'|[^,}\s]*)/;

/**
 * Returns the revision of a text. The time of the last change, which saving
 * sets, and the kind of line breaks do not count.
 *
 * @param text The text of the file.
 * @returns 64 hexadecimal digits.
 */
export function revisionOf(text: string): string {
  let content = text.includes("\r\n") ? text.replaceAll("\r\n", "\n") : text;
  const metadata = text.includes("last_modified") ? METADATA.exec(content) : null;
  if (metadata !== null) {
    const block = metadata[0].includes("{") && !LAST_MODIFIED.test(metadata[0])
      ? metadata[0].replace(LAST_MODIFIED_FLOW, "")
      : metadata[0].replace(LAST_MODIFIED, "");
    // A mapping that holds nothing else was made for it.
    const kept = /^metadata[ \t]*:\s*$/.test(block) ? "" : block;
    content = content.slice(0, metadata.index) + kept +
      content.slice(metadata.index + metadata[0].length);
  }
  return createHash("sha256").update(content).digest("hex");
}
