/** The commands of the README in a fresh clone, as a newcomer runs them. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { gnomeKeyring } from "../credentials/gnome_keyring.ts";
import { configFlags, PROJECT } from "../helpers/child.ts";
import { copyFolder } from "../helpers/copy_folder.ts";
import { linux, superuser, testNeeding } from "../helpers/skip.ts";

/** Somebody who cannot read what belongs to root. */
const NOBODY = 65534;

const WITH_KEYRING = ["dbus-run-session", "--", "sh", "-c"];
const UNLOCK =
  'printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null; exec "$@"';

interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** A clone and a home folder of its own, with what Deno has downloaded already. */
class Newcomer implements AsyncDisposable {
  readonly home: string;
  readonly #uid: number | undefined;
  readonly #deno: string;

  private constructor(home: string, uid: number | undefined) {
    this.home = home;
    this.#uid = uid;
    this.#deno = join(home, "deno");
  }

  static async start(uid?: number): Promise<Newcomer> {
    const home = await Deno.makeTempDir({ prefix: "goflow-newcomer-" });
    const newcomer = new Newcomer(home, uid);
    await Deno.copyFile(Deno.execPath(), newcomer.#deno);
    await copyFolder(PROJECT, join(home, "clone"));
    for (const name of ["npm", "remote"]) {
      const cache = join(denoDir(), name);
      if (await exists(cache)) await copyFolder(cache, join(home, ".cache/deno", name), []);
    }
    for (const name of ["run", "tmp"]) await Deno.mkdir(join(home, name), { mode: 0o700 });
    if (uid !== undefined) {
      await new Deno.Command("chown", { args: ["-R", `${uid}:${uid}`, home] }).output();
    }
    return newcomer;
  }

  async task(words: string[], { keyring = false } = {}): Promise<Finished> {
    const command = [this.#deno, "task", ...words];
    const [program, ...args] = keyring ? [...WITH_KEYRING, UNLOCK, "sh", ...command] : command;
    const { code, stdout, stderr } = await new Deno.Command(program!, {
      args,
      cwd: join(this.home, "clone"),
      clearEnv: true,
      env: {
        ...networkVariables(),
        HOME: this.home,
        NO_COLOR: "1",
        PATH: Deno.env.get("PATH") ?? "",
        TMPDIR: join(this.home, "tmp"),
        XDG_RUNTIME_DIR: join(this.home, "run"),
        GOFLOW_JSR: configFlags().join().includes("offline") ? "offline" : "online",
      },
      stdin: "null",
      ...(this.#uid === undefined ? {} : { uid: this.#uid, gid: this.#uid }),
    }).output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.home, { recursive: true });
  }
}

/** What a network of its own kind asks for. */
function networkVariables(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) =>
      /^(?:DENO_CERT|SSL_CERT_\w+|\w+_PROXY)$/i.test(name)
    ),
  );
}

function denoDir(): string {
  return Deno.env.get("DENO_DIR") || join(Deno.env.get("HOME") ?? "", ".cache/deno");
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const PEOPLE = [
  { who: "the user of the tests", needs: [linux] },
  { who: "an ordinary user", needs: [linux, superuser], uid: NOBODY },
];

for (const { who, needs, uid } of PEOPLE) {
  testNeeding(needs, `The commands of the README work in a clone for ${who}`, async () => {
    await using newcomer = await Newcomer.start(uid);

    const example = await newcomer.task(["example"]);
    assertEquals(example.code, 0, example.stderr);
    assertStringIncludes(example.stdout, "no keyring: ");
    assertStringIncludes(example.stdout, "there is no D-Bus session");
    assertMatch(example.stdout, /\nDone\. .*\n$/);

    const verify = await newcomer.task(["verify"]);
    assertEquals(verify.code, 6, verify.stdout);
    assertMatch(verify.stdout, /\nVerdict: 1 of 3 stores cannot be used.*\n$/);

    const test = await newcomer.task(["test", "tests/domain/ids_test.ts"]);
    assertEquals(test.code, 0, test.stderr);
    assertMatch(test.stdout, /(?:^|\n)[1-9]\d* passed, 0 failed, 0 skipped\n$/);

    const clone = [...Deno.readDirSync(join(newcomer.home, "clone"))].map(({ name }) => name);
    assert(clone.includes("deno.json"));
    assertEquals(clone.filter((name) => /^(?:node_modules|deno\.lock)$/.test(name)), []);
  });

  testNeeding(
    [...needs, ...gnomeKeyring],
    `The commands of the README work in a clone with a keyring for ${who}`,
    async () => {
      await using newcomer = await Newcomer.start(uid);

      const example = await newcomer.task(["example"], { keyring: true });
      assertEquals(example.code, 0, example.stderr);
      assertEquals(example.stdout.includes("no keyring"), false, example.stdout);

      const verify = await newcomer.task(["verify"], { keyring: true });
      assertEquals(verify.code, 0, verify.stdout);
      assertStringIncludes(verify.stdout, "Verdict: everything works on this machine");
    },
  );
}
