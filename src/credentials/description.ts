/**
 * What can be told of credentials and of their keyring without a value.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type { IndexState } from "./index_item.ts";
import type { CredentialItems, FoundItem } from "./items.ts";
import { shown } from "./keys.ts";

/** What is known of a credential; never its value. */
export interface CredentialDescription {
  /** Name of the credential. */
  key: string;
  /**
   * Whether times and version are known. `unknown` if the present value was
   * stored by another program, such as Go, or by a plain `set` of a new key.
   */
  metadata: "known" | "unknown";
  /** Bytes of the value in UTF-8. */
  size: number;
  /** Counts the values stored under this key, from 1. */
  version?: number;
  /** When the first value was stored. */
  createdAt?: Date;
  /** When the present value was stored. */
  rotatedAt?: Date;
  /** When the present value stops being valid. */
  expiresAt?: Date;
  /** When the present value is due for rotation. */
  rotateAfter?: Date;
  /** Until when the previous value is kept. */
  previousUntil?: Date;
  /** Whether the value is past its expiry. */
  expired: boolean;
  /** Whether a rotation is due. */
  rotationDue: boolean;
  /** Whether a rotation was cut off while it checked a new value; `rotateWith` goes on with it. */
  rotationPending: boolean;
}

/** What is known of a keyring, see `info()`. */
export interface KeyringInfo {
  /** Name of the keyring, such as `secret-service` or `vault`. */
  keyring: string;
  /** Service of the credentials. */
  service: string;
  /** Tenant of the store, if it is that of one. */
  tenant?: string;
  /** Where `list()` comes from. */
  listing: "keyring" | "index";
  /** State of the index that Go reads. */
  index: IndexState;
  /** How many credentials there are. */
  credentials: number;
  /** Most bytes of a value in one item; absent if there is no limit. */
  limit?: number;
  /** What happens to larger values. */
  largeValues: "refuse" | "split";
}

/** Describes what was found under a key. */
export function describe(
  key: string,
  { value, metadata, record }: FoundItem & { value: string },
  now: Date,
): CredentialDescription {
  const previousUntil = metadata?.previous?.until;
  return {
    key,
    metadata: record ? "known" : "unknown",
    size: new TextEncoder().encode(value).length,
    ...(record
      ? { version: record.version, createdAt: record.created, rotatedAt: record.rotated }
      : {}),
    ...(record?.expires ? { expiresAt: record.expires } : {}),
    ...(record?.due ? { rotateAfter: record.due } : {}),
    ...(previousUntil && previousUntil > now ? { previousUntil } : {}),
    expired: record?.expires !== undefined && record.expires <= now,
    rotationDue: record?.due !== undefined && record.due <= now,
    rotationPending: metadata?.staged !== undefined,
  };
}

/**
 * Describes the credentials for which a time comes soon, the first of them first.
 *
 * @param within How soon, in milliseconds.
 * @param time The time.
 * @throws {InvalidDataError} If `within` is no number.
 */
export async function listBefore(
  items: CredentialItems,
  within: number,
  time: (description: CredentialDescription) => Date | undefined,
): Promise<CredentialDescription[]> {
  if (typeof within !== "number" || Number.isNaN(within)) {
    throw new InvalidDataError(
      `Cannot list the credentials of service "${items.service}": "within" must be milliseconds, ` +
        `found ${shown(within)}`,
    );
  }
  const now = new Date();
  const moment = (description: CredentialDescription) => time(description)?.getTime() ?? Infinity;
  const found = await items.readMany(await items.keysWithMetadata());
  return [...found].map(([key, item]) => describe(key, item, now))
    .filter((description) =>
      time(description) !== undefined && moment(description) <= now.getTime() + within
    )
    .sort((a, b) => moment(a) - moment(b));
}

/** Describes a keyring and the index of one service in it. */
export async function describeKeyring(
  { keyring, service, index, split }: CredentialItems,
  tenant: string | undefined,
): Promise<KeyringInfo> {
  const limit = keyring.limit?.(service, "") ?? Infinity;
  const { state, credentials } = await index.inspect();
  return {
    keyring: keyring.name ?? "custom",
    service,
    ...(tenant === undefined ? {} : { tenant }),
    listing: keyring.list ? "keyring" : "index",
    index: state,
    credentials,
    ...(limit === Infinity ? {} : { limit }),
    largeValues: split ? "split" : "refuse",
  };
}
