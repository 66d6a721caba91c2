/**
 * Items of a fake keyring, one file each, so that its processes may run at once.
 *
 * @module
 */

/** An item. */
export interface FakeItem {
  /** Names that identify it. */
  attributes: Record<string, string>;
  /** Its secret, one character for each byte. */
  secret: string;
}

/** Runs a fake: `folder` holds the items and the file `mode`. */
export class FakeItems {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** How the fake misbehaves; empty when it does not. */
  get mode(): string {
    try {
      return Deno.readTextFileSync(`${this.#folder}/mode`);
    } catch {
      return "";
    }
  }

  write(name: string, item: FakeItem): void {
    const path = `${this.#folder}/${encode(name)}`;
    const temporary = `${path}.${Deno.pid}`;
    Deno.writeTextFileSync(temporary, JSON.stringify(item));
    Deno.renameSync(temporary, path);
  }

  read(name: string): FakeItem | undefined {
    try {
      return JSON.parse(Deno.readTextFileSync(`${this.#folder}/${encode(name)}`));
    } catch {
      return undefined;
    }
  }

  delete(name: string): boolean {
    try {
      Deno.removeSync(`${this.#folder}/${encode(name)}`);
      return true;
    } catch {
      return false;
    }
  }

  all(): FakeItem[] {
    return [...Deno.readDirSync(this.#folder)]
      .filter((entry) => entry.name.endsWith(".item"))
      .map((entry) => entry.name)
      .sort()
      .flatMap((name) => {
        try {
          return [JSON.parse(Deno.readTextFileSync(`${this.#folder}/${name}`))];
        } catch {
          return [];
        }
      });
  }
}

/** Reads standard input to its end, one character for each byte. */
export function readStdin(): string {
  let text = "";
  const buffer = new Uint8Array(65536);
  for (
    let count = Deno.stdin.readSync(buffer);
    count !== null;
    count = Deno.stdin.readSync(buffer)
  ) {
    for (const byte of buffer.subarray(0, count)) text += String.fromCharCode(byte);
  }
  return text;
}

/** Writes one byte for each character. */
export function print(text: string, to: "stdout" | "stderr" = "stdout"): void {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  for (let start = 0; start < bytes.length;) start += Deno[to].writeSync(bytes.subarray(start));
}

/** Waits for ever, as a program with a prompt that nobody answers. */
export function hang(): never {
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
}

/** UTF-8 text with one character for each byte. */
export function toBytes(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

/** Inverse of {@linkcode toBytes}. */
export function fromBytes(bytes: string): string {
  return new TextDecoder().decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
}

function encode(name: string): string {
  // A file name has at most 255 bytes.
  let hash = 0n;
  for (const character of name) {
    hash = (hash * 1099511628211n + BigInt(character.codePointAt(0) ?? 0)) % (1n << 128n);
  }
  return `${hash.toString(16)}.item`;
}
