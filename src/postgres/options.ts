/**
 * Options of the stores on PostgreSQL.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type { AutoPruneOptions } from "../domain/execution_retention.ts";
import { type RedactionOptions, Redactor } from "../domain/redaction.ts";
import { checkAutoPrune } from "../executions/auto_prune.ts";

/** Options of the stores on PostgreSQL. */
export interface PostgresOptions {
  /**
   * Password, in place of one in the URL; a function is asked before each connection.
   *
   * @default {that of the URL}
   */
  password?: string | (() => string | Promise<string>);
  /**
   * Name of the schema that holds all tables, so that several installations
   * share a database; it is created when it is missing and may be. The URL
   * says the same by `schema=name`.
   *
   * @default {"goflow"}
   */
  schema?: string;
  /**
   * Whether connections are encrypted. With `true` the certificate of the
   * server is checked; `{ ca }` trusts this one, in PEM, alone; `"unchecked"`
   * encrypts without checking. The URL says the same by `sslmode=disable`,
   * `sslmode=require` (unchecked) and `sslmode=verify-full`.
   *
   * @default {true, but false for loopback addresses and sockets}
   */
  tls?: boolean | "unchecked" | { ca: string };
  /**
   * Most connections at a time.
   *
   * @default {10}
   */
  maxConnections?: number;
  /**
   * Most operations that wait for a connection; further ones fail at once.
   *
   * @default {10000}
   */
  maxWaiting?: number;
  /**
   * How long an operation waits for a connection, and goes on repeating what a
   * conflict or a lost connection undid, in milliseconds.
   *
   * @default {30000}
   */
  timeout?: number;
  /**
   * How long connecting may take, in milliseconds.
   *
   * @default {10000}
   */
  connectTimeout?: number;
  /**
   * How long one statement may run, in milliseconds; 0 for no limit. A server
   * that is silent for a second more than twice as long is taken for lost.
   *
   * @default {60000}
   */
  statementTimeout?: number;
  /**
   * How long an unused connection stays open, in milliseconds.
   *
   * @default {30000}
   */
  idleTimeout?: number;
  /**
   * Name that the server shows for the connections.
   *
   * @default {"goflow-storage"}
   */
  applicationName?: string;
  /**
   * Whether statements are prepared once per connection; a proxy that hands
   * each transaction to another server may need `false`.
   *
   * @default {true}
   */
  preparedStatements?: boolean;
  /**
   * Whether a schema of an older version is brought to the newest, and a
   * missing one is made.
   *
   * @default {"auto"}
   */
  migrate?: "auto" | "never";
  /**
   * Keeps secrets out of the database.
   *
   * @default {off}
   */
  redaction?: RedactionOptions;
  /**
   * Prunes now and then while the store is open.
   *
   * @default {off}
   */
  autoPrune?: AutoPruneOptions;
}

/**
 * Options with their defaults. The password stays in a closure, so that nothing
 * that prints this shows it.
 *
 * @internal
 */
export interface ResolvedPostgresOptions {
  /** Name or address of the host, or the folder of the socket. */
  host: string;
  /** Port. */
  port: number;
  /** Role. */
  user: string;
  /** Database. */
  database: string;
  /** Returns the password. */
  password: () => Promise<string>;
  /** Settings of TLS, in the driver's form. */
  tls: boolean | { ca?: string; rejectUnauthorized?: boolean };
  /** Where the server is, without the password, for messages. */
  place: string;
  /** Sets up a session. */
  sessionSql: string;
  /** See {@linkcode PostgresOptions.schema}. */
  schema: string;
  /** See {@linkcode PostgresOptions.maxConnections}. */
  maxConnections: number;
  /** See {@linkcode PostgresOptions.maxWaiting}. */
  maxWaiting: number;
  /** See {@linkcode PostgresOptions.timeout}. */
  timeout: number;
  /** See {@linkcode PostgresOptions.connectTimeout}. */
  connectTimeout: number;
  /** See {@linkcode PostgresOptions.statementTimeout}. */
  statementTimeout: number;
  /** See {@linkcode PostgresOptions.idleTimeout}. */
  idleTimeout: number;
  /** See {@linkcode PostgresOptions.applicationName}. */
  applicationName: string;
  /** See {@linkcode PostgresOptions.preparedStatements}. */
  preparedStatements: boolean;
  /** See {@linkcode PostgresOptions.migrate}. */
  migrate: "auto" | "never";
  /** Removes secrets, if wanted. */
  redactor: Redactor | undefined;
  /** See {@linkcode PostgresOptions.autoPrune}. */
  autoPrune: AutoPruneOptions | undefined;
}

const ACTION = "Cannot open the PostgreSQL storage";

/** What a server, database or role may have set in another way, and all statements rely on. */
const SESSION = [
  "TimeZone TO 'UTC'",
  "DateStyle TO 'ISO, YMD'",
  "array_nulls TO on",
  "default_transaction_isolation TO 'read committed'",
  "idle_in_transaction_session_timeout TO 60000",
  "client_min_messages TO warning",
].map((setting) => `SET ${setting}`).join("; ");

