import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { textWidth } from "../../src/cli/text.ts";
import { cli, type CliOptions, type CliResult, withRoot } from "./cli.ts";

const TRIAGE = `# Sorts invoices
id: triage
name: Invoice triage
version: "1.10"
metadata: { tags: [finance, nightly] }
servers:
  - { id: erp, command: mcp-erp }
nodes:
  - { id: start, type: start }
  - { id: fetch, type: mcp_tool, server: erp, tool: get_invoice }
  - { id: large, type: condition, condition: "\${total} > 10" }
  - { id: review, type: mcp_tool, server: erp, tool: assign }
  - { id: each, type: loop, collection: "\${lines}", item: line, body: [pay] }
  - { id: pay, type: mcp_tool, server: erp, tool: pay }
  - { id: end, type: end, return: "\${total}" }
edges:
  - { from: start, to: fetch }
  - { from: fetch, to: large }
  - { from: large, to: review, condition: "true" }
  - { from: large, to: each, condition: "false" }
  - { from: review, to: end }
  - { from: each, to: end }
`;

interface Folder {
  root: string;
  run(args: string[], options?: CliOptions): Promise<CliResult>;
}

async function withWorkflows(test: (folder: Folder) => Promise<void>): Promise<void> {
  await withRoot(async (root) => {
    await Deno.mkdir(join(root, "workflows"));
    await Deno.writeTextFile(join(root, "workflows", "triage.yaml"), TRIAGE);
    await test({
      root,
      run: (args, options) => cli(["workflow", ...args, "--root", root], options),
    });
  });
}

Deno.test("workflow list prints a table, with the files that cannot be read on standard error", () =>
  withWorkflows(async ({ root, run }) => {
    await Deno.writeTextFile(join(root, "workflows", "broken.yaml"), "name: [");
    const { code, stdout, stderr } = await run(["list"]);
    assertEquals(code, 0);
    assertEquals(
      stdout.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, "2025-01-05 10:00:00"),
      "ID      NAME            VERSION   SIZE  MODIFIED             TAGS\n" +
        "triage  Invoice triage  1.10     785 B  2025-01-05 10:00:00  finance, nightly\n",
    );
    assert(/^Cannot read workflow "broken": .* at line \d/.test(stderr), stderr);
  }));

Deno.test("workflow list prints JSON, with the files that cannot be read", () =>
  withWorkflows(async ({ root, run }) => {
    const path = join(root, "workflows", "broken.yaml");
    await Deno.writeTextFile(path, "name: [");
    const { workflows, invalid } = JSON.parse((await run(["list", "--json"])).stdout);
    const { revision, modified, ...rest } = workflows[0];
    assert(typeof revision === "string" && revision.length > 0);
    assert(Date.now() - new Date(modified).getTime() < 60_000);
    assertEquals(rest, {
      id: "triage",
      name: "Invoice triage",
      version: "1.10",
      tags: ["finance", "nightly"],
      size: TRIAGE.length,
    });
    assertEquals([invalid[0].id, invalid[0].path], ["broken", path]);
    const lines = (await run(["list", "--ndjson"])).stdout.split("\n");
    assertEquals([lines.length, JSON.parse(lines[0]!).id], [2, "triage"]);
  }));

Deno.test("workflow list finds by tag and by text, and says when there is none", () =>
  withWorkflows(async ({ run }) => {
    const count = async (...args: string[]) =>
      JSON.parse((await run(["list", "--json", ...args])).stdout).workflows.length;
    assertEquals(await count("--tag", "finance"), 1);
    assertEquals(await count("--tag", "fin"), 0);
    assertEquals((await run(["list", "-q"])).stdout, "triage\n");
    assertEquals((await run(["list", "-q", "--json"])).code, 2);
    assertEquals(await count("--search", "INVOICE"), 1);
    assertEquals(await count("--search", "x.*"), 0);
    assertEquals(await run(["list", "--tag", "none"]), {
      code: 0,
      stdout: "",
      stderr: "No workflows found\n",
    });
  }));

