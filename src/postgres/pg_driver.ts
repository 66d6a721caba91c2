/**
 * The driver `npm:pg`, behind the port.
 *
 * Of the two well-kept drivers `pg` was taken because its client is one
 * connection and no more: the pool with its bounds and deadlines, and what is
 * repeated after a connection was lost, are decided here, where it is known
 * whether a statement may be repeated. `postgres` pools and reconnects by
 * itself, without bounds. `pg` is also the one most used, written in plain
 * JavaScript, with SCRAM and TLS and nothing native.
 *
 * @module
 */

import { createHash } from "node:crypto";
// @ts-types="./pg.d.ts"
import pg, { type Client } from "pg";
import type { SqlValue } from "../executions/driver.ts";
import { within } from "../timers.ts";
import type { Param, PostgresConnection, QueryResult } from "./driver.ts";
import type { ResolvedPostgresOptions } from "./options.ts";

const BOOL = 16;
const INT8 = 20;
const INT4 = 23;

/** Whole numbers are read as such; all else stays the text that the server sent. */
const TYPES = {
  getTypeParser: (type: number) => {
    if (type === INT8 || type === INT4) return readInteger;
    return type === BOOL ? readBoolean : readText;
  },
};

function readInteger(text: string): SqlValue {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

function readBoolean(text: string): SqlValue {
  return text === "t" ? 1 : 0;
}

function readText(text: string): SqlValue {
  return text;
}

/**
 * Connects to the server.
 *
 * @param options Where it is, and settings of the session.
 * @returns The connection.
 */
export async function connectPg(options: ResolvedPostgresOptions): Promise<PostgresConnection> {
  const { host, port, user, database, tls } = options;
  const password = await options.password();
  const client = new pg.Client({
    host,
    port,
    user,
    database,
    // An empty one keeps the driver from looking for a file of passwords.
    password,
    ssl: tls,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeout,
    keepAlive: true,
    // Else it would look for them in the environment.
    client_encoding: "utf8",
    sslnegotiation: "postgres",
    types: TYPES,
  });
  const connection = new PgConnection(client, options);
  try {
    const deadline = performance.now() + options.connectTimeout;
    await client.connect();
    const left = Math.max(1, deadline - performance.now());
    await within(left, connection.exec(options.sessionSql), noAnswer);
  } catch (error) {
    await connection.close();
    throw error;
  }
  return connection;
}

const names = new Map<string, string>();

/**
 * Names a statement by its text: a proxy may hand on a connection on which
 * others have prepared theirs, and no name may mean one of those.
 */
function nameOf(sql: string): string {
  let name = names.get(sql);
  if (name === undefined) {
    name = `goflow_${createHash("sha256").update(sql).digest("hex").slice(0, 32)}`;
    names.set(sql, name);
  }
  return name;
}

function noAnswer(): never {
  throw Object.assign(new Error("No answer"), { code: "ETIMEDOUT" });
}

class PgConnection implements PostgresConnection {
  lost = false;
  readonly #client: Client;
  readonly #prepares: boolean;
  /** How long the server may be silent, in milliseconds; 0 for any time. */
  readonly #patience: number;
  readonly #listeners: ((channel: string | undefined) => void)[] = [];
  #closing = false;

  constructor(client: Client, { preparedStatements, statementTimeout }: ResolvedPostgresOptions) {
    this.#client = client;
    this.#prepares = preparedStatements;
    this.#patience = statementTimeout === 0 ? 0 : 2 * statementTimeout + 1000;
    // Statements under way report the error; without this the driver would throw it.
    client.on("error", () => this.#lose());
    client.on("end", () => this.#lose());
    client.on("notification", ({ channel }) => {
      for (const call of this.#listeners) call(channel);
    });
  }

  async query(sql: string, params: readonly Param[] = []): Promise<QueryResult> {
    const result = await this.#answered(this.#client.query<SqlValue[]>({
      text: sql,
      values: params,
      rowMode: "array",
      ...(this.#prepares ? { name: nameOf(sql) } : {}),
    }));
    return { rows: result.rows, count: result.rowCount ?? 0 };
  }

  async exec(sql: string, anyTime = false): Promise<void> {
    const answer = this.#client.query(sql);
    await (anyTime ? answer : this.#answered(answer));
  }

  onNotification(call: (channel: string | undefined) => void): void {
    this.#listeners.push(call);
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.lost = true;
    // A server that does not answer keeps nobody waiting.
    await within(1000, this.#client.end(), () => {});
    this.#client.connection.stream.destroy();
  }

  #lose(): void {
    if (this.lost) return;
    this.lost = true;
    for (const call of this.#listeners) call(undefined);
  }

  /**
   * A server that is silent for longer than it lets a statement run is gone,
   * although nothing may have told the socket so for hours.
   */
  async #answered<T>(answer: Promise<T>): Promise<T> {
    if (this.#patience === 0) return await answer;
    return await within(this.#patience, answer, () => {
      this.#lose();
      return noAnswer();
    });
  }
}
