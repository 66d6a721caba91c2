/**
 * A real gnome-keyring on a D-Bus of its own, in a temporary home folder.
 *
 * @module
 */

import { join } from "@std/path";
import { program, type Requirement } from "../helpers/skip.ts";
import { SecretServiceKeyring } from "../../src/credentials/secret_service.ts";

/** Debian's own Python, which has the package python3-secretstorage. */
export const PYTHON = "/usr/bin/python3";

/** What tests with a real keyring need. */
export const gnomeKeyring: Requirement[] = [
  program("secret-tool"),
  program("dbus-daemon"),
  program("gnome-keyring-daemon"),
];
/** What tests need that lock it, or write as Python's keyring does. */
export const secretStorage: Requirement[] = [
  ...gnomeKeyring,
  { missing: !hasPythonModule("secretstorage"), reason: "needs python3-secretstorage" },
];

/** A running keyring. */
export class GnomeKeyring implements AsyncDisposable {
  /** Its home folder. */
  readonly home: string;
  /** Variables by which programs find it. */
  readonly env: Record<string, string>;
  /** `secret-tool` with these variables. */
  readonly program: string;
  readonly #children: Deno.ChildProcess[] = [];

  private constructor(home: string) {
    this.home = home;
    this.program = join(home, "secret-tool");
    this.env = {
      HOME: home,
      XDG_RUNTIME_DIR: join(home, "run"),
      XDG_DATA_HOME: join(home, "data"),
      DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(home, "bus")}`,
      PATH: Deno.env.get("PATH") ?? "",
    };
  }

  /** Starts D-Bus and, unless told otherwise, an unlocked keyring. */
  static async start({ service = true }: { service?: boolean } = {}): Promise<GnomeKeyring> {
    const keyring = new GnomeKeyring(await Deno.makeTempDir({ prefix: "goflow-keyring-" }));
    await keyring.#startBus();
    if (service) await keyring.startService();
    return keyring;
  }

  /** The adapter over this keyring. */
  keyring(timeout = 30_000): SecretServiceKeyring {
    return new SecretServiceKeyring({ program: this.program, timeout });
  }

  /** Starts the keyring itself, by default unlocked, and waits until it answers. */
  async startService({ unlock = true }: { unlock?: boolean } = {}): Promise<Deno.ChildProcess> {
    const child = this.#spawn("gnome-keyring-daemon", [
      unlock ? "--unlock" : "--start",
      "--foreground",
      "--components=secrets",
    ], unlock ? "password" : undefined);
    const search = ["search", "--all", "--", "service", "readiness"];
    for (let left = 100; left > 0; left--) {
      const { success } = await this.run("secret-tool", search);
      if (success) return child;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error("gnome-keyring-daemon does not answer");
  }

  /** The connections to the bus, by the numbers of their sockets. */
  connections(): Set<string> {
    const socket = this.env["DBUS_SESSION_BUS_ADDRESS"]?.slice("unix:path=".length) ?? "";
    const lines = Deno.readTextFileSync("/proc/net/unix").split("\n");
    return new Set(
      lines.filter((line) => line.endsWith(` ${socket}`)).map((line) => line.split(/\s+/)[6] ?? ""),
    );
  }

  /** Waits until a `secret-tool` has connected to the bus, beside those who were, and waits for an answer. */
  async waitForClient(before: Set<string>): Promise<void> {
    while (this.connections().isSubsetOf(before)) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Runs a program to its end with this keyring. */
  async run(
    program: string,
    args: string[],
    stdin?: string,
  ): Promise<{ success: boolean; code: number; stdout: string; stderr: string }> {
    const child = new Deno.Command(program, {
      args,
      env: this.env,
      clearEnv: true,
      stdin: stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    if (stdin !== undefined) {
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(stdin));
      await writer.close();
    }
    const output = await child.output();
    const decoder = new TextDecoder();
    return {
      success: output.success,
      code: output.code,
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr),
    };
  }

  /** Runs Python with `c`, a connection, and `collection`, the default one. */
  async python(code: string): Promise<string> {
    const prelude = "import secretstorage as s\nc = s.dbus_init()\n" +
      "collection = s.get_default_collection(c)\n";
    const result = await this.run(PYTHON, ["-c", prelude + code]);
    if (!result.success) throw new Error(result.stderr);
    return result.stdout;
  }

  /** Locks the keyring. */
  async lock(): Promise<void> {
    await this.python("collection.lock()");
  }

  /** Stores as Python's keyring does, whose items have one attribute more. */
  async pythonSet(service: string, account: string, secret: string): Promise<void> {
    const literal = (text: string) => JSON.stringify(text);
    await this.python(
      `a = {"application": "Python keyring library", "service": ${literal(service)}, ` +
        `"username": ${literal(account)}}\n` +
        `collection.create_item("Password", a, ${literal(secret)}.encode(), replace=True)`,
    );
  }

  /** Takes the place of the program that asks people for passwords, and asks nobody. */
  async ignorePrompts(): Promise<void> {
    const code = "from jeepney.io.blocking import open_dbus_connection\n" +
      "from jeepney.bus_messages import message_bus\n" +
      "c = open_dbus_connection()\n" +
      "c.send_and_get_reply(message_bus.RequestName('org.gnome.keyring.SystemPrompter'))\n" +
      "print('ready', flush=True)\n" +
      "while True: c.receive()\n";
    const child = this.#spawn(PYTHON, ["-c", code], undefined, "piped");
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
  }

  /** Ends all programs and removes the folder, at the end of a process that cannot wait. */
  end(): void {
    for (const child of this.#children.reverse()) {
      try {
        child.kill("SIGKILL");
      } catch (cause) {
        // It has ended already.
        if (!(cause instanceof TypeError)) throw cause;
      }
    }
    Deno.removeSync(this.home, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    for (const child of this.#children) await child.status;
  }

  /** A bus without activation, so that nothing starts a keyring unasked. */
  async #startBus(): Promise<void> {
    await Deno.mkdir(join(this.home, "run"), { mode: 0o700 });
    await Deno.mkdir(join(this.home, "data"));
    const variables = Object.entries(this.env).map(([name, value]) => `${name}='${value}'`);
    await Deno.writeTextFile(
      this.program,
      `#!/bin/sh\n${variables.join(" ")} exec secret-tool "$@"\n`,
      { mode: 0o755 },
    );
    const config = join(this.home, "bus.conf");
    await Deno.writeTextFile(
      config,
      `<busconfig>
  <type>session</type>
  <listen>${this.env["DBUS_SESSION_BUS_ADDRESS"]}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
  <limit name="max_replies_per_connection">50000</limit>
</busconfig>
`,
    );
    this.#spawn("dbus-daemon", ["--nofork", "--nopidfile", `--config-file=${config}`]);
    for (let left = 100; left > 0; left--) {
      const { stderr } = await this.run("secret-tool", ["lookup", "--", "service", "readiness"]);
      if (!stderr.includes("Could not connect")) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error("dbus-daemon does not answer");
  }

  #spawn(
    program: string,
    args: string[],
    stdin?: string,
    stdout: "null" | "piped" = "null",
  ): Deno.ChildProcess {
    const child = new Deno.Command(program, {
      args,
      env: this.env,
      clearEnv: true,
      stdin: stdin === undefined ? "null" : "piped",
      stdout,
      stderr: "null",
    }).spawn();
    this.#children.push(child);
    if (stdin !== undefined) {
      const writer = child.stdin.getWriter();
      writer.write(new TextEncoder().encode(stdin)).then(() => writer.close());
    }
    return child;
  }
}

/** Whether Debian's Python can import a module, or several with commas between. */
export function hasPythonModule(names: string): boolean {
  try {
    const args = ["-c", `import ${names}`];
    const options: Deno.CommandOptions = { args, stdout: "null", stderr: "null" };
    return new Deno.Command(PYTHON, options).outputSync().success;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    throw cause;
  }
}
