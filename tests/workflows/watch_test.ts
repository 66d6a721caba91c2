import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import { InvalidDataError, StorageError } from "../../src/domain/errors.ts";
import type { WatchOptions, WorkflowEvent } from "../../src/domain/workflow_events.ts";
import { FilesystemWorkflowRepository } from "../../src/workflows/repository.ts";
import { linux, program, testNeeding } from "../helpers/skip.ts";
import { type AnyStore, testStores } from "./backends.ts";
import { greeting, TempStore } from "./temp_store.ts";

/** Watches a store and collects what happens. */
class Watched implements AsyncDisposable {
  readonly events: WorkflowEvent[] = [];
  readonly #end = new AbortController();
  readonly #done: Promise<void>;
  #wake: () => void = () => {};

  constructor(store: Pick<AnyStore, "workflows">, options: WatchOptions = {}) {
    const events = store.workflows.watch({ ...options, signal: this.#end.signal });
    this.#done = (async () => {
      for await (const event of events) {
        this.events.push(event);
        this.#wake();
      }
    })();
  }

  /** Waits until events fit a condition. */
  async until(fits: (events: WorkflowEvent[]) => boolean): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (!fits(this.events)) {
      assert(performance.now() < deadline, `still waiting after ${JSON.stringify(this.events)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 50);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** What happened since the last call, once something did. */
  async next(): Promise<string[]> {
    await this.until((events) => events.length > 0);
    return this.events.splice(0).map(({ type, id }) => `${type} ${id}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#done;
  }
}

/** Makes sure that the watcher has made its first scan and sees what comes. */
async function settled(store: Pick<AnyStore, "write">, watched: Watched): Promise<void> {
  for (let i = 0; watched.events.length === 0; i++) {
    await store.write("zz-settled", `name: settled ${i}\n`);
    const deadline = performance.now() + 300;
    await watched.until((events) => events.length > 0 || performance.now() > deadline);
  }
  watched.events.length = 0;
}

testStores(
  "watch() tells what is created, changed, invalid and deleted, with the workflow or the error",
  async (open) => {
    await using store = await open();
    await store.write("old", "name: old\n");
    await using watched = new Watched(store);
    await settled(store, watched);

    await store.write("a", "name: one\n");
    await watched.until((events) => events.length === 1);
    const [created] = watched.events.splice(0);
    assert(created?.type === "created");
    assertEquals([created.id, created.workflow.name], ["a", "one"]);

    await store.write("a", "name: two\n");
    assertEquals(await watched.next(), ["changed a"]);
    await store.write("a", "name: [\n");
    await watched.until((events) => events.length === 1);
    const [invalid] = watched.events.splice(0);
    assert(invalid?.type === "invalid");
    assertInstanceOf(invalid.error, InvalidDataError);
    await store.write("a", "name: two\n");
    assertEquals(await watched.next(), ["changed a"]);
    await store.remove("a");
    assertEquals(await watched.next(), ["deleted a"]);
  },
);

testStores("watch({ initial }) tells first what is there", async (open) => {
  await using store = await open();
  await store.write("a", "name: a\n");
  await store.write("b", "name: [\n");
  await using watched = new Watched(store, { initial: true });
  await watched.until((events) => events.length === 2);
  assertEquals(await watched.next(), ["created a", "invalid b"]);
});

Deno.test("watch() is silent about own saves, about writes that change nothing, and about other files", async () => {
  await using store = await TempStore.open();
  await store.write("a", "name: a\nmetadata:\n  last_modified: 2020-01-01T00:00:00Z\n");
  await using watched = new Watched(store);
  await settled(store, watched);
  await store.workflows.save(greeting("own"));
  await store.workflows.update("own", (workflow) => void (workflow.name = "changed"));
  await store.workflows.save(greeting("gone"));
  await store.workflows.delete("gone");
  await store.write("a", await store.read("a"));
  await store.write("a", (await store.read("a")).replace("2020", "2021"));
  for (
    const name of ["a.yaml~", ".a.yaml.swp", "4913", "notes.txt", `.a.${crypto.randomUUID()}.tmp`]
  ) {
    await Deno.writeTextFile(join(store.root, "workflows", name), "name: other\n");
  }
  await store.write("last", "name: last\n");
  assertEquals(await watched.next(), ["created last"]);
});

testStores(
  "watch() tells what others do to what was saved or deleted here before",
  async (open) => {
    await using store = await open();
    await using watched = new Watched(store);
    await settled(store, watched);
    const other = await store.another({ history: false });
    const { revision } = await store.workflows.save(greeting());
    await store.write("mark", "name: 1\n");
    assertEquals(await watched.next(), ["created mark"]);

    // Away from what was saved here, and back to it.
    await other.update("greet", (workflow) => void (workflow.name = "theirs"));
    assertEquals(await watched.next(), ["changed greet"]);
    await other.update("greet", (workflow) => void (workflow.name = "greet"));
    assertEquals((await other.load("greet")).revision, revision);
    assertEquals(await watched.next(), ["changed greet"]);

    await store.workflows.delete("greet");
    await store.write("mark", "name: 2\n");
    assertEquals(await watched.next(), ["changed mark"]);
    await other.save(greeting());
    assertEquals(await watched.next(), ["created greet"]);
    await other.delete("greet");
    assertEquals(await watched.next(), ["deleted greet"]);
  },
);

testStores(
  "watch() sees what another repository saves, and records it in the history",
  async (open) => {
    await using store = await open();
    await store.workflows.save(greeting());
    await using watched = new Watched(store);
    await settled(store, watched);
    const other = await store.another({ history: false });
    await other.update("greet", (workflow) => void (workflow.name = "theirs"));
    assertEquals(await watched.next(), ["changed greet"]);
    const [newest] = await store.workflows.history("greet");
    assertEquals(newest!.source, "edited");
  },
);

Deno.test("watch() is complete under a burst of 3,000 writes, within 300 ms after the last one", async () => {
  await using store = await TempStore.open();
  await Deno.mkdir(join(store.root, "workflows"));
  await using watched = new Watched(store);
  await settled(store, watched);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 1000; i++) {
      Deno.writeTextFileSync(store.workflows.pathOf(`w${i}`), `name: ${round}\n`);
    }
  }
  const end = performance.now();
  const last = new Map<string, string>();
  await watched.until((events) => {
    for (const event of events.splice(0)) {
      if ("workflow" in event) last.set(event.id, event.workflow.name);
    }
    return last.size === 1000 && [...last.values()].every((name) => name === "2");
  });
  // 300 ms on an idle machine; the tests share theirs.
  assert(performance.now() - end < 3000);
});

