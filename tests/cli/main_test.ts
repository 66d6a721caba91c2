import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { optionsOf } from "../../src/cli/command.ts";
import { completionNodes } from "../../src/cli/completions/nodes.ts";
import { configFlags, PROJECT, runDeno } from "../helpers/child.ts";
import { cli, withRoot } from "./cli.ts";

const MAIN = join(PROJECT, "src/cli/main.ts");

Deno.test("main() prints the version of the project, without any permission", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(join(PROJECT, "deno.json")));
  const { code, stdout, stderr } = await runDeno(MAIN, { args: ["--version"] });
  assertEquals({ code, stdout, stderr }, { code: 0, stdout: `${version}\n`, stderr: "" });
});

Deno.test("main() prints the help to standard output when asked, without any permission", async () => {
  const { code, stdout } = await runDeno(MAIN, { args: ["--help"] });
  assertEquals(code, 0);
  assertStringIncludes(stdout, "Usage: goflow-storage <command> [options]\n");
  assertStringIncludes(stdout, "  verify        check that each store works on this machine\n");
  assertEquals((await cli(["help"])).stdout, stdout);
  assertEquals((await cli(["-h"])).stdout, stdout);
});

Deno.test("main() prints the help to standard error and exits with 2 when the command is missing", async () => {
  const { code, stdout, stderr } = await cli([]);
  assertEquals({ code, stdout }, { code: 2, stdout: "" });
  assertStringIncludes(stderr, "Usage: goflow-storage <command>");
});

Deno.test("main() exits with 2 and the nearest word when a command or an option is unknown", async () => {
  const mistakes: [string[], string][] = [
    [["exmple"], 'Unknown command "exmple", did you mean "example"?'],
    [["completion", "bash"], 'Unknown command "completion", did you mean "completions"?'],
    [["xyzzy"], 'Unknown command "xyzzy"\n'],
    [["example", "more"], 'Unexpected argument "more"\n'],
    [["example", "--rot", "x"], 'Unknown option "--rot", did you mean "--root"?'],
    [["example", "--root"], 'Option "--root" needs a value, DIR\n'],
    [["example", "--root", "--help"], 'Option "--root" needs a value, DIR\n'],
    [["--help=yes"], 'Option "--help" takes no value\n'],
    [
      ["workflow", "show", "-draft"],
      'Unknown option "-d"; put "--" before an argument that begins with "-"\n',
    ],
    [["workflow", "list", "-draft"], 'Unknown option "-d"\n'],
    [["workflow", "delete", "draft", "--json"], 'Unknown option "--json"\n'],
    [["completions"], "Argument SHELL is missing\n"],
    [["completions", "ksh"], '"SHELL" is one of bash, zsh, fish, powershell, not "ksh"\n'],
    [["help", "exmple"], 'Unknown command "exmple", did you mean "example"?'],
    [["help", "workflow", "lst"], 'Unknown command "workflow lst", did you mean "list"?'],
    [["help", "doctor", "now"], 'Unknown command "doctor now"\n'],
    [["help", "workflow", "list", "now"], 'Unknown command "workflow list now"\n'],
    [["workflow", "list", "--root="], '"--root" is a folder such as ".", not ""\n'],
    [["workflow", "list", "--root=postgres:u@x/y"], '"--root" is a folder, not a URL; "--url" '],
    [["workflow", "list", "--root=postgres://x/y"], '"--root" is a folder, not a URL; "--url" '],
  ];
  for (const [args, message] of mistakes) {
    const { code, stdout, stderr } = await cli(args);
    assertEquals({ args, code, stdout }, { args, code: 2, stdout: "" });
    assert(stderr.startsWith(message), `${args}: ${stderr}`);
    assertStringIncludes(stderr, "Usage: goflow-storage ");
    assertStringIncludes(stderr, 'Try "goflow-storage ');
  }
});

Deno.test("main() takes common options before, between and after the words of a command", () =>
  withRoot(async (root) => {
    await Deno.writeTextFile(join(root, "mine.txt"), "");
    for (
      const args of [
        ["--root", root, "verify"],
        [`--root=${root}`, "verify"],
        ["verify", "--root", root],
        ["--root", "/nowhere", "verify", `--root=${root}`],
      ]
    ) {
      const { code, stderr } = await cli(args);
      assertEquals(code, 1);
      assertStringIncludes(stderr, `Cannot work in "${root}"`);
    }
  }));

