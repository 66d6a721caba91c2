import { assert, assertEquals, assertRejects } from "@std/assert";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { MemoryKeyring } from "../../src/credentials/memory.ts";
import { InvalidDataError } from "../../src/domain/errors.ts";

const SECRET = "correct horse battery staple";

/** A store as a program without type checks uses it. */
async function untyped(): Promise<Record<string, (...args: unknown[]) => Promise<unknown>>> {
  const store = await KeyringCredentialStore.open({ keyring: new MemoryKeyring() });
  const methods = [
    "set",
    "get",
    "getMany",
    "delete",
    "setStructured",
    "describe",
    "rotate",
    "list",
    "listExpiring",
    "listRotationDue",
    "copyTo",
  ];
  return Object.fromEntries(methods.map((name) => {
    const method: unknown = Reflect.get(store, name);
    assert(typeof method === "function");
    return [name, method.bind(store)];
  }));
}

Deno.test("KeyringCredentialStore.setStructured() refuses what JSON would damage", async () => {
  const store = await KeyringCredentialStore.open({ keyring: new MemoryKeyring() });
  const circular: Record<string, unknown> = { user: SECRET };
  circular["self"] = circular;
  const damaged: Record<string, unknown> = {
    "nothing": undefined,
    "an object that contains itself": circular,
    "a symbol": Symbol(SECRET),
    "an object that turns into nothing": { toJSON: () => undefined },
    "a conversion that throws": {
      toJSON: () => {
        throw new Error(SECRET);
      },
    },
    "a map": new Map([["user", SECRET]]),
    "a set inside": { [SECRET]: new Set([SECRET]) },
    "not a number": NaN,
    "an infinite number inside": { limits: [Infinity] },
    "nothing in an array": [undefined],
    "a class instance": new URL(`https://${SECRET.replaceAll(" ", "-")}.example.com`).searchParams,
    "an invalid date": new Date(NaN),
    "a function inside": { [SECRET]: () => SECRET },
    "a getter that throws": Object.defineProperty({}, "x", {
      enumerable: true,
      get: () => {
        throw new Error(SECRET);
      },
    }),
  };
  for (const [kind, value] of Object.entries(damaged)) {
    const error = await assertRejects(() => store.setStructured("key", value), InvalidDataError);
    assert(error.message.startsWith('Cannot set credential "key": JSON cannot'), error.message);
    assert(!Deno.inspect(error, { depth: 9 }).includes("horse"), kind);
  }
  assertEquals(await store.list(), []);
});

Deno.test("KeyringCredentialStore.getStructured() returns what was stored, large integers too", async () => {
  const store = await KeyringCredentialStore.open({ keyring: new MemoryKeyring() });
  const values = ["text", "", 0, -1.5, true, null, [], {}, { a: [1, { b: "\u2028" }] }, 2n ** 64n];
  for (const value of values) {
    await store.setStructured("key", value);
    assertEquals(await store.getStructured("key"), value);
  }
  await store.setStructured("key", { at: new Date(0), none: undefined, sum: { toJSON: () => 3 } });
  assertEquals(await store.getStructured("key"), { at: "1970-01-01T00:00:00.000Z", sum: 3 });
});

Deno.test("KeyringCredentialStore.set() refuses a value that is no text, and does not show it", async () => {
  const store = await untyped();
  for (
    const value of [5, null, undefined, 5n, Symbol(SECRET), { SECRET }, [SECRET], () => SECRET]
  ) {
    for (const method of ["set", "rotate"]) {
      const error = await assertRejects(
        async () => await store[method]?.("key", value),
        InvalidDataError,
        "must be text",
      );
      assert(!Deno.inspect(error, { depth: 9 }).includes("horse"));
    }
  }
  assertEquals(await store["list"]?.(), []);
});

Deno.test("KeyringCredentialStore refuses a key that is no text", async () => {
  const store = await untyped();
  for (const key of [5, null, undefined, 5n, Symbol(SECRET), { SECRET }, [SECRET]]) {
    const calls: [method: string, ...args: unknown[]][] = [
      ["set", key, SECRET],
      ["setStructured", key, SECRET],
      ["rotate", key, SECRET],
      ["get", key],
      ["getMany", [key]],
      ["describe", key],
      ["delete", key],
    ];
    for (const [method, ...args] of calls) {
      const error = await assertRejects(
        async () => await store[method]?.(...args),
        InvalidDataError,
        "the key is not valid, it must be text",
      );
      assert(!Deno.inspect(error, { depth: 9 }).includes("horse"), method);
    }
  }
});

Deno.test("KeyringCredentialStore.getMany() refuses keys that are no list", async () => {
  const store = await untyped();
  for (const keys of ["key", undefined, 5, null]) {
    await assertRejects(
      async () => await store["getMany"]?.(keys),
      InvalidDataError,
      "must be an array of texts",
    );
  }
});

Deno.test("KeyringCredentialStore.open() refuses options that mean nothing", async () => {
  const wrong: [options: Record<string, unknown>, message: string][] = [
    [{ service: 5 }, "it must be text, found a number"],
    [{ service: "" }, "it is empty"],
    // Windows joins service and key with a colon.
    [{ service: "a:b" }, "it contains a colon"],
    [{ service: "a\nb" }, "it contains a control character"],
    [{ timeout: 0 }, "milliseconds over 0, found 0"],
    [{ timeout: "5" }, "milliseconds over 0, found a string"],
    [{ largeValues: "splitt" }, 'must be "refuse" or "split", found "splitt"'],
    [{ largeValues: 5 }, 'must be "refuse" or "split", found (a number)'],
  ];
  for (const [options, message] of wrong) {
    const keyring = new MemoryKeyring();
    await assertRejects(
      () => KeyringCredentialStore.open({ keyring, ...options }),
      InvalidDataError,
      message,
    );
  }
});

Deno.test("KeyringCredentialStore refuses times that lead to no date", async () => {
  const store = await untyped();
  await store["set"]?.("key", "value");
  const calls: [found: string, method: string, ...args: unknown[]][] = [
    ["Infinity", "set", "key", "x", { rotateAfter: Infinity }],
    ["1e+300", "set", "key", "x", { rotateAfter: 1e300 }],
    ["a string", "set", "key", "x", { rotateAfter: "5" }],
    ["5", "set", "key", "x", { expiresAt: 5 }],
    ["an invalid date", "set", "key", "x", { expiresAt: new Date(NaN) }],
    ["Infinity", "rotate", "key", "x", { keepPrevious: Infinity }],
    ["a string", "rotate", "key", "x", { keepPrevious: "5" }],
    ["NaN", "rotate", "key", "x", { keepPrevious: NaN }],
    ["NaN", "listExpiring", NaN],
    ["a string", "listRotationDue", "5"],
    ["a date", "listRotationDue", new Date()],
    ["a string", "copyTo", undefined, { keys: "key" }],
  ];
  for (const [found, method, ...args] of calls) {
    await assertRejects(
      async () => await store[method]?.(...args),
      InvalidDataError,
      `found ${found}`,
    );
  }
  assertEquals(await store["get"]?.("key"), "value");
});
