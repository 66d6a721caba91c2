/**
 * A bounded pool of connections: at most so many, and at most so many
 * operations that wait for one, each until its deadline.
 *
 * @module
 */

import { DatabaseError } from "../domain/errors.ts";
import type { Connect, PostgresConnection } from "./driver.ts";

/** Limits of a pool. */
export interface PoolLimits {
  /** Most connections. */
  maxConnections: number;
  /** Most operations that wait. */
  maxWaiting: number;
  /** How long an unused connection stays open, in milliseconds. */
  idleTimeout: number;
}

interface Waiter {
  action: string;
  resolve(connection: PostgresConnection | undefined): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

interface Idle {
  connection: PostgresConnection;
  timer: ReturnType<typeof setTimeout>;
}

/** Connections that operations take and give back. */
export class Pool {
  readonly #connect: Connect;
  readonly #limits: PoolLimits;
  readonly #idle: Idle[] = [];
  readonly #waiting: Waiter[] = [];
  readonly #ending = new Set<Promise<void>>();
  /** Connections in use, idle ones apart. */
  #busy = 0;
  #closed = false;
  #drained: (() => void) | undefined;

  /**
   * @param connect Makes a connection.
   * @param limits The limits.
   */
  constructor(connect: Connect, limits: PoolLimits) {
    this.#connect = connect;
    this.#limits = limits;
  }

  /**
   * Takes a connection; {@linkcode release} gives it back.
   *
   * @param action What it is for, in the form `Cannot load execution "a"`.
   * @param wait How long to wait for one, in milliseconds.
   * @returns The connection.
   * @throws {DatabaseError} With code `busy` if none becomes free in time, or too many wait already.
   */
  async acquire(action: string, wait: number): Promise<PostgresConnection> {
    if (this.#closed) throw closed(action);
    const idle = this.#takeIdle();
    if (idle !== undefined) return idle;
    if (this.#busy >= this.#limits.maxConnections) {
      const connection = await this.#wait(action, wait);
      if (connection !== undefined) return connection;
    } else {
      this.#busy++;
    }
    // The place is taken before the connection is made.
    try {
      const connection = await this.#connect();
      if (!this.#closed) return connection;
      this.#end(connection);
      throw closed(action);
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  /**
   * Gives a connection back.
   *
   * @param connection The connection.
   */
  release(connection: PostgresConnection): void {
    if (connection.lost || this.#closed) return this.discard(connection);
    if (this.#serve(connection)) return;
    this.#busy--;
    const timer = setTimeout(() => {
      const at = this.#idle.findIndex((one) => one.connection === connection);
      if (at >= 0) this.#end(this.#idle.splice(at, 1)[0]!.connection);
    }, this.#limits.idleTimeout);
    Deno.unrefTimer(timer);
    this.#idle.push({ connection, timer });
  }

  /**
   * Ends a connection that was taken; another one may be made in its place.
   *
   * @param connection The connection.
   */
  discard(connection: PostgresConnection): void {
    this.#end(connection);
    this.#leave();
  }

  /** Refuses further operations, waits for those under way and ends all connections. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      for (const waiter of this.#waiting.splice(0)) {
        clearTimeout(waiter.timer);
        waiter.reject(closed(waiter.action));
      }
      for (const { connection, timer } of this.#idle.splice(0)) {
        clearTimeout(timer);
        this.#end(connection);
      }
    }
    if (this.#busy > 0) {
      await new Promise<void>((resolve) => {
        const before = this.#drained;
        this.#drained = () => {
          before?.();
          resolve();
        };
      });
    }
    await Promise.all(this.#ending);
  }

  /** The one used last: the others may be closed when few are needed. */
  #takeIdle(): PostgresConnection | undefined {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      clearTimeout(idle.timer);
      if (!idle.connection.lost) {
        this.#busy++;
        return idle.connection;
      }
      this.#end(idle.connection);
    }
    return undefined;
  }

  /** Returns `undefined` when a place became free, but no connection. */
  #wait(action: string, wait: number): Promise<PostgresConnection | undefined> {
    const { maxConnections, maxWaiting } = this.#limits;
    const busy = `${action}: all ${maxConnections} connections are in use`;
    if (this.#waiting.length >= maxWaiting) {
      throw new DatabaseError(`${busy} and ${maxWaiting} operations wait; start fewer at once`, {
        code: "busy",
      });
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(
          new DatabaseError(
            `${busy} and none became free within ${wait} ms; ` +
              'start fewer operations at once, or raise the option "maxConnections"',
            { code: "busy" },
          ),
        );
      }, wait);
      const waiter: Waiter = { action, resolve, reject, timer };
      this.#waiting.push(waiter);
    });
  }

  /** Hands a place to who waits longest; returns whether somebody does. */
  #serve(connection: PostgresConnection | undefined): boolean {
    const next = this.#waiting.shift();
    if (next === undefined) return false;
    clearTimeout(next.timer);
    next.resolve(connection);
    return true;
  }

  /** A place became free. */
  #leave(): void {
    if (this.#serve(undefined)) return;
    this.#busy--;
    if (this.#busy === 0) this.#drained?.();
  }

  #end(connection: PostgresConnection): void {
    const ending = connection.close().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}

function closed(action: string): DatabaseError {
  return new DatabaseError(`${action}: the store is closed`, { code: "io" });
}