Deno.test("help names every argument and option of every command, and shows examples", async () => {
  for (const { path, options, arguments: args, children } of await completionNodes()) {
    const { code, stdout } = await cli([...path, "--help"]);
    assertEquals(code, 0);
    assertStringIncludes(stdout, `Usage: goflow-storage ${path.join(" ")}`);
    for (const { name, short } of options) {
      assertStringIncludes(stdout, `${short ? `-${short}, ` : "    "}--${name}`);
    }
    for (const { name } of [...args, ...children]) assertStringIncludes(stdout, `\n  ${name} `);
    if (children.length === 0) assertStringIncludes(stdout, `\n  goflow-storage ${path.join(" ")}`);
    for (const line of stdout.split("\n")) assert(line.length <= 100, `${path}: ${line}`);
  }
});

Deno.test("An option means the same in every command", async () => {
  const seen = new Map<string, string>();
  for (const { path, options } of await completionNodes()) {
    const names = options.flatMap(({ name, short }) => short ? [name, short] : [name]);
    assertEquals(names.length, new Set(names).size, `${path} has an option twice`);
    for (const { name, short, value } of options) {
      const kind = value === undefined ? "switch" : "value";
      for (const flag of short ? [`--${name}`, `-${short}`] : [`--${name}`]) {
        const known = seen.get(flag) ?? kind;
        assertEquals(kind, known, `${flag} of ${path} takes a value, or not`);
        seen.set(flag, kind);
      }
    }
  }
});

Deno.test("optionsOf() adds the options of JSON output and of destructive commands", () => {
  const command = { name: "x", summary: "x", examples: [], run: () => Promise.resolve() };
  const names = (extra: object) => optionsOf({ ...command, ...extra }).map(({ name }) => name);
  assertEquals(names({}), ["root", "help"]);
  assertEquals(names({ output: "record" }), ["json", "root", "help"]);
  assertEquals(names({ output: "records", destructive: true }), [
    "json",
    "ndjson",
    "yes",
    "dry-run",
    "root",
    "help",
  ]);
});

Deno.test("main() treats a reader that goes away as no error", async () => {
  const script = '"$@" | true; echo "${PIPESTATUS[0]}"';
  const cli = [Deno.execPath(), "run", "-q", ...configFlags(), MAIN, "completions", "zsh"];
  const { stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", script, "bash", ...cli],
  }).output();
  const decoder = new TextDecoder();
  assertEquals(
    { code: decoder.decode(stdout), stderr: decoder.decode(stderr) },
    { code: "0\n", stderr: "" },
  );
});

Deno.test("main() goes on with its work when nobody reads standard error any more", () =>
  withRoot(async (root) => {
    const folder = join(root, "workflows");
    await Deno.mkdir(folder);
    for (const id of ["a", "b", "c"]) await Deno.writeTextFile(join(folder, `${id}.yaml`), "");
    const { code } = await new Deno.Command("bash", {
      args: [
        "-c",
        '"$@" 2>&1 | true; exit "${PIPESTATUS[0]}"',
        "bash",
        Deno.execPath(),
        "run",
        "-qA",
      ]
        .concat(configFlags(), MAIN, [
          "workflow",
          "delete",
          "a",
          "b",
          "c",
          "--yes",
          "--root",
          root,
        ]),
    }).output();
    assertEquals(code, 0);
    assertEquals([...Deno.readDirSync(folder)].filter(({ isFile }) => isFile).length, 0);
  }));

Deno.test({
  name: "A full disk behind standard output is a failure, behind standard error it is none",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withRoot(async (root) => {
      const run = async (redirection: string, ...args: string[]) => {
        const command = [Deno.execPath(), "run", "-q", "-A", ...configFlags(), MAIN, ...args];
        const shell = new Deno.Command("sh", {
          args: ["-c", `"$@" ${redirection}`, "-", ...command],
        });
        const { code, stdout, stderr } = await shell.output();
        const decoder = new TextDecoder();
        return [code, decoder.decode(stdout), decoder.decode(stderr)];
      };
      const full = "Cannot write to standard output: the disk is full\n";
      assertEquals(await run(">/dev/full", "--version"), [1, "", full]);
      const show = ["workflow", "show", "none", "--root", root];
      assertEquals(await run("2>/dev/full", ...show), [3, "", ""]);
    }),
});
