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
  /** When it was stored first, where the system tells. */
  created?: string;
  /** When it was stored last. */
  modified?: string;
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

/** One run of a fake program; texts have one character for each byte. */
export class FakeProcess {
  readonly items: FakeItems;
  readonly args: readonly string[];
  readonly stdin: string;
  /** The variable `LC_ALL`. */
  readonly locale: string;
  stdout = "";
  stderr = "";

  constructor(folder: string, stdin: string, locale: string, args: readonly string[]) {
    this.items = new FakeItems(folder);
    this.stdin = stdin;
    this.locale = locale;
    this.args = args;
  }

  print(text: string, to: "stdout" | "stderr" = "stdout"): void {
    this[to] += text;
  }

  /** Ends with a status. */
  exit(code: number): never {
    throw new Exit(code);
  }

  /** Waits for ever, as a program with a prompt that nobody answers. */
  hang(): never {
    throw new Exit(undefined);
  }
}

/** How a fake program ends: with a status, or never. */
export class Exit extends Error {
  readonly code: number | undefined;

  constructor(code: number | undefined) {
    super(`exit ${code}`);
    this.code = code;
  }
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
