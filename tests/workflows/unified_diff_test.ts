import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { unifiedDiff } from "../../src/workflows/unified_diff.ts";
import { program, testNeeding } from "../helpers/skip.ts";

Deno.test("unifiedDiff() writes what diff -u writes", () => {
  const before = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n";
  const after = "a\nb\nC\nd\ne\nf\ng\nh\ni\nj\nk\n";
  assertEquals(
    unifiedDiff(before, after, { before: "one", after: "two" }),
    `--- one
+++ two
@@ -1,6 +1,6 @@
 a
 b
-c
+C
 d
 e
 f
@@ -8,3 +8,4 @@
 h
 i
 j
+k
`,
  );
  assertEquals(unifiedDiff(before, before, { before: "one", after: "two" }), "");
});

Deno.test("unifiedDiff() compares as many lines as a file can have", () => {
  const names = { before: "one", after: "two" };
  const added = unifiedDiff("", "b\n".repeat(500_000), names).split("\n");
  assertEquals([added.length, added[2], added[3]], [500_004, "@@ -0,0 +1,500000 @@", "+b"]);
});

testNeeding(
  program("patch"),
  "patch makes the text after of the text before and unifiedDiff()",
  async () => {
    const folder = await Deno.makeTempDir();
    const lines = fc.array(fc.constantFrom("a", "b", "c", "", "- x"), { maxLength: 30 });
    const text = fc.tuple(lines, fc.boolean()).map(([parts, end]) =>
      parts.join("\n") + (end ? "\n" : "")
    );
    try {
      for (const [before, after] of fc.sample(fc.tuple(text, text), 100)) {
        await Deno.writeTextFile(`${folder}/file`, before);
        const diff = unifiedDiff(before, after, { before: "a/file", after: "b/file" });
        if (diff === "") continue;
        await Deno.writeTextFile(`${folder}/diff`, diff);
        const { success, stdout } = await new Deno.Command("patch", {
          args: ["-s", "-f", "--no-backup-if-mismatch", `${folder}/file`, `${folder}/diff`],
        }).output();
        assertEquals(success, true, new TextDecoder().decode(stdout) + diff);
        const result = await Deno.readTextFile(`${folder}/file`).catch(() => "");
        assertEquals(result, after);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
