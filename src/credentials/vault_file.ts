/**
 * The text of a vault file: a header in clear and the items under AES-256-GCM, with
 * a key that scrypt makes of the passphrase.
 *
 * @module
 */

import { InvalidDataError, KeyringError } from "../domain/errors.ts";
import { isMapping, parseMapping } from "../domain/value.ts";

const FORMAT = "goflow-vault";
const VERSION = 1;
/** 128 MiB and a third of a second: what OWASP asks of scrypt. */
const COST = { cost: 2 ** 17, blockSize: 8, parallelization: 1 };
/** More than this in a damaged or hostile file would only occupy the machine. */
const MOST_MEMORY = 2 ** 30;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;

/** Items by service and account. */
export type VaultItems = Map<string, Map<string, string>>;

/** What scrypt made of a passphrase. */
export interface VaultKey {
  kdf: KeyDerivation;
  /** Encrypts the items. */
  encryption: CryptoKey;
  /** Tells this key from others without giving it away. */
  check: string;
}

interface KeyDerivation {
  name: "scrypt";
  cost: number;
  blockSize: number;
  parallelization: number;
  salt: string;
}

/** A vault file as it was read. */
export interface SealedVault {
  kdf: KeyDerivation;
  keyCheck: string;
  nonce: string;
  data: string;
}

/** Makes the key of a new vault, or of a new passphrase; tests take a lower cost. */
export function newKey(passphrase: string, cost: number = COST.cost): Promise<VaultKey> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES)).toBase64();
  return deriveKey(passphrase, { name: "scrypt", ...COST, cost, salt });
}

/**
 * Makes the key of an existing vault.
 *
 * @throws {KeyringError} If the passphrase is wrong.
 */
export async function openKey(
  path: string,
  passphrase: string,
  vault: SealedVault,
): Promise<VaultKey> {
  const key = await deriveKey(passphrase, vault.kdf);
  if (key.check === vault.keyCheck) return key;
  throw new KeyringError(
    `Cannot open vault "${path}": the passphrase is wrong, give the one it was created with`,
    { reason: "locked" },
  );
}

/** Encrypts items into the text of a file, under a new nonce. */
export async function seal(key: VaultKey, items: VaultItems): Promise<string> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const header = { format: FORMAT, version: VERSION, kdf: key.kdf, keyCheck: key.check };
  const plain = JSON.stringify([...items].map(([service, accounts]) => [service, [...accounts]]));
  const encrypted = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce, additionalData: encode(JSON.stringify(header)) },
    key.encryption,
    encode(plain),
  );
  const data = new Uint8Array(encrypted).toBase64();
  const body = { ...header, cipher: "aes-256-gcm", nonce: nonce.toBase64(), data };
  const checksum = await sha256(JSON.stringify(body));
  return `${JSON.stringify({ ...body, checksum }, undefined, 2)}\n`;
}

/**
 * Reads the text of a file as far as that goes without the passphrase.
 *
 * @throws {InvalidDataError} If it is no vault, is damaged, or comes from a newer version.
 */
export async function parseVault(path: string, text: string): Promise<SealedVault> {
  const fields = parseMapping(text);
  if (fields?.["format"] !== FORMAT) throw damaged(path, "it is cut off or no vault");
  const { checksum, ...body } = fields;
  if (typeof fields["version"] === "number" && fields["version"] > VERSION) {
    throw new InvalidDataError(
      `Cannot open vault "${path}": its version is ${
        fields["version"]
      }, this module reads ${VERSION}; use the newer version of this module that wrote it`,
      { path },
    );
  }
  // Without a key, so it tells damage from a wrong passphrase, but not from a forgery.
  if (checksum !== await sha256(JSON.stringify(body))) {
    throw damaged(path, "its checksum does not fit its content");
  }
  const { kdf, keyCheck, nonce, data } = body;
  if (
    fields["version"] !== VERSION || !isKeyDerivation(kdf) || typeof keyCheck !== "string" ||
    !isBase64(nonce) || !isBase64(data)
  ) throw damaged(path, "its header is not valid");
  return { kdf, keyCheck, nonce, data };
}

/**
 * Decrypts the items.
 *
 * @throws {InvalidDataError} If somebody changed the file on purpose.
 */
export async function unseal(path: string, key: VaultKey, vault: SealedVault): Promise<VaultItems> {
  const { kdf, keyCheck } = vault;
  const header = { format: FORMAT, version: VERSION, kdf, keyCheck };
  try {
    const plain = await crypto.subtle.decrypt(
      {
        name: "AES-GCM",
        iv: Uint8Array.fromBase64(vault.nonce),
        additionalData: encode(JSON.stringify(header)),
      },
      key.encryption,
      Uint8Array.fromBase64(vault.data),
    );
    const services: [string, [string, string][]][] = JSON.parse(new TextDecoder().decode(plain));
    return new Map(services.map(([service, accounts]) => [service, new Map(accounts)]));
  } catch {
    // A cause could quote what was decrypted.
    throw damaged(path, "it does not decrypt, somebody changed it");
  }
}

async function deriveKey(passphrase: string, kdf: KeyDerivation): Promise<VaultKey> {
  const { scrypt } = await import("node:crypto");
  const { cost, blockSize, parallelization } = kdf;
  const bytes = await new Promise<Uint8Array<ArrayBuffer>>((resolve, reject) => {
    scrypt(
      // The same characters may come composed from one keyboard and decomposed from another.
      encode(passphrase.normalize("NFC")),
      Uint8Array.fromBase64(kdf.salt),
      64,
      { N: cost, r: blockSize, p: parallelization, maxmem: MOST_MEMORY },
      (error, derived) => error ? reject(error) : resolve(new Uint8Array(derived)),
    );
  });
  const encryption = await crypto.subtle.importKey(
    "raw",
    bytes.slice(0, 32),
    "AES-GCM",
    false,
    ["encrypt", "decrypt"],
  );
  const check = await crypto.subtle.digest("SHA-256", bytes.slice(32));
  bytes.fill(0);
  return { kdf, encryption, check: new Uint8Array(check).toBase64() };
}

function isKeyDerivation(value: unknown): value is KeyDerivation {
  if (!isMapping(value)) return false;
  const { name, cost, blockSize, parallelization, salt } = value;
  return name === "scrypt" && isBase64(salt) && typeof cost === "number" &&
    typeof blockSize === "number" && typeof parallelization === "number" &&
    [cost, blockSize, parallelization].every((count) => Number.isInteger(count) && count > 0) &&
    cost > 1 && Number.isInteger(Math.log2(cost)) && parallelization <= 16 &&
    128 * blockSize * (cost + parallelization + 2) <= MOST_MEMORY;
}

function isBase64(text: unknown): text is string {
  return typeof text === "string" && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
}

function damaged(path: string, why: string): InvalidDataError {
  return new InvalidDataError(
    `Cannot open vault "${path}": ${why}; restore it from a backup, or delete it and set the credentials again`,
    { path },
  );
}

async function sha256(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", encode(text))).toHex();
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
