// Runs in a keyring session of the tests: takes calls of a KeyringCredentialStore as
// JSON on standard input and answers with their results, or the names of their errors.

import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";

const { root, calls }: {
  root: string;
  calls: ["set" | "get" | "list" | "delete", ...string[]][];
} = await new Response(Deno.stdin.readable).json();

const store = await KeyringCredentialStore.open({ root });
const results: unknown[] = [];
for (const [method, key = "", value = ""] of calls) {
  try {
    if (method === "set") await store.set(key, value);
    if (method === "delete") await store.delete(key);
    results.push(
      method === "get" ? await store.get(key) : method === "list" ? await store.list() : null,
    );
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    results.push({ error: error.name });
  }
}
console.log(JSON.stringify(results));
