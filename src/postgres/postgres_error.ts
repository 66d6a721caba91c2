/**
 * Turns what the driver throws into the module's errors, by the SQLSTATE of the
 * server or the code of the socket.
 *
 * @module
 */

import {
  DatabaseError,
  type DatabaseErrorCode,
  InvalidDataError,
  PermissionDeniedError,
  StorageError,
} from "../domain/errors.ts";
import { asPermissionDenied } from "../permissions.ts";

interface Refusal {
  code: DatabaseErrorCode | "denied" | "invalid";
  advice: string;
}

const PROXY =
  'set the option "preparedStatements" to false, which a proxy that pools transactions needs';

/** By SQLSTATE, or by its class, the first two characters. */
const REFUSALS: Record<string, Refusal> = {
  "22": { code: "invalid", advice: "a value is not one that its column can hold" },
  "22021": { code: "invalid", advice: "text in PostgreSQL holds no NUL character" },
  "22P05": { code: "invalid", advice: "the encoding of the database must be UTF8" },
  "23": { code: "constraint", advice: "save the run first, and the node execution it names" },
  "25006": { code: "read-only", advice: "connect to the primary server, not to a replica" },
  "26000": { code: "io", advice: PROXY },
  "28": { code: "denied", advice: "check user, password and the server's pg_hba.conf" },
  "3D000": { code: "not-a-database", advice: "create the database, or correct its name" },
  "3F000": { code: "not-a-database", advice: 'open it with the option "migrate" set to "auto"' },
  "40": { code: "busy", advice: "other transactions were in the way; try again" },
  "42501": { code: "denied", advice: "grant the role what it needs on the schema" },
  "42P05": { code: "io", advice: PROXY },
  "42P01": {
    code: "not-a-database",
    advice: 'open it with the option "migrate" set to "auto"',
  },
  "53100": { code: "full", advice: "free some space on the disk of the server and try again" },
  "53200": { code: "busy", advice: "the server is short of memory; try again" },
  "53300": { code: "busy", advice: 'lower "maxConnections", or raise "max_connections"' },
  "54": { code: "invalid", advice: "a value is too long; an id may have about 2,500 bytes" },
  "55P03": { code: "busy", advice: "another transaction holds a lock; try again" },
  "57014": { code: "busy", advice: 'raise the option "statementTimeout", or try again' },
  "XX001": { code: "corrupt", advice: "restore a backup of the server" },
  "XX002": { code: "corrupt", advice: "rebuild the index of the server that it names" },
};

/** The server gives up the connection, or does not take one (more) now. */
const LOST = /^(?:08...|57P0[1-5]|53300)$/;

/** The transaction was undone and may be run again. */
const CONFLICT = /^40(?:001|P01)$/;

/** Codes of a socket that could not be connected, or broke. */
const SOCKET: Record<string, string> = {
  ECONNREFUSED: "no server listens there: check host and port, and that it runs",
  ENOTFOUND: "there is no host of that name: check the host",
  EAI_AGAIN: "the name of the host could not be looked up: check host and network",
  ENOENT: "there is no such socket: check its folder and the port, and that the server runs",
  EHOSTUNREACH: "the host cannot be reached: check host and network",
  ENETUNREACH: "the network cannot be reached: check host and network",
  ETIMEDOUT: "the host does not answer: check host, port and firewall",
  ECONNRESET: "the connection was lost",
  EPIPE: "the connection was lost",
};

/** What the driver says when a connection was lost; it has no codes for that. */
const LOST_MESSAGES =
  /^(?:Connection terminated|Client has encountered a connection error|Client was closed|This socket has been ended|write after end|Cannot call write after|read ECONNRESET|timeout expired)/;

/** What the driver says when the server wants a password and there is none. */
const NO_PASSWORD = /client password must be/;

/** What the driver and the runtime say about TLS. */
const NO_TLS = /does not support SSL|error establishing an SSL/;
const BAD_CERTIFICATE = /certificate|CERT_|self.signed|UnknownIssuer|SELF_SIGNED/;

/**
 * Returns the code of an error of the server or the socket.
 *
 * @param error What was thrown.
 * @returns The code, `undefined` when it has none.
 */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

/**
 * Whether an error says that the connection was lost, or could not be made for
 * a reason that may pass.
 *
 * @param error What the driver threw.
 * @returns Whether it does.
 */
export function isLost(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== undefined && (LOST.test(code) || code in SOCKET)) return true;
  return error instanceof Error && LOST_MESSAGES.test(error.message);
}

/**
 * Whether an error says that the transaction was undone because of others.
 *
 * @param error What the driver threw.
 * @returns Whether it does.
 */
export function isConflict(error: unknown): boolean {
  return CONFLICT.test(codeOf(error) ?? "");
}

/**
 * Returns the name of the constraint that a statement would have broken.
 *
 * @param error What the driver threw.
 * @returns The name, `undefined` for other errors.
 */
export function constraintOf(error: unknown): string | undefined {
  return error instanceof Error && "constraint" in error && typeof error.constraint === "string"
    ? error.constraint
    : undefined;
}

/**
 * Wraps what the driver threw. The server's messages never hold the password,
 * which the driver does not send in statements.
 *
 * @param cause What was thrown; an error of this module is returned as it is.
 * @param action What failed, in the form `Cannot save execution "a"`.
 * @param place The server, without the password.
 * @returns The error to throw.
 */
export function postgresError(cause: unknown, action: string, place: string): StorageError {
  if (cause instanceof StorageError) return cause;
  const denied = asPermissionDenied(cause, action, place);
  if (denied !== undefined) return denied;
  const found = cause instanceof Error ? cause.message : String(cause);
  if (NO_PASSWORD.test(found)) {
    return new PermissionDeniedError(
      `${action}: the server at ${place} wants a password and there is none; give it with the ` +
        'option "password", or in the environment as PGPASSWORD',
      { resource: place, cause },
    );
  }
  const code = codeOf(cause) ?? "";
  const refusal = REFUSALS[code] ?? (code.length === 5 ? REFUSALS[code.slice(0, 2)] : undefined);
  if (refusal !== undefined) return refused(refusal, action, found, place, cause);
  const advice = SOCKET[code] ?? adviceOf(found);
  return new DatabaseError(
    `${action}: the server at ${place} ${
      advice === undefined ? `reports "${found}"` : `cannot be used: ${advice}`
    }`,
    { code: "io", cause },
  );
}

function adviceOf(message: string): string | undefined {
  if (NO_TLS.test(message)) {
    return 'it does not offer TLS; switch it on there, or set the option "tls" to false ' +
      "where the network is trusted";
  }
  if (BAD_CERTIFICATE.test(message)) {
    return `its certificate is not trusted (${message}); give its authority with the option ` +
      '"tls: { ca }"';
  }
  if (message === "timeout expired") return SOCKET["ETIMEDOUT"];
  return LOST_MESSAGES.test(message) ? SOCKET["ECONNRESET"] : undefined;
}

function refused(
  { code, advice }: Refusal,
  action: string,
  found: string,
  place: string,
  cause: unknown,
): StorageError {
  const message = `${action}: the server at ${place} reports "${found}"; ${advice}`;
  if (code === "denied") return new PermissionDeniedError(message, { resource: place, cause });
  if (code === "invalid") return new InvalidDataError(message, { cause });
  return new DatabaseError(message, { code, cause });
}
