/**
 * A desktop session of its own for one test: a D-Bus session bus and an unlocked
 * gnome-keyring with an empty home folder.
 *
 * @module
 */

import { join } from "@std/path";
import { linux, program, type Requirement } from "../helpers/skip.ts";

/** A running session. */
export interface KeyringSession extends AsyncDisposable {
  /** Home folder, empty at the start. */
  home: string;
  /** Environment of programs that are to use the session. */
  env: Record<string, string>;
}

/** What a session needs. */
export const keyringSession: Requirement[] = [
  linux,
  program("dbus-run-session"),
  program("gnome-keyring-daemon"),
  program("secret-tool"),
];

/** Starts a session; disposing ends it and removes its home folder. */
export async function startKeyringSession(): Promise<KeyringSession> {
  const home = await Deno.makeTempDir();
  const runtime = join(home, "run");
  await Deno.mkdir(runtime, { mode: 0o700 });
  const env = { HOME: home, XDG_RUNTIME_DIR: runtime, XDG_DATA_HOME: join(home, "data") };
  const script = `printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null
    echo "$DBUS_SESSION_BUS_ADDRESS"; exec cat`;
  const child = new Deno.Command("env", {
    args: ["-u", "DISPLAY", "dbus-run-session", "--", "sh", "-c", script],
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const address = await firstLine(child.stdout);
  return {
    home,
    env: { ...env, DBUS_SESSION_BUS_ADDRESS: address },
    async [Symbol.asyncDispose]() {
      await child.stdin.close();
      await child.status;
      await Deno.remove(home, { recursive: true });
    },
  };
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes("\n")) return text.slice(0, text.indexOf("\n"));
  }
  throw new Error("The session ended before it said where its bus is");
}
