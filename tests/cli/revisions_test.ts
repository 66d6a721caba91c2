import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { configFlags, PROJECT } from "../helpers/child.ts";
import { cli, type CliOptions, type CliResult, withRoot } from "./cli.ts";

const GREET = `# Says hello
name: greet
version: "1.0"
nodes:
  - { id: start, type: start }
  - { id: end, type: end, return: hello }  # the answer
edges:
  - { from: start, to: end }
`;

interface Folder {
  root: string;
  file: string;
  run(args: string[], options?: CliOptions): Promise<CliResult>;
}

/** A folder with a workflow of two revisions. */
async function withRevisions(test: (folder: Folder) => Promise<void>): Promise<void> {
  await withRoot(async (root) => {
    const run = (args: string[], options?: CliOptions) =>
      cli(["workflow", ...args, "--root", root], options);
    const save = ["save", "-", "--id", "greet", "--author", "Ann"];
    await run([...save, "-m", "Begin"], { stdin: GREET });
    await run([...save, "-m", "Warmer"], { stdin: GREET.replace("return: hello", "return: hi") });
    await test({ root, file: join(root, "workflows", "greet.yaml"), run });
  });
}

async function revisions(run: Folder["run"]): Promise<Record<string, unknown>[]> {
  return JSON.parse((await run(["history", "greet", "--json"])).stdout).revisions;
}

Deno.test("workflow history lists who changed what, newest first", () =>
  withRevisions(async ({ run }) => {
    const [newest, first] = await revisions(run);
    assertEquals([newest!.message, newest!.author, newest!.source], ["Warmer", "Ann", "saved"]);
    assertEquals([first!.message, newest!.parent], ["Begin", first!.revision]);
    const { stdout } = await run(["history", "greet"]);
    assert(/^REVISION +TIME +SOURCE +SIZE +AUTHOR +TAGS +MESSAGE\n/.test(stdout), stdout);
    assertEquals((await run(["history", "none"])).code, 3);
  }));

Deno.test("workflow diff shows the last change as lines and by structure", () =>
  withRevisions(async ({ run }) => {
    const { stdout } = await run(["diff", "greet"]);
    assertStringIncludes(stdout, "\n-");
    assertStringIncludes(stdout, "return: hi");
    assertEquals(
      (await run(["diff", "greet", "--structure"])).stdout,
      "CHANGE   KIND  NAME  DETAIL\nchanged  node  end   return\n",
    );
    const { changes, unified } = JSON.parse((await run(["diff", "greet", "--json"])).stdout);
    assertEquals([changes.length, unified], [1, stdout]);
    const [newest] = await revisions(run);
    const same = await run(["diff", "greet", String(newest!.revision)]);
    assertEquals(same, { code: 0, stdout: "", stderr: "Nothing differs\n" });
    assertEquals((await run(["diff", "greet", "nothing"])).code, 3);
  }));

Deno.test("workflow restore goes back to a tag, also of a deleted workflow", () =>
  withRevisions(async ({ file, run }) => {
    const [, first] = await revisions(run);
    assertEquals((await run(["tag", "greet", "v1", String(first!.revision)])).code, 0);
    const { code, stderr } = await run(["restore", "greet", "v1"]);
    assertEquals(code, 0);
    assertStringIncludes(stderr, 'Restored workflow "greet" to revision ');
    assertStringIncludes(await Deno.readTextFile(file), "return: hello");
    await run(["delete", "greet", "--yes"]);
    assertEquals((await run(["restore", "greet", "v1"])).code, 0);
    assertStringIncludes(await Deno.readTextFile(file), "return: hello");
    assertEquals((await run(["tag", "greet", "v1", "--remove"])).code, 0);
    assertEquals((await run(["restore", "greet", "v1"])).code, 3);
  }));

Deno.test("workflow save exits with 4 when somebody else was faster, unless both edits can be joined", () =>
  withRevisions(async ({ file, run }) => {
    const [, first] = await revisions(run);
    const mine = GREET.replace("# Says hello\n", "").replace("name: greet", "name: welcome");
    const args = ["save", "-", "--id", "greet", "--if-revision", String(first!.revision)];
    assertEquals((await run(args, { stdin: mine })).code, 4);
    const merged = await run([...args, "--merge"], { stdin: mine });
    assertEquals(merged.code, 0, merged.stderr);
    assertStringIncludes(merged.stderr, "both edits were joined");
    const text = await Deno.readTextFile(file);
    assertStringIncludes(text, "name: welcome");
    assertStringIncludes(text, "return: hi");
    const both = GREET.replace("return: hello", "return: bye");
    const conflict = await run([...args, "--merge"], { stdin: both });
    assertEquals(conflict.code, 4);
    assertStringIncludes(conflict.stderr, 'Both changed node "end" return');
    assertEquals((await run(["save", "-", "--id", "greet", "--create"], { stdin: GREET })).code, 4);
    const named = ["save", "-", "--id", "other", "--unique-name"];
    assertEquals((await run(named, { stdin: mine })).code, 4);
    assertEquals((await run(["save", "-", "--merge"], { stdin: mine })).code, 2);
  }));

