import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { checkPowerShell } from "../helpers/powershell.ts";
import { program, testNeeding } from "../helpers/skip.ts";
import { cli, withRoot } from "./cli.ts";
import { onTerminal, python } from "./terminal.ts";

const SHELLS = ["bash", "zsh", "fish", "powershell"];

/** Runs a test with the completions of a shell in a file. */
async function withCompletions(
  shell: string,
  test: (file: string, folder: string) => Promise<void>,
): Promise<void> {
  await withRoot(async (folder) => {
    const file = join(folder, "_goflow-storage");
    await Deno.writeTextFile(file, (await cli(["completions", shell])).stdout);
    await Deno.writeTextFile(join(folder, "some file.yaml"), "");
    // Stands for the program where completions ask it.
    const ids = [
      "nightly",
      "notes",
      "a$(touch ran)",
      "a`touch ran`",
      "it's one",
      "*",
      "x:1",
      "x:2",
    ];
    const program = `#!/bin/sh\n[ "$*" = "workflow list -q" ] && cat <<'end'\n${
      ids.join("\n")
    }\nend\n[ "$*" = "--root $PWD/some folder workflow list -q" ] && echo elsewhere\n`;
    await Deno.mkdir(join(folder, "bin"));
    await Deno.writeTextFile(join(folder, "bin/goflow-storage"), program, { mode: 0o755 });
    await Deno.mkdir(join(folder, "some folder"));
    await test(file, folder);
  });
}

async function output(command: string, args: string[], cwd: string): Promise<string[]> {
  const { stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd,
    env: { PATH: `${cwd}/bin:${Deno.env.get("PATH")}` },
  }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}

testNeeding(
  program("bash"),
  "completions work in bash",
  () =>
    withCompletions("bash", async (file, folder) => {
      const complete = async (...words: string[]) => {
        const script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ' +
          '_goflow_storage; printf "%s\\n" "${COMPREPLY[@]}"';
        const args = ["--norc", "-c", script, "bash", file, "goflow-storage", ...words];
        return (await output("bash", args, folder)).sort();
      };
      assertEquals(await complete("work"), ["workflow"]);
      assertEquals(await complete("workflow", "s"), ["save", "scan", "schema", "show"]);
      assertEquals(await complete("--root", "/x", "workflow", "li"), ["list"]);
      assertEquals(await complete("execution", "list", "--st"), ["--status"]);
      assertEquals(await complete("execution", "list", "--status", "c"), [
        "cancelled",
        "completed",
      ]);
      assertEquals(await complete("execution", "list", "--status", "=", "f"), ["failed"]);
      assertEquals(await complete("execution", "list", "--limit", ""), []);
      assertEquals(await complete("completions", "z"), ["zsh"]);
      assertEquals(await complete("workflow", "show", "n"), ["nightly", "notes"]);
      assertEquals(await complete("workflow", "save", "some"), ["some file.yaml", "some folder"]);
      assertEquals(await complete("workflow", "list", "--root", "some"), ["some folder"]);
      // The ids are those of the folder that is named, and only where an id is wanted.
      const root = `${folder}/some\\ folder`;
      assertEquals(await complete("--root", root, "workflow", "show", ""), ["elsewhere"]);
      assertEquals(await complete("workflow", "show", "--root", "=", root, ""), ["elsewhere"]);
      assertEquals(await complete("workflow", "diff", "nightly", "n"), []);
      assertEquals(await complete("workflow", "delete", "nightly", "n"), ["nightly", "notes"]);
      assertEquals(await complete("help", "work"), ["workflow"]);
      assertEquals(await complete("help", "workflow", "sh"), ["show"]);
      assertEquals(await complete("help", "workflow", "show", ""), []);
      // The shell splits words at these signs.
      assertEquals(await complete("--root", "=", "/x", "workflow", "li"), ["list"]);
      assertEquals(await complete("--url", "postgres", ":", "//x", "workflow", "li"), ["list"]);
      assertEquals(await complete("execution", "list", "--driver", "="), [
        "auto",
        "builtin",
        "ffi",
      ]);
      assertEquals(await complete("workflow", "show", "x", ":"), ["1", "2"]);
      assertEquals(await complete("workflow", "show", "x", ":", "2"), ["2"]);
    }),
);

testNeeding(
  program("bash"),
  "completions take ids as text and never run them in bash",
  () =>
    withCompletions("bash", async (file, folder) => {
      const script = 'source "$1"; COMP_WORDS=(goflow-storage workflow show "$2"); COMP_CWORD=3; ' +
        '_goflow_storage; for id in "${COMPREPLY[@]}"; do eval "echo $id"; done';
      const complete = (word: string) =>
        output("bash", ["--norc", "-c", script, "bash", file, word], folder);
      assertEquals(await complete("a"), ["a$(touch ran)", "a`touch ran`"]);
      assertEquals(await complete("it\\'s\\ o"), ["it's one"]);
      assertEquals((await complete("")).length, 8);
      await assertRejects(() => Deno.stat(join(folder, "ran")), Deno.errors.NotFound);
    }),
);

