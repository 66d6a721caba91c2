import { assert, assertEquals } from "@std/assert";
import { openPostgresStorage } from "../../src/postgres/storage.ts";
import { testNeeding } from "../helpers/skip.ts";
import { greeting } from "../workflows/temp_store.ts";
import { PostgresServer, postgresServer } from "./server.ts";

testNeeding(
  postgresServer,
  "update() counts exactly while the server is killed and connections are ended",
  async () => {
    await using server = await PostgresServer.start({ fsync: true });
    await using storage = await openPostgresStorage(server.url());
    const { workflows } = storage;
    const ids = ["a", "b", "c", "d"];
    for (const id of ids) {
      const workflow = greeting(id);
      workflow.extra = { count: 0 };
      await workflows.save(workflow);
    }
    let done = 0;
    const count = async (id: string) => {
      for (let i = 0; i < 25; i++) {
        await workflows.update(id, ({ extra }) => void (extra!.count = Number(extra!.count) + 1));
        done++;
      }
    };
    const reached = async (wanted: number) => {
      while (done < wanted) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    const disturb = async () => {
      await reached(20);
      await server.kill();
      await server.restart();
      await reached(50);
      await storage.executions.listByWorkflow("none");
      await using other = await openPostgresStorage(server.url());
      await other.workflows.list();
      await server.kill();
      await server.restart();
    };
    await Promise.all([disturb(), ...ids.map(count)]);
    for (const id of ids) {
      assertEquals((await workflows.load(id)).extra, { count: 25 });
      const history = await workflows.history(id);
      assertEquals(history.length, 26);
      assert(history.every(({ parent }, index) => parent === history[index + 1]?.revision));
    }
  },
);
