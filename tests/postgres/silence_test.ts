/**
 * A network that swallows everything from some moment on, without closing
 * anything: nobody waits for ever.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { type DatabaseError, InvalidDataError } from "../../src/domain/errors.ts";
import { PostgresDatabase } from "../../src/postgres/database.ts";
import { within } from "../../src/timers.ts";
import { sharedServer, testPostgres } from "./databases.ts";

/** Stands between a client and the server. */
class Relay implements Disposable {
  /** Whether it swallows everything. */
  isSilent = false;
  /** After how many pieces from the server it falls silent. */
  pieces = Infinity;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #sockets: Deno.TcpConn[] = [];

  constructor() {
    this.#accept();
  }

  /** URL of the server through the relay. */
  get url(): string {
    const { port } = this.#listener.addr as Deno.NetAddr;
    return sharedServer!.url().replace(`:${sharedServer!.port}/`, `:${port}/`);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      const server = await Deno.connect({ hostname: "127.0.0.1", port: sharedServer!.port });
      this.#sockets.push(client, server);
      this.#pass(client, server, () => {});
      this.#pass(server, client, () => this.isSilent ||= this.pieces-- <= 0);
    }
  }

  async #pass(from: Deno.TcpConn, to: Deno.TcpConn, count: () => void): Promise<void> {
    try {
      for await (const bytes of from.readable) {
        count();
        if (!this.isSilent) await to.write(bytes);
      }
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const socket of this.#sockets) {
      try {
        socket.close();
      } catch (error) {
        if (!(error instanceof Deno.errors.BadResource)) throw error;
      }
    }
  }
}

const OPTIONS = { timeout: 300, connectTimeout: 300, statementTimeout: 100 };

/** What takes longer than this waits for ever. */
function inTime<T>(work: Promise<T>): Promise<T> {
  return within(10_000, work, () => {
    throw new Error("It waits for ever");
  });
}

testPostgres(
  "a storage opens or fails in time wherever the network falls silent",
  async ({ open, schema }) => {
    await open();
    const opens = async (pieces: number) => {
      using relay = new Relay();
      relay.pieces = pieces;
      try {
        const database = await PostgresDatabase.open(relay.url, { schema, ...OPTIONS });
        await database.close();
        return "opened";
      } catch (error) {
        return (error as DatabaseError).code;
      }
    };
    const found = await inTime(
      Promise.all(Array.from({ length: 8 }, (_, pieces) => opens(pieces))),
    );
    assertEquals([found[0], new Set(found)], ["io", new Set(["io", "opened"])]);
  },
);

testPostgres("a transaction that cannot be rolled back ends all the same", async ({ schema }) => {
  using relay = new Relay();
  const database = await PostgresDatabase.open(relay.url, { schema, ...OPTIONS });
  const refused = new InvalidDataError("Cannot test");
  const failed = await inTime(assertRejects(() =>
    database.transaction("Cannot test", () => {
      relay.isSilent = true;
      return Promise.reject(refused);
    })
  ));
  assertEquals(failed, refused);
  relay.isSilent = false;
  assertEquals((await database.query("Cannot ask", "SELECT 1")).rows, [[1]]);
  await inTime(database.close());
});

testPostgres("close() does not wait for a server that tells nothing", async ({ schema }) => {
  using relay = new Relay();
  const database = await PostgresDatabase.open(relay.url, { schema });
  // The pieces of connecting; what is silent then is the answer to LISTEN.
  relay.pieces = 4;
  const waited = database.listener.wait(10_000, database.closing);
  while (!relay.isSilent) await new Promise((resolve) => setTimeout(resolve, 1));
  await inTime(database.close());
  await waited;
});
