/**
 * Behaves as `powershell.exe` with the adapter's script over a Credential Manager:
 * names without case, 2,560 bytes, error numbers of Windows.
 *
 * Modes: `constrained`, `blocked`, `silent`, `noisy`, `hang`, and `error-<number>`.
 *
 * @module
 */

import { FakeItems, hang, print, readStdin } from "./items.ts";

interface Operation {
  op: string;
  target: string;
  user: string;
  value: string;
  filter: string;
}

const [folder = "", ...args] = Deno.args;
const items = new FakeItems(folder);
const { mode } = items;

const expected = ["-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass"];
const encoded = args[args.indexOf("-EncodedCommand") + 1] ?? "";
if (!expected.every((arg) => args.includes(arg)) || args.join(" ").length > 32_000) Deno.exit(1);
const script = new TextDecoder("utf-16le").decode(Uint8Array.fromBase64(encoded));
if (!script.includes("CredWriteW") || /\$input/i.test(script)) Deno.exit(1);

if (mode === "hang") hang();
if (mode === "silent") Deno.exit(1);
if (mode === "constrained") {
  print("KR1-CLM\r\n");
  Deno.exit(3);
}
if (mode === "blocked") {
  print("KR1-ADD\r\n");
  Deno.exit(4);
}
const input = readStdin();
if (!/^[A-Za-z0-9+/=]+\n$/.test(input)) Deno.exit(1);
const operations: Operation[] = JSON.parse(
  new TextDecoder().decode(Uint8Array.fromBase64(input.trim())),
);
const answer = new TextEncoder().encode(JSON.stringify(operations.map(execute))).toBase64();
print(mode === "noisy" ? `\xef\xbb\xbfWelcome\r\nKR1:${answer}\r\nBye` : `KR1:${answer}`);

function execute({ op, target, value, filter }: Operation): Record<string, unknown> {
  const failure = /^error-(\d+)$/.exec(mode)?.[1];
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