Deno.test("workflow normalize asks before it drops comments", () =>
  withRevisions(async ({ file, run }) => {
    await Deno.writeTextFile(file, GREET);
    assertEquals((await run(["normalize", "greet"])).code, 2);
    const dry = await run(["normalize", "greet", "--dry-run"]);
    assertStringIncludes(dry.stderr, `Write "${file}" anew, without its comments\n`);
    assertEquals(await Deno.readTextFile(file), GREET);
    assertEquals((await run(["normalize", "greet", "--yes"])).code, 0);
    assert(!(await Deno.readTextFile(file)).includes("#"));
  }));

Deno.test("workflow watch tells what happens until it is interrupted, and exits with 0", () =>
  withRevisions(async ({ root, file }) => {
    const main = join(PROJECT, "src/cli/main.ts");
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-q",
        "-A",
        ...configFlags(),
        main,
        "workflow",
        "watch",
        "--ndjson",
        "--initial",
      ]
        .concat(["--root", root]),
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const next = async () => JSON.parse((await lines.read()).value ?? "");
    assertEquals((await next()).type, "created");
    await Deno.writeTextFile(file, GREET.replace("hello", "salut"));
    const changed = await next();
    assertEquals([changed.type, changed.id], ["changed", "greet"]);
    await Deno.remove(file);
    assertEquals((await next()).type, "deleted");
    child.kill("SIGINT");
    await lines.read();
    const stderr = await new Response(child.stderr).text();
    assertEquals(stderr, "Watching, stop with Ctrl-C\nStopped after 3 events\n");
    assertEquals((await child.status).code, 0);
  }));

const SHARED = GREET.replace(
  "nodes:",
  "servers:\n  - { id: mail, command: mcp-mail, env: { MAIL_TOKEN: abc123 }, credential_ref: mail:x }\nnodes:",
);

Deno.test("workflow export removes secrets, import reports what is needed", () =>
  withRevisions(async ({ root, run }) => {
    await run(["save", "-", "--id", "mail", "--secrets", "allow"], { stdin: SHARED });
    const { code, stdout, stderr } = await run(["export", "mail"]);
    assertEquals(code, 0);
    assert(!stdout.includes("abc123"), stdout);
    assertStringIncludes(stderr, 'Removed from "mail" (named-secret): servers[0].env.MAIL_TOKEN\n');
    const imported = await run(["import", "-", "--id", "copy", "--json"], { stdin: stdout });
    const [workflow] = JSON.parse(imported.stdout).workflows;
    assertEquals([workflow.id, workflow.servers[0].id], ["copy", "mail"]);
    assert(workflow.placeholders.includes("servers[0].env.MAIL_TOKEN"), imported.stdout);

    const folder = join(root, "shared");
    assertEquals((await run(["export", "--dir", folder])).code, 0);
    const files = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assertEquals(files, ["copy.yaml", "greet.yaml", "mail.yaml"]);
    const other = join(root, "other");
    const all = await cli(["workflow", "import", folder, "--root", other]);
    assertEquals([all.code, all.stdout.split("\n").length], [0, 5], all.stderr);
    await Deno.writeTextFile(join(folder, "broken.yaml"), "name: [");
    const broken = await cli(["workflow", "import", folder, "--root", join(root, "third")]);
    assertEquals([broken.code, broken.stdout.split("\n").length], [1, 5]);
    assertStringIncludes(broken.stderr, "broken.yaml");
    const one = join(root, "one.yaml");
    assertEquals((await run(["export", "greet", "-o", one])).code, 0);
    assertStringIncludes(await Deno.readTextFile(one), "name: greet");
    for (
      const wrong of [["export"], ["export", "a", "--dir", folder], ["import", folder, "--id", "x"]]
    ) {
      assertEquals((await run(wrong)).code, 2, wrong.join(" "));
    }
  }));

