import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidDataError } from "../../src/domain/errors.ts";
import { decodeJson, encodeJson } from "../../src/domain/json.ts";

const encode = (value: unknown) => encodeJson(value, "Cannot save", "inputs");

Deno.test("encodeJson() and decodeJson() keep every JSON value, negative zero and BigInts", () => {
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.string({ unit: "binary" }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value")),
      fc.dictionary(fc.string(), tie("value"), { noNullPrototype: true }),
    ),
  })).value;
  fc.assert(fc.property(value, (one) => assertEquals(decodeJson(encode(one)!), one)));
});

Deno.test("encodeJson() writes numbers beyond 2^53 so that they come back as numbers", () => {
  for (const value of [2 ** 53, -(2 ** 60), 1e16, 1e20, 123456789012345680000, 1e21, 1e300]) {
    assertEquals(decodeJson(encode([{ value }])!), [{ value }]);
  }
  assertEquals(encode([2 ** 53, 2n ** 53n]), "[9007199254740992.0,9007199254740992]");
});

Deno.test("decodeJson() reads integers beyond 2^53 as BigInts and floats as numbers", () => {
  assertEquals(decodeJson('{"a":9007199254740993,"b":"9007199254740993"}'), {
    a: 9007199254740993n,
    b: "9007199254740993",
  });
  assertEquals(decodeJson("[9007199254740993.0, 1e400, 0.12345678901234567]"), [
    9007199254740993.0,
    Infinity,
    0.12345678901234567,
  ]);
  assertEquals(decodeJson("9007199254740991"), 9007199254740991);
});

Deno.test("encodeJson() names the place of what JSON cannot hold", () => {
  const message = (value: unknown) => assertThrows(() => encode(value), InvalidDataError).message;
  assertEquals(
    message({ a: [1, { b: NaN }] }),
    'Cannot save: "inputs.a[1].b" is NaN, which JSON cannot hold; convert it first',
  );
  assertEquals(
    message(new Map()),
    'Cannot save: "inputs" is a Map, which JSON cannot hold; convert it first',
  );
  const loop: unknown[] = [];
  loop.push([loop]);
  assertEquals(message(loop), 'Cannot save: "inputs[0][0]" refers back to itself');
  let deep: unknown = 0;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  assertEquals(message(deep), 'Cannot save: "inputs" is nested too deeply for JSON');
});

Deno.test("encodeJson() stores an object twice when it is there twice", () => {
  const shared = { n: 1 };
  assertEquals(encode([shared, shared]), '[{"n":1},{"n":1}]');
});

Deno.test("encodeJson() stores what toJSON returns and leaves undefined properties out", () => {
  assertEquals(
    encode({ at: new Date(0), gone: undefined, url: new URL("http://a/") }),
    '{"at":"1970-01-01T00:00:00.000Z","url":"http://a/"}',
  );
  assertEquals(encode(undefined), undefined);
  assertEquals(encode(null), "null");
});
