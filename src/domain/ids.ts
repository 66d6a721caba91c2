/**
 * Identifiers.
 *
 * @module
 */

let lastTime = 0;
let sequence = 0;

/**
 * Returns a new UUID version 7 (RFC 9562): ids made later in this process sort
 * later as text, also within a millisecond and when the clock goes backwards.
 *
 * @returns 36 characters of lower-case text.
 *
 * @example Time-ordered ids
 * ```ts
 * import { newId } from "@goflow/storage";
 * import { assert } from "@std/assert";
 *
 * assert(newId() < newId());
 * ```
 */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const now = Date.now();
  if (now > lastTime) {
    lastTime = now;
    // Half the range leaves room to count up within the millisecond.
    sequence = ((bytes[6]! << 8) | bytes[7]!) & 0x7ff;
  } else if (++sequence > 0xfff) {
    lastTime++;
    sequence = 0;
  }
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Math.floor(lastTime / 2 ** 32));
  view.setUint32(2, lastTime % 2 ** 32);
  view.setUint16(6, 0x7000 | sequence);
  view.setUint8(8, 0x80 | (bytes[8]! & 0x3f));
  const hex = bytes.toHex();
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${
    hex.slice(20)
  }`;
}
