import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../src/cli/command.ts";
import { nearest } from "../../src/cli/nearest.ts";
import { Progress } from "../../src/cli/progress.ts";
import { type Column, printTable } from "../../src/cli/records.ts";
import { fit, oneLine, operand, shellWord, textWidth, visible } from "../../src/cli/text.ts";
import {
  formatDuration,
  formatSize,
  toCount,
  toDuration,
  toFuture,
  toPast,
  toSize,
} from "../../src/cli/values.ts";

Deno.test("textWidth() counts columns, not characters", () => {
  const widths = ["abc", "", "é", "e\u0301", "請求", "ｱ", "Ａ", "👍", "👨‍👩‍👧", "❤️", "한글", "…"].map(
    textWidth,
  );
  assertEquals(widths, [3, 0, 1, 1, 4, 1, 2, 2, 2, 2, 4, 1]);
});

Deno.test("fit() cuts at whole characters", () => {
  assertEquals(fit("abc", 3), "abc");
  assertEquals(fit("abcd", 3), "ab…");
  assertEquals(fit("請求書", 6), "請求書");
  assertEquals(fit("請求書", 5), "請求…");
  assertEquals(fit("請求書", 4), "請…");
  assertEquals(fit("👨‍👩‍👧👨‍👩‍👧", 3), "👨‍👩‍👧…");
});

Deno.test("visible() and oneLine() let nothing drive the terminal", () => {
  assertEquals(visible("a\x1b[31m\x07\n\tb\x9b\u202e"), "a\\x1b[31m\\x07\n\\tb\\x9b\\u202e");
  assertEquals(oneLine("a\nb\r"), "a\\nb\\r");
});

Deno.test("printTable() aligns wide characters and numbers", () => {
  const items = [{ name: "請求", count: 5 }, { name: "a", count: 10 }];
  let shown = "";
  const stdout = {
    isTerminal: false,
    columns: () => Infinity,
    write: (text: string) => void (shown += text),
  };
  const columns: Column<{ name: string; count: number }>[] = [
    { title: "NAME", text: ({ name }) => name },
    { title: "N", text: ({ count }) => String(count), right: true },
  ];
  printTable({ stdout, color: true }, items, columns);
  assertEquals(shown, "NAME   N\n請求   5\na     10\n");
});

Deno.test("nearest() finds slips, and nothing in what is far off", () => {
  const words = ["list", "show", "validate", "delete"];
  assertEquals(
    ["lst", "lsit", "LIST", "valdiate", "val", "remove", "x"].map((word) => nearest(word, words)),
    ["list", "list", "list", "validate", "validate", undefined, undefined],
  );
});

Deno.test("toDuration(), toCount() and toSize() read what people write, and nothing else", () => {
  assertEquals(["250ms", "90s", "1h30m", "7d", "1.5h", "2w"].map((text) => toDuration(text, "x")), [
    250,
    90_000,
    5_400_000,
    604_800_000,
    5_400_000,
    1_209_600_000,
  ]);
  assertEquals(["0", "12B", "1.5kB", "2MiB", "3g"].map((text) => toSize(text, "x")), [
    0,
    12,
    1500,
    2_097_152,
    3_000_000_000,
  ]);
  assertEquals(toCount("20", "x"), 20);
  for (
    const wrong of [
      "",
      "7",
      "d",
      "-7d",
      "7 d",
      "7days",
      "1e3s",
      "99999999999999d",
      "9".repeat(400) + "d",
    ]
  ) {
    assertThrows(() => toDuration(wrong, "--x"), UsageError, `not "${wrong}"`);
  }
  for (const wrong of ["", "x", "-1", "1 2", "5iB", "1e3", "9999999TB"]) {
    assertThrows(() => toSize(wrong, "--x"), UsageError);
  }
  for (const wrong of ["", "-1", "1.5", "0x10", "99999999999999999999"]) {
    assertThrows(() => toCount(wrong, "--x"), UsageError);
  }
});

Deno.test("toPast() and toFuture() read durations, dates and RFC 3339", () => {
  const now = Date.now();
  assertEquals(Math.round((now - toPast("7d", "x").getTime()) / 60_000), 7 * 1440);
  assertEquals(Math.round((toFuture("2h", "x").getTime() - now) / 60_000), 120);
  assertEquals(toPast("2025-01-05", "x").toISOString(), "2025-01-05T00:00:00.000Z");
  assertEquals(toPast("2025-01-05T10:00:00+02:00", "x").toISOString(), "2025-01-05T08:00:00.000Z");
  for (
    const wrong of [
      "",
      "now",
      "2025-02-30",
      "2025-13-01",
      "05.01.2025",
      "2025",
      "-7d",
      "99999999999d",
    ]
  ) {
    assertThrows(() => toPast(wrong, "--since"), UsageError, '"--since" is a time');
  }
});

Deno.test("formatDuration() and formatSize() stay short", () => {
  assertEquals(
    [undefined, 0, 999, 1000, 59_960, 61_000, 3_600_000, 90_000_000, -5].map(formatDuration),
    ["-", "0ms", "999ms", "1.0s", "1m00s", "1m01s", "1h00m", "1d01h", "-5ms"],
  );
  assertEquals([0, 999, 1500, 2_500_000, 123_456_789].map(formatSize), [
    "0 B",
    "999 B",
    "1.5 kB",
    "2.5 MB",
    "123 MB",
  ]);
});

Deno.test("Progress draws a bar on a terminal and takes it away", () => {
  let written = "";
  const io = (isTerminal: boolean) => {
    const sink = { isTerminal, columns: () => 60, write: (text: string) => void (written += text) };
    const stdin = { isTerminal, read: () => Promise.resolve(null), setRaw: () => {} };
    return { stdin, stdout: sink, stderr: sink, color: false };
  };
  {
    using progress = new Progress(io(true), "Exporting", "runs");
    progress.update(1, 4);
    progress.update(2, 4);
  }
  const [, first, rest] = written.split("\r");
  assertEquals(first?.slice(0, 46), "[######------------------] Exporting: 1 runs o");
  assertEquals(textWidth(first!.replace("\x1b[K", "")) <= 59, true);
  assertEquals(rest, "\x1b[K");
  written = "";
  {
    using progress = new Progress(io(false), "Exporting", "runs");
    progress.update(1, 4);
  }
  assertEquals(written, "");
});

Deno.test({
  name: "shellWord() gives a shell the text itself",
  ignore: Deno.build.os === "windows",
  fn: () => {
    for (const plain of ["etl", "a:b", "/srv/goflow/a-b_1.yaml"]) {
      assertEquals(shellWord(plain), plain);
    }
    const texts = [
      "a b",
      "it's",
      "$(id)",
      "`id`",
      "a;id",
      "*",
      "~",
      "",
      "ü",
      "-x",
      'a"b',
      "a\\b",
      "!!",
    ];
    const words = texts.map(shellWord).join(" ");
    const args = ["-c", `printf '%s\\n' ${words}`];
    const { stdout } = new Deno.Command("sh", { args }).outputSync();
    assertEquals(new TextDecoder().decode(stdout), texts.map((text) => `${text}\n`).join(""));
    assertEquals([operand("a b"), operand("-x")], ["'a b'", "-- '-x'"]);
  },
});
