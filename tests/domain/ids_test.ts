import { assert, assertEquals, assertMatch } from "@std/assert";
import { newId } from "../../src/domain/ids.ts";

Deno.test("newId() returns UUIDs of version 7 that sort in the order they were made", () => {
  const ids = Array.from({ length: 10_000 }, newId);
  for (const id of ids) {
    assertMatch(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  assertEquals(ids, ids.toSorted());
  assertEquals(new Set(ids).size, ids.length);
});

Deno.test("newId() begins with the time", () => {
  const before = Date.now();
  const time = parseInt(newId().replaceAll("-", "").slice(0, 12), 16);
  // Many ids within one millisecond run a little ahead of the clock.
  assert(time >= before && time <= Date.now() + 1000, `${time}`);
});

Deno.test("newId() goes on counting up when the clock goes backwards", () => {
  const real = Date.now;
  const first = newId();
  try {
    Date.now = () => real() - 3_600_000;
    const second = newId();
    assert(second > first, `${first} ${second}`);
  } finally {
    Date.now = real;
  }
});
