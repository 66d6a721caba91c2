import { assertEquals, assertThrows } from "@std/assert";
import { InvalidDataError } from "../../src/domain/errors.ts";
import { type RedactionOptions, Redactor } from "../../src/domain/redaction.ts";

const redact = (value: unknown, options: RedactionOptions = {}) =>
  Redactor.of(options)!.redact(value, "Cannot save", "inputs");

Deno.test("Redactor.redact() knows secrets by the end of their names, however it is written", () => {
  const secret = [
    "password",
    "dbPassword",
    "PASSWORD",
    "accessToken",
    "access_token",
    "X-Access-Token",
    "apiKey",
    "APIKey",
    "x-api-key",
    "api.key",
    "clientSecret",
    "AWS_SECRET_ACCESS_KEY",
    "Authorization",
    "Set-Cookie",
    "credentials",
  ];
  for (const name of secret) {
    for (const value of ["x", 1, true, ["a", "b"], { deep: 1 }]) {
      assertEquals(redact({ [name]: value }), { [name]: "[REDACTED]" });
    }
    assertEquals(redact({ [name]: null }), { [name]: null });
  }
  const plain = { max_tokens: 100, tokenCount: 1, keyboard: "a", monkey: "b", secretary: "c" };
  assertEquals(redact(plain), plain);
});

Deno.test("Redactor.redact() finds values in longer texts, as numbers and in keys", () => {
  const options = { values: ["hunter2", "4711", ""] };
  assertEquals(
    redact({ a: ["x hunter2 y", { hunter2: 4711, n: 4711n, m: 47110 }] }, options),
    { a: ["x [REDACTED] y", { "[REDACTED]": "[REDACTED]", n: "[REDACTED]", m: 47110 }] },
  );
  assertEquals(redact("ab abc", { values: ["ab", "abc"] }), "[REDACTED] [REDACTED]");
  assertEquals(redact("a", { values: ["a"], replacement: "$&" }), "$&");
});

Deno.test("Redactor.redact() finds values as JSON and URLs escape them", () => {
  const secret = 'q"<ü>\n&\\x';
  const texts = [
    JSON.stringify({ secret }),
    JSON.stringify(JSON.stringify({ secret })),
    // As Go writes it, and as Python does.
    JSON.stringify(secret).replaceAll("<", "\\u003c").replaceAll(">", "\\u003e")
      .replaceAll("&", "\\u0026"),
    JSON.stringify(secret).replaceAll("ü", "\\u00fc"),
    `https://a/?k=${encodeURIComponent(secret)}`,
  ];
  for (const text of texts) {
    assertEquals(String(redact(text, { values: [secret] })).includes("[REDACTED]"), true, text);
  }
});

Deno.test("Redactor.redact() reaches the deepest value and leaves what is cyclic", () => {
  let deep: unknown = "hunter2";
  for (let i = 0; i < 2000; i++) deep = [deep];
  assertEquals(JSON.stringify(redact(deep, { values: ["hunter2"] })).includes("hunter2"), false);
  for (let i = 0; i < 200_000; i++) deep = [deep];
  assertThrows(() => redact(deep), InvalidDataError, "nested too deeply");
  const cyclic: Record<string, unknown> = { a: "hunter2" };
  cyclic["self"] = cyclic;
  const shared = { a: "hunter2" };
  assertEquals(redact([shared, shared], { values: ["hunter2"] }), [
    { a: "[REDACTED]" },
    { a: "[REDACTED]" },
  ]);
  assertEquals((redact(cyclic, { values: ["hunter2"] }) as typeof cyclic)["self"], cyclic);
});

Deno.test("Redactor.of() is off, on or strict", () => {
  assertEquals(Redactor.of(undefined), undefined);
  assertEquals(Redactor.of({ mode: "off", values: ["a"] }), undefined);
  assertThrows(() => Redactor.of({ mode: "loud" as "on" }), InvalidDataError, '"loud"');
  for (const value of [{ token: "a" }, ["x hunter2"], { hunter2: 1 }, 4711]) {
    const error = assertThrows(
      () => redact(value, { mode: "strict", values: ["hunter2", "4711"] }),
      InvalidDataError,
      "holds a secret",
    );
    assertEquals(/hunter2|4711/.test(error.message), false, error.message);
  }
});

Deno.test("Redactor.redact() keeps the values of keys that hold secrets apart", () => {
  const value = { one: 1, "[REDACTED]": 2, two: 3, "two, three": 4 };
  assertEquals(redact(value, { values: ["one", "two"] }), {
    "[REDACTED] #2": 1,
    "[REDACTED]": 2,
    "[REDACTED] #3": 3,
    "[REDACTED], three": 4,
  });
});
