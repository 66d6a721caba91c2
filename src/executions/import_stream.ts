/**
 * The lines of a stream of bytes, plain or compressed with gzip.
 *
 * @module
 */

import { createGunzip } from "node:zlib";
import { InvalidDataError } from "../domain/errors.ts";

/** The compressed data ends too early or is no such data. */
export class DamagedStream extends Error {}

/**
 * Reads lines.
 *
 * @param stream The bytes; cancelled when the lines are not read to the end.
 * @param signal Ends the reading with its reason, also while the stream has nothing to give.
 * @param action What it is for.
 * @returns The lines, without their line feeds.
 * @throws {DamagedStream} If the compressed data is damaged.
 * @throws {InvalidDataError} If the stream yields something else than bytes.
 */
export async function* readLines(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
  action: string,
): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array[] = [];
  for await (const bytes of unzip(readBytes(stream, signal, action))) {
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      yield concat([...rest, bytes.subarray(start, end)]);
      rest = [];
      start = end + 1;
    }
    if (start < bytes.length) rest.push(bytes.subarray(start));
  }
  if (rest.length > 0) yield concat(rest);
}

async function* readBytes(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
  action: string,
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  const reader = stream.getReader();
  // A read that waits ends with that too.
  const cancel = () => reader.cancel(signal?.reason);
  signal?.addEventListener("abort", cancel);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) return;
      if (!(value instanceof Uint8Array)) {
        throw new InvalidDataError(
          `${action}: the stream yields a ${typeof value}, wanted are bytes`,
        );
      }
      yield value;
    }
  } finally {
    signal?.removeEventListener("abort", cancel);
    await reader.cancel(signal?.reason);
  }
}

/** Looks at the first bytes; archives have many members, which not every decompressor reads. */
async function* unzip(source: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Uint8Array = new Uint8Array();
  while (head.length < 2) {
    const { done, value } = await source.next();
    if (done) break;
    head = concat([head, value]);
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield head;
    yield* source;
  }
  yield* head[0] === 0x1f && head[1] === 0x8b ? gunzip(whole()) : whole();
}

/** Bytes that are decompressed at once: what is whole in them is lost when they are damaged. */
const PIECE = 1024;

async function* gunzip(source: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unzipper = createGunzip();
  const found: Uint8Array[] = [];
  let damage: unknown;
  unzipper.on("data", (bytes: Uint8Array) => found.push(bytes));
  unzipper.on("error", (error) => damage = error);
  const write = (bytes: Uint8Array) =>
    new Promise<void>((resolve) => unzipper.write(bytes, () => resolve()));
  const end = () =>
    new Promise<void>((resolve) => {
      unzipper.on("end", resolve).on("error", () => resolve()).end();
    });
  try {
    for await (const bytes of source) {
      for (let at = 0; at < bytes.length && damage === undefined; at += PIECE) {
        await write(bytes.subarray(at, at + PIECE));
        yield* found.splice(0);
      }
      if (damage !== undefined) break;
    }
    if (damage === undefined) await end();
    yield* found.splice(0);
  } finally {
    unzipper.destroy();
  }
  if (damage !== undefined) throw new DamagedStream("", { cause: damage });
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