Deno.test("workflow list fits a narrow terminal, shows wide characters and escapes control characters", () =>
  withWorkflows(async ({ root, run }) => {
    const nasty = TRIAGE.replace(
      "name: Invoice triage",
      'name: "請求書\\e[31mの仕分け and a long tail"',
    );
    await Deno.writeTextFile(join(root, "workflows", "triage.yaml"), nasty);
    const { stdout } = await run(["list"], { terminal: true, columns: 63 });
    const [, row] = stdout.split("\n");
    assertEquals(row?.slice(0, 31), "triage  請求書\\…  1.10     816 B  ");
    assertEquals(row?.slice(50), "  finance…");
    for (const line of stdout.split("\n")) assert(textWidth(line) <= 63, line);
    const colored = await run(["list"], { terminal: true, columns: 200, color: true });
    assert(colored.stdout.startsWith("\x1b[1mID\x1b[0m"), colored.stdout);
  }));

Deno.test("workflow show prints the text of the file, comments included", () =>
  withWorkflows(async ({ run }) => {
    assertEquals(await run(["show", "triage"]), { code: 0, stdout: TRIAGE, stderr: "" });
    assertEquals((await run(["show", "none"])).code, 3);
  }));

Deno.test("workflow show --json prints the keys of the schema", () =>
  withWorkflows(async ({ run }) => {
    const workflow = JSON.parse((await run(["show", "triage", "--json"])).stdout);
    assertEquals([workflow.id, workflow.version], ["triage", "1.10"]);
    assertEquals(workflow.nodes[4], {
      id: "each",
      type: "loop",
      collection: "${lines}",
      item: "line",
      body: ["pay"],
    });
    assertEquals(workflow.edges[2], { from: "large", to: "review", condition: "true" });
  }));

Deno.test("workflow show --graph draws branches, bodies and meeting paths", () =>
  withWorkflows(async ({ run }) => {
    assertEquals(
      (await run(["show", "triage", "--graph"])).stdout,
      [
        "start",
        "fetch [mcp_tool erp.get_invoice]",
        "large [condition ${total} > 10]",
        "├─ true: review [mcp_tool erp.assign]",
        "│  end [end ${total}]",
        "└─ false: each [loop ${lines}]",
        "   ├─ each line: pay [mcp_tool erp.pay]",
        "   end",
        "",
      ].join("\n"),
    );
  }));

Deno.test("workflow show --format writes Mermaid and Graphviz", () =>
  withWorkflows(async ({ run }) => {
    const mermaid = (await run(["show", "triage", "--format", "mermaid"])).stdout;
    assert(mermaid.startsWith('---\ntitle: "Invoice triage"\n---\nflowchart TD\n'), mermaid);
    assertStringIncludes(mermaid, '\n  n2{"large<br>#36;#123;total#125; #62; 10"}\n');
    assertStringIncludes(mermaid, '\n  n2 -->|"true"| n3\n');
    const dot = (await run(["show", "triage", "--format", "dot"])).stdout;
    assert(dot.startsWith('digraph "Invoice triage" {\n') && dot.endsWith("}\n"), dot);
    assertStringIncludes(dot, '\n  n1 [label="fetch\\nerp.get_invoice", shape=box];\n');
    assertStringIncludes(dot, '\n  n2 -> n3 [label="true"];\n');
    const both = await run(["show", "triage", "--graph", "--json"]);
    assertEquals(both.code, 2);
  }));

