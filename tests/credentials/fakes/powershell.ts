/**
 * Behaves as `powershell.exe` with the adapter's script over a Credential Manager:
 * names without case, 2,560 bytes, error numbers of Windows.
 *
 * Modes: `constrained`, `blocked`, `silent`, `noisy`, `short`, `hang`, and `error-<number>`.
 *
 * @module
 */

import type { FakeItems, FakeProcess } from "./items.ts";

interface Operation {
  op: string;
  target: string;
  user: string;
  value: string;
  filter: string;
}

/** Runs it. */
export function powershell(process: FakeProcess): void {
  const { args, items, stdin } = process;
  const { mode } = items;
  const expected = ["-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass"];
  const encoded = args[args.indexOf("-EncodedCommand") + 1] ?? "";
  if (!expected.every((arg) => args.includes(arg)) || args.join(" ").length > 32_000) {
    process.exit(1);
  }
  const script = new TextDecoder("utf-16le").decode(Uint8Array.fromBase64(encoded));
  if (!script.includes("CredWriteW") || /\$input/i.test(script)) process.exit(1);

  if (mode === "hang") process.hang();
  if (mode === "silent") process.exit(1);
  if (mode === "constrained") {
    process.print("KR1-CLM\r\n");
    process.exit(3);
  }
  if (mode === "blocked") {
    process.print("KR1-ADD\r\n");
    process.exit(4);
  }
  if (!/^[A-Za-z0-9+/=]+\n$/.test(stdin)) process.exit(1);
  const operations: Operation[] = JSON.parse(
    new TextDecoder().decode(Uint8Array.fromBase64(stdin.trim())),
  );
  const results = operations.map((operation) => execute(items, operation));
  if (mode === "short") results.pop();
  const answer = new TextEncoder().encode(JSON.stringify(results)).toBase64();
  process.print(
    mode === "noisy" ? `\xef\xbb\xbfWelcome\r\nKR1:${answer}\r\nBye` : `KR1:${answer}`,
  );
}

function execute(
  items: FakeItems,
  { op, target, value, filter }: Operation,
): Record<string, unknown> {
  const failure = /^error-(\d+)$/.exec(items.mode)?.[1];
  if (failure) return { code: Number(failure) };
  const name = target?.toUpperCase();
  switch (op) {
    case "set":
      if (Uint8Array.fromBase64(value).length > 2560) return { code: 1783 };
      // The name of an item that exists keeps its case.
      items.write(name, {
        attributes: { target: items.read(name)?.attributes["target"] ?? target },
        secret: value,
      });
      return { code: 0 };
    case "get": {
      const item = items.read(name);
      return item === undefined ? { code: 1168 } : { code: 0, value: item.secret };
    }
    case "delete":
      return { code: items.delete(name) ? 0 : 1168 };
    case "list": {
      const prefix = filter.replace(/\*$/, "").toUpperCase();
      const names = items.all().map((item) => item.attributes["target"] ?? "")
        .filter((other) => other.toUpperCase().startsWith(prefix));
      return names.length === 0 ? { code: 1168, names } : { code: 0, names };
    }
    default:
      return { code: 87 };
  }
}
