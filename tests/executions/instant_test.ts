import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { InvalidDataError } from "../../src/domain/errors.ts";
import {
  decodeTime,
  encodeTime,
  instantSql,
  parseInstant,
  ZERO_INSTANT,
  ZERO_TIME,
} from "../../src/executions/instant.ts";

const FORMS: [string, string | undefined, string | undefined][] = [
  ["2026-11-23 19:48:11.620+00:00", "2026-11-23T19:48:11.620Z", "620000"],
  ["2026-11-23 11:48:11.620066549 -0800 PST m=+0.011448479", "2026-11-23T19:48:11.620Z", "620066"],
  ["2026-11-24 01:18:11.6 +0530 IST", "2026-11-23T19:48:11.600Z", "600000"],
  ["2026-11-24 01:18:11 +0530 +0530", "2026-11-23T19:48:11.000Z", "000000"],
  ["2026-11-23 19:48:11", "2026-11-23T19:48:11.000Z", "000000"],
  ["2026-11-23T19:48:11.62Z", "2026-11-23T19:48:11.620Z", "620000"],
  ["2026-11-23T11:48:11-08:00", "2026-11-23T19:48:11.000Z", "000000"],
  ["2026-11-23 19:48:11.999999999+00:00", "2026-11-23T19:48:11.999Z", "999999"],
  ["0001-01-01 00:00:00 +0000 UTC", undefined, "000000"],
  [ZERO_TIME, undefined, "000000"],
  ["9999-12-31 23:59:59.999+00:00", "9999-12-31T23:59:59.999Z", "999000"],
  ["0099-03-01 00:00:00 +0000 UTC", "0099-03-01T00:00:00.000Z", "000000"],
  ["1969-12-31 23:59:59.9995+00:00", "1969-12-31T23:59:59.999Z", "999500"],
];

Deno.test("decodeTime() reads all forms, cut to milliseconds", () => {
  for (const [text, iso, micros] of FORMS) {
    assertEquals(decodeTime(text)?.toISOString(), iso, text);
    const instant = parseInstant(text)!;
    const inSecond = ((instant % 1_000_000n) + 1_000_000n) % 1_000_000n;
    assertEquals(String(inSecond).padStart(6, "0"), micros, text);
  }
  assertEquals(parseInstant(ZERO_TIME), ZERO_INSTANT);
});

/** Of the year 10000 in UTC, which no form can write. */
const BEYOND = [
  "9999-12-31 23:59:59-08:00",
  "9999-12-31 16:00:00 -0800 PST",
  "9999-12-31 24:00:00Z",
];

Deno.test("decodeTime() refuses what is none of the forms", () => {
  const others = ["", "yesterday", "2026-13-01 00:00:00", "2026-01-01", "1767225600"];
  for (const text of [...others, ...BEYOND]) {
    assertThrows(() => decodeTime(text), InvalidDataError, "Cannot read the time");
  }
});

Deno.test("encodeTime() writes a text that decodeTime() reads back", () => {
  fc.assert(fc.property(
    fc.date({
      min: new Date("0001-01-02T00:00:00Z"),
      max: new Date("9999-12-31T23:59:59.999Z"),
      noInvalidDate: true,
    }),
    (date) => assertEquals(decodeTime(encodeTime(date, "")), date),
  ));
  for (const year of ["-000001-01-01T00:00:00Z", "+010000-01-01T00:00:00Z", "never"]) {
    assertThrows(() => encodeTime(new Date(year), "Cannot save"), InvalidDataError, "Cannot save");
  }
});

/** Text near the forms, right and wrong. */
function timeText(): fc.Arbitrary<string> {
  const two = fc.integer({ min: 0, max: 65 }).map((n) => String(n).padStart(2, "0"));
  const digits = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 10 }).map((d) => d.join(""));
  return fc.tuple(
    fc.integer({ min: 0, max: 9999 }).map((n) => String(n).padStart(4, "0")),
    fc.integer({ min: 0, max: 13 }).map((n) => String(n).padStart(2, "0")),
    fc.integer({ min: 0, max: 32 }).map((n) => String(n).padStart(2, "0")),
    fc.constantFrom(" ", "T", "_"),
    fc.integer({ min: 0, max: 25 }).map((n) => String(n).padStart(2, "0")),
    two,
    two,
    fc.oneof(fc.constant(""), digits.map((d) => `.${d}`)),
    fc.constantFrom(
      "",
      "Z",
      "z",
      "+00:00",
      "-14:59",
      "+15:00",
      "+05:60",
      " +0530 IST",
      " -0800 PST m=+0.1",
      " +0000",
      " +0000UTC",
      " 0000 UTC",
      " UTC",
      "+0530",
      "x",
    ),
  ).map(([y, mo, d, t, h, mi, s, f, z]) => `${y}-${mo}-${d}${t}${h}:${mi}:${s}${f}${z}`);
}

Deno.test("instantSql() computes what parseInstant() does", () => {
  using database = new DatabaseSync(":memory:");
  const statement = database.prepare(
    `SELECT CAST(${instantSql("t")} AS TEXT) AS i FROM (SELECT ? AS t)`,
  );
  const same = (text: string) => {
    const instant = parseInstant(text);
    const row = statement.get(text) as { i: string | null };
    assertEquals(row.i, instant === undefined ? null : String(instant), text);
  };
  for (const [text] of FORMS) same(text);
  for (const text of BEYOND) same(text);
  fc.assert(fc.property(timeText(), same), { numRuns: 3000 });
  fc.assert(fc.property(fc.string(), (text) => text.includes("\0") || same(text)));
});

Deno.test("decodeTime() agrees with parseInstant()", () => {
  fc.assert(
    fc.property(timeText(), (text) => {
      const instant = parseInstant(text);
      if (instant === undefined || instant === ZERO_INSTANT) return;
      assertEquals(
        BigInt(decodeTime(text)!.getTime()),
        (instant - ((instant % 1000n) + 1000n) % 1000n) / 1000n,
      );
    }),
    { numRuns: 3000 },
  );
});