/** How editors and tools write a file. */
const WRITERS: [string, (path: string, text: string) => Promise<void>][] = [
  ["an editor that writes in place", (path, text) => Deno.writeTextFile(path, text)],
  ["an editor that saves atomically", async (path, text) => {
    await Deno.writeTextFile(`${path}.tmp`, text);
    await Deno.rename(`${path}.tmp`, path);
  }],
  ["vim with a backup", async (path, text) => {
    await Deno.rename(path, `${path}~`);
    await Deno.writeTextFile(path, text);
    await Deno.remove(`${path}~`);
  }],
  ["a tool that removes and writes", async (path, text) => {
    await Deno.remove(path);
    await Deno.writeTextFile(path, text);
  }],
];

for (const [who, write] of WRITERS) {
  Deno.test(`watch() tells one change by ${who}`, async () => {
    await using store = await TempStore.open();
    await store.write("a", "name: before\n");
    await using watched = new Watched(store);
    await settled(store, watched);
    await write(store.workflows.pathOf("a"), "name: after\n");
    await watched.until((events) => events.length > 0);
    await store.write("b", "name: b\n");
    await watched.until((events) => events.some(({ id }) => id === "b"));
    const about = watched.events.filter(({ id }) => id === "a");
    assertEquals(about.map(({ type }) => type), ["changed"]);
    assert(about[0]?.type === "changed" && about[0].workflow.name === "after");
  });
}

