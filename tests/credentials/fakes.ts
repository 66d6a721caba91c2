/**
 * Fake executables in place of the systems' programs, run by the same spawn path.
 * What is started is small and quick: it hands its input to the test's process, which
 * behaves as the program does.
 *
 * @module
 */

import { join } from "@std/path";
import { systemKeyring } from "../../src/credentials/system.ts";
import type { Keyring } from "../../src/domain/credential.ts";
import { program, type Requirement } from "../helpers/skip.ts";
import { Exit, FakeProcess, fromBytes } from "./fakes/items.ts";
import { powershell } from "./fakes/powershell.ts";
import { secretTool } from "./fakes/secret_tool.ts";
import { security } from "./fakes/security.ts";

const PROGRAMS = { linux: secretTool, darwin: security, windows: powershell };

/** What a fake program needs. */
export const fakePrograms: Requirement[] = [program("perl")];

/** Sends input, locale and arguments to a socket; prints what comes back. Loads no library. */
const CLIENT = String.raw`#!/usr/bin/env perl
undef $/;
my $input = <STDIN>;
my $address = $^O eq "darwin" ? pack("CCa104", 106, 1, "SOCKET") : pack("Sa108", 1, "SOCKET");
socket(my $socket, 1, 1, 0) or exit 99;
connect($socket, $address) or exit 99;
select((select($socket), $| = 1)[0]);
print $socket map { pack("N/a*", $_ // "") } $input, $ENV{LC_ALL}, @ARGV;
shutdown($socket, 1);
my ($code, $out, $err) = unpack("N N/a* N/a*", <$socket>);
print STDOUT $out;
print STDERR $err;
exit $code;
`;

/** A fake program with its own items. */
export interface FakeProgram extends AsyncDisposable {
  /** The adapter of the system over the fake. */
  keyring: Keyring;
  /** Path of the executable. */
  program: string;
  /** Folder of its items. */
  folder: string;
  /** How often it was started. */
  calls(): number;
  /** Makes it misbehave; see the modes of each fake. */
  setMode(mode: string): Promise<void>;
}

/** Makes a fake program of a system in a temporary folder. */
export async function fakeProgram(
  system: keyof typeof PROGRAMS,
  options: { timeout?: number } = {},
): Promise<FakeProgram> {
  const folder = await Deno.makeTempDir({ prefix: "goflow-fake-" });
  const program = join(folder, "program");
  const socket = join(folder, "socket");
  await Deno.writeTextFile(program, CLIENT.replaceAll("SOCKET", socket), { mode: 0o755 });
  let calls = 0;
  const server = serve(socket, folder, (process) => {
    calls++;
    PROGRAMS[system](process);
  });
  return {
    keyring: systemKeyring({ program, ...options }, system),
    program,
    folder,
    calls: () => calls,
    setMode: (mode) => Deno.writeTextFile(join(folder, "mode"), mode),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Answers every client. */
function serve(
  path: string,
  folder: string,
  run: (process: FakeProcess) => void,
): AsyncDisposable {
  const listener = Deno.listen({ transport: "unix", path });
  const answers = new Set<Promise<void>>();
  const open = new Set<Deno.UnixConn>();
  const accepting = (async () => {
    for await (const client of listener) {
      open.add(client);
      const answer = respond(client, folder, run).then((ended) => {
        if (!ended) return;
        open.delete(client);
        client.close();
      });
      answers.add(answer);
    }
  })();
  return {
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await accepting;
      await Promise.all(answers);
      for (const client of open) client.close();
    },
  };
}

/** Runs the program for one client; `false` if the program never ends. */
async function respond(
  client: Deno.UnixConn,
  folder: string,
  run: (process: FakeProcess) => void,
): Promise<boolean> {
  const [stdin = "", locale = "", ...args] = unpack(await readAll(client));
  const process = new FakeProcess(folder, stdin, locale, args.map(fromBytes));
  let code: number | undefined = 0;
  try {
    run(process);
  } catch (cause) {
    if (!(cause instanceof Exit)) throw cause;
    code = cause.code;
  }
  if (code === undefined) return false;
  const answer = uint32(code) + pack(process.stdout) + pack(process.stderr);
  const bytes = Uint8Array.from(answer, (character) => character.charCodeAt(0));
  try {
    for (let start = 0; start < bytes.length;) start += await client.write(bytes.subarray(start));
  } catch (cause) {
    // It was killed.
    if (!(cause instanceof Deno.errors.BrokenPipe)) throw cause;
  }
  return true;
}

/** Reads to the end, one character for each byte. */
async function readAll(client: Deno.UnixConn): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(65536);
  for (
    let count = await client.read(buffer);
    count !== null;
    count = await client.read(buffer)
  ) {
    for (const byte of buffer.subarray(0, count)) text += String.fromCharCode(byte);
  }
  return text;
}

/** Texts, each after its length. */
function unpack(text: string): string[] {
  const texts: string[] = [];
  for (let start = 0; start < text.length;) {
    const end = start + 4 + [0, 1, 2, 3]
      .reduce((length, index) => length * 256 + text.charCodeAt(start + index), 0);
    texts.push(text.slice(start + 4, end));
    start = end;
  }
  return texts;
}

function pack(text: string): string {
  return uint32(text.length) + text;
}

function uint32(value: number): string {
  return String.fromCharCode(...[24, 16, 8, 0].map((shift) => (value >>> shift) & 255));
}