testNeeding(
  program("fish"),
  "completions work in fish",
  () =>
    withCompletions("fish", async (file, folder) => {
      const complete = async (line: string) => {
        const script = `source ${file}; complete -C ${JSON.stringify(line)}`;
        const lines = await output("fish", ["--no-config", "-c", script], folder);
        return lines.map((text) => text.split("\t")[0]).sort();
      };
      assertEquals(await complete("goflow-storage work"), ["workflow"]);
      assertEquals(await complete("goflow-storage workflow s"), ["save", "scan", "schema", "show"]);
      assertEquals(await complete("goflow-storage --root /x workflow li"), ["list"]);
      assertEquals(await complete("goflow-storage execution list --st"), ["--status"]);
      const statuses = await complete("goflow-storage execution list --status c");
      assertEquals(statuses, ["cancelled", "completed"]);
      assertEquals(await complete("goflow-storage completions z"), ["zsh"]);
      assertEquals(await complete("goflow-storage workflow show n"), ["nightly", "notes"]);
      const root = `'${folder}/some folder'`;
      assertEquals(await complete(`goflow-storage --root ${root} workflow show `), ["elsewhere"]);
      assertEquals(await complete(`goflow-storage workflow show --root=${root} `), ["elsewhere"]);
      assertEquals(await complete("goflow-storage workflow diff nightly n"), []);
      const more = await complete("goflow-storage workflow delete nightly n");
      assertEquals(more, ["nightly", "notes"]);
      assertEquals(await complete("goflow-storage help work"), ["workflow"]);
      assertEquals(await complete("goflow-storage help workflow sh"), ["show"]);
      const files = await complete("goflow-storage workflow save some");
      assertEquals(files, ["some file.yaml", "some folder/"]);
      assertEquals(await complete("goflow-storage workflow list --root some"), ["some folder/"]);
    }),
);

testNeeding(
  [program("zsh"), python],
  "completions work in zsh",
  () =>
    withCompletions("zsh", async (_file, folder) => {
      const lines: [typed: string, wanted: string][] = [
        ["work\tlis\t--jso\t", "workflow,list,--json"],
        [
          "--root /x execution list --status comp\t--li\t5",
          "--root,/x,execution,list,--status,completed,--limit,5",
        ],
        ["completions po\t", "completions,powershell"],
        ["workflow show ni\t", "workflow,show,nightly"],
        ["--root some\\ folder workflow show el\t", "--root,some folder,workflow,show,elsewhere"],
        ["workflow show --root=some\\ folder el\t", "workflow,show,--root=some folder,elsewhere"],
        ["workflow diff nightly no\t", "workflow,diff,nightly,no"],
        ["help work\tsh\t", "help,workflow,show"],
        ["workflow save some\\ fi\t", "workflow,save,some file.yaml"],
        ["workflow list --root some\\ fo\t", "workflow,list,--root,some folder"],
      ];
      const show =
        "goflow-storage() { if [[ $3 == -q ]] { print -l nightly notes } elif [[ $5 == -q ]] " +
        '{ [[ $2 == "some folder" ]] && print elsewhere } else { print -r -- "<${(j:,:)@}>" } }';
      const { output } = await onTerminal(["zsh", "-f", "-i"], [
        // The prompt is spelled so that its echo is not taken for it.
        { expect: "", send: `PS1=rea''dy'> '; cd ${folder}; fpath=(${folder} $fpath)\n` },
        { expect: "ready> ", send: "autoload -Uz compinit; compinit -u -D\n" },
        { expect: "ready> ", send: `${show}\n` },
        ...lines.map(([typed]) => ({ expect: "ready> ", send: `goflow-storage ${typed}\n` })),
        { expect: "ready> ", send: "exit\n" },
      ], { columns: 200 });
      for (const [, wanted] of lines) assertStringIncludes(output, `<${wanted}>`);
    }),
);

Deno.test("completions name every command and option, for every shell", async () => {
  const { stdout: help } = await cli(["execution", "list", "--help"]);
  const flags = [...help.matchAll(/--[a-z-]+/g)].map(([flag]) => flag);
  for (const shell of SHELLS) {
    const { code, stdout } = await cli(["completions", shell]);
    assertEquals(code, 0);
    for (const flag of flags) assertStringIncludes(stdout, flag.replace(/^--/, ""), shell);
    for (const word of ["workflow", "credential", "verify"]) assertStringIncludes(stdout, word);
  }
});

Deno.test("completions follow the grammar of PowerShell", async () => {
  const { stdout } = await cli(["completions", "powershell"]);
  await checkPowerShell(stdout);
});
