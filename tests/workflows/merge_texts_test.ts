import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { mergeTexts } from "../../src/workflows/merge_texts.ts";

Deno.test("mergeTexts() joins edits of different lines, also of adjacent ones", () => {
  const base = "a\nb\nc\n";
  assertEquals(mergeTexts(base, "A\nb\nc\n", "a\nB\nc\n"), "A\nB\nc\n");
  assertEquals(mergeTexts(base, "a\nnew\nb\nc\n", "a\nB\nc\n"), "a\nnew\nB\nc\n");
  assertEquals(mergeTexts(base, "a\nb\nc\nd", "b\nc\n"), "b\nc\nd");
  assertEquals(mergeTexts(base, "A\nb\nc\n", "B\nb\nc\n"), undefined);
  assertEquals(mergeTexts(base, "a\nc\n", "a\nB\nc\n"), undefined);
});

Deno.test("mergeTexts() of one edit, or of the same edit twice, is that edit", () => {
  const text = fc.array(fc.constantFrom("a\n", "b\n", "c\n", "\n", "d")).map((l) => l.join(""));
  fc.assert(fc.property(text, text, (base, edited) => {
    assertEquals(mergeTexts(base, edited, base), edited);
    assertEquals(mergeTexts(base, base, edited), edited);
    assertEquals(mergeTexts(base, edited, edited), edited);
  }));
});