/** What the URL may say beside the place. */
const PARAMETERS = ["sslmode", "application_name", "host", "schema"];

/**
 * Checks options and fills in the defaults.
 *
 * @param url URL of the database, such as `postgres://user:password@host:5432/database`.
 * @param options The options.
 * @returns The options with their defaults.
 * @throws {InvalidDataError} If the URL or an option is not valid; the message has no password.
 */
export function resolvePostgresOptions(
  url: string,
  options: PostgresOptions,
): ResolvedPostgresOptions {
  const parsed = parseUrl(url);
  const { migrate = "auto", preparedStatements = true } = options;
  const schema = options.schema ?? parsed.searchParams.get("schema") ?? "goflow";
  const applicationName = options.applicationName ??
    parsed.searchParams.get("application_name") ?? "goflow-storage";
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema) || schema.startsWith("pg_")) {
    refuse(`the schema is "${schema}", wanted is a name of lower-case letters, digits and "_"`);
  }
  if (migrate !== "auto" && migrate !== "never") {
    refuse(`the option "migrate" is "${migrate}", wanted is one of "auto", "never"`);
  }
  const numbers = {
    maxConnections: readNumber("maxConnections", options.maxConnections ?? 10, 1),
    maxWaiting: readNumber("maxWaiting", options.maxWaiting ?? 10_000, 0),
    timeout: readNumber("timeout", options.timeout ?? 30_000, 0),
    connectTimeout: readNumber("connectTimeout", options.connectTimeout ?? 10_000, 1),
    statementTimeout: readNumber("statementTimeout", options.statementTimeout ?? 60_000, 0),
    idleTimeout: readNumber("idleTimeout", options.idleTimeout ?? 30_000, 0),
  };
  if (options.autoPrune !== undefined) checkAutoPrune(options.autoPrune);
  const host = decode(parsed.searchParams.get("host") ?? parsed.hostname.replace(/^\[|\]$/g, ""));
  const port = parsed.port === "" ? 5432 : Number(parsed.port);
  const user = decode(parsed.username);
  if (host === "") refuse("the URL names no host");
  if (user === "") refuse("the URL names no user");
  const database = decode(parsed.pathname.slice(1)) || user;
  for (const [name, value] of Object.entries({ host, user, database, applicationName })) {
    // In what is sent to connect, it would end the value.
    if (value.includes("\0")) refuse(`the ${name} holds a NUL character`);
  }
  const given = options.password ?? decode(parsed.password);
  return {
    host,
    port,
    user,
    database,
    password: async () => typeof given === "function" ? await given() : given,
    tls: readTls(options.tls, parsed.searchParams.get("sslmode"), host),
    place: `${user}@${host}:${port}/${database}`,
    sessionSql: `SET search_path TO "${schema}", pg_temp; ${SESSION}; ` +
      `SET statement_timeout TO ${numbers.statementTimeout}; SET lock_timeout TO ${numbers.timeout}`,
    schema,
    ...numbers,
    applicationName,
    preparedStatements,
    migrate,
    redactor: Redactor.of(options.redaction),
    autoPrune: options.autoPrune,
  };
}

function refuse(what: string): never {
  throw new InvalidDataError(`${ACTION}: ${what}`);
}

/** The error of the parser holds the URL, and with it the password: it is not kept as the cause. */
function parseUrl(url: string): URL {
  const wanted = 'wanted is a URL such as "postgres://user@host:5432/database"';
  const parsed = URL.parse(url);
  if (parsed === null) refuse(`the URL cannot be read, ${wanted}`);
  if (parsed.protocol !== "postgres:" && parsed.protocol !== "postgresql:") {
    refuse(`the URL begins with "${parsed.protocol}", ${wanted}`);
  }
  for (const name of parsed.searchParams.keys()) {
    if (!PARAMETERS.includes(name)) {
      refuse(`the URL has the parameter "${name}", known are ${PARAMETERS.join(", ")}`);
    }
  }
  return parsed;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return refuse('a part of the URL has a "%" that is not followed by two hexadecimal digits');
  }
}

function readNumber(option: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least && value < 2 ** 31) return value;
  return refuse(`the option "${option}" is ${value}, wanted is a whole number from ${least}`);
}

function readTls(
  option: PostgresOptions["tls"],
  mode: string | null,
  host: string,
): ResolvedPostgresOptions["tls"] {
  const wanted = option ?? tlsOfMode(mode) ?? !isLocal(host);
  if (typeof wanted === "object") return { ca: wanted.ca };
  return wanted === "unchecked" ? { rejectUnauthorized: false } : wanted;
}

function tlsOfMode(mode: string | null): PostgresOptions["tls"] {
  switch (mode) {
    case null:
      return undefined;
    case "disable":
      return false;
    case "require":
      return "unchecked";
    case "verify-full":
      return true;
    default:
      return refuse(
        `the URL has the sslmode "${mode}", wanted is "disable", "require" or "verify-full"`,
      );
  }
}

/** Loopback addresses, and sockets, which are paths. */
function isLocal(host: string): boolean {
  return host.startsWith("/") || host === "localhost" || host === "::1" ||
    /^127(?:\.\d{1,3}){3}$/.test(host);
}