Deno.test("workflow show escapes what Mermaid, Graphviz and terminals would take for their own", () =>
  withWorkflows(async ({ root, run }) => {
    const text = `\
name: 'a "b" &lt; \\'
nodes:
  - { id: 'x"]|<b>', type: transform, expression: "#quot; & \\e[31m\\n{{c}}" }
  - { id: 日本語日本語日本語, type: end }
edges:
  - { from: 'x"]|<b>', to: 日本語日本語日本語, condition: 'a | "b"' }
`;
    await Deno.writeTextFile(join(root, "workflows", "odd.yaml"), text);
    const mermaid = (await run(["show", "odd", "--format", "mermaid"])).stdout;
    const labels = mermaid.split("\n").filter((line) => line.startsWith("  n"));
    for (const label of labels) {
      const [, content = ""] = /"(.*)"/.exec(label)!;
      const plain = content.replaceAll("<br>", "").replaceAll(/#\d+;/g, "");
      assert(/^[\p{L}\p{N} _.,:/-]*$/u.test(plain), label);
    }
    const dot = (await run(["show", "odd", "--format", "dot"])).stdout;
    assertStringIncludes(dot, 'digraph "a \\"b\\" &amp;lt; \\\\" {');
    assertStringIncludes(dot, 'label="x\\"]|<b>\\n#quot; &amp; ');
    assertStringIncludes(dot, '[label="a | \\"b\\""]');
    const narrow = await run(["show", "odd", "--graph"], { terminal: true, columns: 24 });
    for (const line of narrow.stdout.split("\n")) assert(textWidth(line) <= 24, line);
    assert(!narrow.stdout.includes("\x1b"), narrow.stdout);
  }));

Deno.test("workflow save stores a file under the id of --id, of the file, or of its name", () =>
  withWorkflows(async ({ root, run }) => {
    const file = join(root, "draft.yaml");
    await Deno.writeTextFile(file, TRIAGE.replace("id: triage\n", ""));
    const byName = await run(["save", file]);
    assertEquals(byName.code, 0, byName.stderr);
    assertEquals(byName.stderr, `Saved ${join(root, "workflows", "draft.yaml")}\n`);
    const again = JSON.parse((await run(["save", file, "--json"])).stdout);
    assertEquals([again.id, again.changed], ["draft", false]);
    assertEquals((await run(["save", "-"], { stdin: TRIAGE })).code, 0);
    const noId = await run(["save", "-"], { stdin: TRIAGE.replace("id: triage\n", "") });
    assertEquals(noId.code, 2);
    assertStringIncludes(noId.stderr, "pass --id");
    assertEquals((await run(["save", "-", "--id", "other"], { stdin: TRIAGE })).code, 0);
    const { workflows } = JSON.parse((await run(["list", "--json"])).stdout);
    assertEquals(workflows.map(({ id }: { id: string }) => id), ["draft", "other", "triage"]);
  }));

Deno.test("workflow save reports problems, and refuses them on --strict", () =>
  withWorkflows(async ({ root, run }) => {
    const draft = "name: x\nnodes:\n  - { id: start, type: start }\n";
    const strict = await run(["save", "-", "--id", "x", "--strict"], { stdin: draft });
    assertEquals(strict.code, 1);
    assertEquals([...Deno.readDirSync(join(root, "workflows"))].length, 1);
    const { code, stderr } = await run(["save", "-", "--id", "x"], { stdin: draft });
    assertEquals(code, 0);
    assertStringIncludes(stderr, "Not valid yet: At least one end node is wanted, none found\n");
    const broken = await run(["save", "-", "--id", "y"], { stdin: "name: [" });
    assertEquals(broken.code, 1);
    assertStringIncludes(broken.stderr, 'Cannot read "-"');
    assertEquals((await run(["save", join(root, "none.yaml")])).code, 3);
    assertEquals((await run(["save", "-", "--id", "../x"], { stdin: draft })).code, 1);
  }));

Deno.test("workflow validate lists every problem and exits with 1", () =>
  withWorkflows(async ({ root, run }) => {
    assertEquals(await run(["validate"]), {
      code: 0,
      stdout: "ID      RESULT\ntriage  valid\n",
      stderr: "",
    });
    const file = join(root, "workflows", "draft.yaml");
    await Deno.writeTextFile(file, "name: x\nnodes: []\n");
    await Deno.writeTextFile(join(root, "workflows", "broken.yaml"), "name: [");
    const { code, stdout } = await run(["validate"]);
    assertEquals(code, 1);
    assertStringIncludes(
      stdout,
      "\ndraft   Exactly one start node is wanted, 0 found\ndraft   At ",
    );
    const json = await run(["validate", "triage", "draft", "--json"]);
    assertEquals(
      [json.code, JSON.parse(json.stdout).workflows.map(({ valid }: { valid: boolean }) => valid)],
      [1, [true, false]],
    );
    assertEquals((await run(["validate", "broken"])).code, 1);
    assertEquals((await run(["validate", "none"])).code, 3);
    assertEquals((await run(["validate", "--file", file])).code, 1);
    assertEquals((await run(["validate", "--file", "-"], { stdin: TRIAGE })).code, 0);
  }));

Deno.test("workflow edit opens the file in the editor, asks again while it cannot be read", () =>
  withWorkflows(async ({ root, run }) => {
    const editor = join(root, "editor");
    const file = join(root, "workflows", "triage.yaml");
    const { VISUAL: visual = "", EDITOR: usual = "" } = Deno.env.toObject();
    const script = (body: string) =>
      Deno.writeTextFile(editor, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    try {
      Deno.env.set("VISUAL", `${editor} --wait`);
      await script('test "$1" = --wait && sed -i "s/Sorts invoices/Sorts all/" "$2"');
      assertEquals((await run(["edit", "triage"])).stderr, `Edited ${file}\n`);
      assertEquals((await run(["restore", "triage", "before-edit"])).code, 0);
      assertEquals(await Deno.readTextFile(file), TRIAGE);
      assertEquals((await run(["edit", "triage"])).stderr, `Edited ${file}\n`);
      assertStringIncludes(await Deno.readTextFile(file), "# Sorts all\n");
      await script("true");
      assertEquals((await run(["edit", "triage"])).stderr, "Nothing changed\n");
      await script('echo "a: [" > "$2"');
      const broken = await run(["edit", "triage"], { terminal: true, stdin: "n\n" });
      assertEquals(broken.code, 1);
      assertStringIncludes(
        broken.stderr,
        "Edit it again? [y/N] The file stays as it is now, undo that with: ",
      );
      await script(`printf '%s' '${TRIAGE.replaceAll("'", "")}' > "$2"`);
      assertEquals((await run(["edit", "triage"])).code, 0);
      await script("exit 3");
      assertEquals((await run(["edit", "triage"])).code, 1);
      assertEquals((await run(["edit", "none"])).code, 3);
      Deno.env.set("VISUAL", "/no/such");
      const missing = await run(["edit", "triage"]);
      assertEquals(missing.code, 3);
      assertStringIncludes(missing.stderr, "set EDITOR");
      Deno.env.set("VISUAL", "");
      Deno.env.set("EDITOR", "");
      const without = await run(["edit", "triage"]);
      assertEquals(without.code, 2);
      assertStringIncludes(without.stderr, "vi needs a terminal, set EDITOR");
    } finally {
      Deno.env.set("VISUAL", visual);
      Deno.env.set("EDITOR", usual);
    }
  }));

Deno.test("workflow delete shows the files, asks, and deletes nothing unless all exist", () =>
  withWorkflows(async ({ root, run }) => {
    const file = join(root, "workflows", "triage.yaml");
    assertEquals((await run(["delete", "triage", "none", "--yes"])).code, 3);
    assertStringIncludes(
      (await run(["delete", "triage", "--dry-run"])).stderr,
      `Delete "${file}"\n`,
    );
    assertEquals((await run(["delete", "triage"])).code, 2);
    assert((await Deno.stat(file)).isFile);
    assertEquals((await run(["delete", "triage", "--yes"])).code, 0);
    assertEquals((await run(["list"])).stderr, "No workflows found\n");
  }));