Deno.test("workflow scan exits with 1 when there certainly is a secret, and never shows it", () =>
  withRevisions(async ({ run }) => {
    assertEquals(await run(["scan"]), {
      code: 0,
      stdout: "",
      stderr: "No secrets found in 1 workflows\n",
    });
    const token = `ghp_${"a1B2".repeat(9)}`;
    const stdin = GREET.replace("return: hello", `return: ${token}`);
    assertEquals((await run(["save", "-", "--id", "leak"], { stdin })).code, 1);
    await run(["save", "-", "--id", "leak", "--secrets", "allow"], { stdin });
    const { code, stdout } = await run(["scan"]);
    assertEquals(code, 1);
    assertStringIncludes(stdout, "leak");
    assertStringIncludes(stdout, "github-token");
    assert(!stdout.includes(token));
    assertEquals((await run(["scan", "greet"])).code, 0);
    const { findings } = JSON.parse((await run(["scan", "--json"])).stdout);
    assertEquals([findings[0].workflow, findings[0].certain], ["leak", true]);
  }));

Deno.test("workflow merge-driver joins what git cannot, keeps comments, and reports conflicts", () =>
  withRoot(async (folder) => {
    const [base, mine, theirs] = ["base", "mine", "theirs"].map((name) => join(folder, name));
    const merge = async (myText: string, theirText: string) => {
      await Deno.writeTextFile(base!, GREET);
      await Deno.writeTextFile(mine!, myText);
      await Deno.writeTextFile(theirs!, theirText);
      return await cli(["workflow", "merge-driver", base!, mine!, theirs!]);
    };
    const joined = await merge(
      GREET.replace('version: "1.0"', 'version: "2.0"'),
      GREET.replace("name: greet", "name: welcome"),
    );
    assertEquals(joined, { code: 0, stdout: "", stderr: "" });
    const text = await Deno.readTextFile(mine!);
    assertStringIncludes(text, '# Says hello\nname: welcome\nversion: "2.0"\n');
    assertStringIncludes(text, "# the answer");
    const conflict = await merge(
      GREET.replace("hello }", "hi }"),
      GREET.replace("hello }", "bye }"),
    );
    assertEquals(conflict.code, 1);
    assertStringIncludes(conflict.stderr, 'Both changed node "end" return, mine is kept');
    assertStringIncludes(await Deno.readTextFile(mine!), "return: hi }");
  }));

Deno.test("workflow merge-driver keeps the comments of both sides, or tells that it cannot", () =>
  withRoot(async (folder) => {
    const files = ["base", "mine", "theirs"].map((name) => join(folder, name));
    const merge = async (...texts: string[]) => {
      for (const [i, text] of texts.entries()) await Deno.writeTextFile(files[i]!, text);
      const { code, stderr } = await cli(["workflow", "merge-driver", ...files]);
      return { code, stderr, text: await Deno.readTextFile(files[1]!) };
    };
    const base = `name: a # one
version: "1.0"
metadata:
  last_modified: "2026-01-01T00:00:00Z"
nodes:
  - id: start
    type: start
`;
    const mine = base.replace("name: a", "name: b").replace("2026", "2027") +
      "  # mine\n  - id: end\n    type: end\n";
    const theirs = base.replace('"1.0"', '"2.0" # two').replace("2026", "2028").replace(
      "nodes:",
      "# all of them\nnodes:",
    );
    assertEquals(await merge(base, mine, theirs), {
      code: 0,
      stderr: "",
      text: mine.replace('"1.0"', '"2.0" # two').replace("nodes:", "# all of them\nnodes:"),
    });
    const lost = await merge(base, mine, base.replace("name: a # one", "name: a # uno"));
    assertEquals([lost.code, lost.text], [0, mine]);
    assertStringIncludes(lost.stderr, "Comments of the other side are left out");
    // Both sides made the file.
    const made = await merge("", mine, mine.replace("# mine", "# ours"));
    assertEquals([made.code, made.text], [0, mine]);
    const other = await merge("", mine, mine.replace("name: b", "name: c"));
    assertEquals([other.code, other.text], [1, mine]);
    assertStringIncludes(other.stderr, "Both changed name, mine is kept");
  }));

Deno.test("commands refuse a file that is not UTF-8, and leave it as it is", () =>
  withRoot(async (root) => {
    const file = join(root, "latin.yaml");
    const bytes = Uint8Array.from([...new TextEncoder().encode("name: caf"), 0xe9, 0x0a]);
    await Deno.writeFile(file, bytes);
    for (const command of [["save", file], ["import", file], ["merge-driver", file, file, file]]) {
      const { code, stderr } = await cli(["workflow", ...command, "--root", root]);
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, "not UTF-8");
    }
    assertEquals(await Deno.readFile(file), bytes);
    assertEquals(await Array.fromAsync(Deno.readDir(root), ({ name }) => name), ["latin.yaml"]);
  }));