testNeeding(program("git"), "watch() follows git checkout", async () => {
  await using store = await TempStore.open();
  const folder = join(store.root, "workflows");
  await Deno.mkdir(folder);
  const git = async (...args: string[]) => {
    const { success, stderr } = await new Deno.Command("git", {
      args: ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args],
      cwd: folder,
    }).output();
    assert(success, new TextDecoder().decode(stderr));
  };
  await git("init", "-q", "-b", "main");
  await store.write("a", "name: one\n");
  await git("add", "a.yaml");
  await git("commit", "-qm", "one");
  await git("checkout", "-qb", "other");
  await store.write("a", "name: two\n");
  await store.write("b", "name: b\n");
  await git("add", ".");
  await git("commit", "-qm", "two");
  await using watched = new Watched(store);
  await settled(store, watched);
  await git("checkout", "-q", "main");
  await watched.until((events) => events.length === 2);
  assertEquals((await watched.next()).sort(), ["changed a", "deleted b"]);
});

testNeeding(linux, "watch() survives the deletion of the folder, and of the root", async () => {
  await using store = await TempStore.open();
  await store.write("a", "name: a\n");
  await using watched = new Watched(store);
  await settled(store, watched);
  await Deno.remove(join(store.root, "workflows"), { recursive: true });
  await watched.until((events) => events.length === 2);
  assertEquals((await watched.next()).sort(), ["deleted a", "deleted zz-settled"]);
  await store.write("a", "name: again\n");
  assertEquals(await watched.next(), ["created a"]);

  await Deno.remove(store.root, { recursive: true });
  assertEquals(await watched.next(), ["deleted a"]);
  await store.write("b", "name: b\n");
  assertEquals(await watched.next(), ["created b"]);
  await store.write("c", "name: c\n");
  assertEquals(await watched.next(), ["created c"]);
});

testNeeding(linux, "watch() follows a folder that takes the place of the other", async () => {
  await using store = await TempStore.open();
  await store.write("a", "name: a\n");
  await using watched = new Watched(store);
  await settled(store, watched);
  const folder = join(store.root, "workflows");
  await Deno.mkdir(`${folder}.new`);
  await Deno.writeTextFile(join(`${folder}.new`, "b.yaml"), "name: b\n");
  await Deno.rename(folder, `${folder}.old`);
  await Deno.rename(`${folder}.new`, folder);
  await watched.until((events) => events.length === 3);
  assertEquals((await watched.next()).sort(), ["created b", "deleted a", "deleted zz-settled"]);
  await store.write("b", "name: again\n");
  assertEquals(await watched.next(), ["changed b"]);
});

Deno.test("watch() goes on when a folder is replaced by one of the same inode", async () => {
  await using store = await TempStore.open();
  const folder = join(store.root, "workflows");
  await store.write("a", "name: a\n");
  await using watched = new Watched(store);
  await settled(store, watched);
  await Deno.remove(folder, { recursive: true });
  await Deno.mkdir(folder);
  await watched.until((events) => events.length === 2);
  watched.events.length = 0;
  await store.write("b", "name: b\n");
  assertEquals(await watched.next(), ["created b"]);
});

Deno.test("watch() tells about what is no readable file, and goes on", async () => {
  await using store = await TempStore.open();
  await store.write("a", "name: a\n");
  await using watched = new Watched(store);
  await settled(store, watched);
  await Deno.mkdir(store.workflows.pathOf("folder"));
  assertEquals(await watched.next(), ["invalid folder"]);
  await Deno.symlink("nowhere", store.workflows.pathOf("dangling"));
  assertEquals(await watched.next(), ["invalid dangling"]);
  await store.write("a", "name: b\n");
  assertEquals(await watched.next(), ["changed a"]);
});

Deno.test("watch() begins before there is a folder, and ends with the loop or the signal", async () => {
  await using store = await TempStore.open();
  const waiting = (async () => {
    for await (const event of store.workflows.watch()) return event.id;
  })();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await store.write("a", "name: a\n");
  assertEquals(await waiting, "a");

  const aborted = store.workflows.watch({ signal: AbortSignal.abort() });
  assertEquals(await aborted.next(), { done: true, value: undefined });
});

Deno.test("watch() says what is in the way where there can be no folder", async () => {
  await using store = await TempStore.open();
  const root = join(store.root, "file");
  await Deno.writeTextFile(root, "");
  for (const wrong of [root, join(root, "below")]) {
    const workflows = await FilesystemWorkflowRepository.open({ root: wrong });
    const error = await assertRejects(() => workflows.watch().next(), StorageError);
    assertStringIncludes(error.message, `Cannot watch the workflows: cannot access "${root}`);
  }
});
