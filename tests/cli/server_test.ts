import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { environmentPassword } from "../../src/cli/server_password.ts";
import { everything, fill } from "../copy/sample_storage.ts";
import { openStorage } from "../../src/storage.ts";
import { type DatabaseFixture, testPostgres } from "../postgres/databases.ts";
import { runCode } from "../helpers/child.ts";
import { linux, testNeeding } from "../helpers/skip.ts";
import { cli, type CliResult, withRoot } from "./cli.ts";

/** Runs a test with a folder, a server, and `GOFLOW_DATABASE_URL` not set. */
function testServer(
  name: string,
  run: (server: string, root: string, fixture: DatabaseFixture) => Promise<void>,
): void {
  testPostgres(name, (fixture) =>
    withRoot(async (root) => {
      await run(`${fixture.url}?schema=${fixture.schema}`, root, fixture);
    }));
}

/** Runs a command that has to succeed. */
async function done(...args: string[]): Promise<CliResult> {
  const result = await cli(args);
  assertEquals(result.code, 0, `${args[0]} ${args[1]}: ${result.stderr}`);
  return result;
}

/** Runs a function with a variable of the environment. */
async function withVariable<T>(name: string, value: string, run: () => Promise<T>): Promise<T> {
  Deno.env.set(name, value);
  try {
    return await run();
  } finally {
    Deno.env.delete(name);
  }
}

testServer("commands on workflows, templates and runs work on a server", async (server, root) => {
  const url = ["--url", server];
  const file = join(root, "greet.yaml");
  const text = "name: greet\nversion: '1'\n";
  await Deno.writeTextFile(file, text);
  assertStringIncludes((await done("workflow", "save", file, ...url)).stderr, "workflows/greet");
  await done("--url", server, "workflow", "tag", "greet", "v1");
  await Deno.writeTextFile(file, text.replace("'1'", "'2'"));
  await done("workflow", "save", file, ...url);
  assertStringIncludes((await done("workflow", "show", "greet", ...url)).stdout, 'version: "2"');
  assertEquals((await done("workflow", "list", "-q", ...url)).stdout, "greet\n");
  assertStringIncludes(
    (await done("workflow", "diff", "greet", "v1", ...url)).stdout,
    "+version: ",
  );
  await done("workflow", "delete", "greet", "--yes", ...url);
  await done("workflow", "restore", "greet", "v1", ...url);
  assertStringIncludes((await done("workflow", "show", "greet", ...url)).stdout, 'version: "1"');
  const template = join(root, "t.yaml");
  await Deno.writeTextFile(template, "name: t # a template\nparameters: []\nworkflow_spec: {}\n");
  await done("template", "save", template, ...url);
  assertStringIncludes((await done("template", "show", "t", ...url)).stdout, "name: t\n");

  await using storage = await openStorage({ root });
  await fill(storage);
  const runs = join(root, "runs.ndjson");
  await done("execution", "export", "-o", runs, "--root", root);
  await done("execution", "import", runs, ...url);
  const list = JSON.parse((await done("execution", "list", "--json", ...url)).stdout);
  assertEquals(list.executions.length, 7);
  const { id } = list.executions[0];
  await done("execution", "label", id, "nightly", ...url);
  assertStringIncludes((await done("execution", "show", id, ...url)).stdout, "nightly");
  assertStringIncludes((await done("execution", "stats", ...url)).stdout, "7");
  const info = JSON.parse((await done("db", "info", "--json", ...url)).stdout);
  assertEquals([info.executions, info.workflows], [7, 1]);
});

testServer("db copy moves a folder to a server and back", async (server, root) => {
  const from = join(root, "from");
  {
    await using storage = await openStorage({ root: from });
    await fill(storage);
  }
  const names = () => [...Deno.readDirSync(from)].map(({ name }) => name).sort();
  const before = names();
  const { stderr } = await done("db", "copy", "--root", from, "--to", server);
  assertEquals(stderr.split("\n"), [
    "7 workflows: 7 copied",
    "2 templates: 2 copied",
    "7 executions: 7 copied",
    "",
  ]);
  assertEquals(names(), before);
  const back = join(root, "back");
  // The password is in the environment alone.
  const again = await withVariable(
    "GOFLOW_DATABASE_URL",
    server,
    () => done("db", "copy", "--to", back, "--json"),
  );
  assertEquals(JSON.parse(again.stdout).executions, {
    total: 7,
    copied: 7,
    unchanged: 0,
    replaced: 0,
    failed: [],
  });
  await using one = await openStorage({ root: from });
  await using other = await openStorage({ root: back });
  assertEquals(await everything(other), await everything(one));
  const third = await cli(["db", "copy", "--from", from, "--root", back]);
  assertStringIncludes(third.stderr, "7 workflows: 0 copied, 7 there already");

  await other.workflows.update("greet", (w) => void (w.description = "theirs"));
  const conflict = await cli(["db", "copy", "--from", from, "--root", back]);
  assertEquals(conflict.code, 4, conflict.stderr);
  assertStringIncludes(conflict.stderr, "1 not copied");
  await done("db", "copy", "--from", from, "--root", back, "--replace");
});

testServer(
  "a server is refused where only a folder will do, and said why",
  async (server, root) => {
    const usage = async (...args: string[]) => {
      const { code, stderr } = await cli(args);
      assertEquals(code, 2, stderr);
      return stderr;
    };
    assertStringIncludes(await usage("db", "backup", "x", "--url", server), "a folder alone");
    assertStringIncludes(await usage("credential", "list", "--url", server), "this machine alone");
    assertStringIncludes(
      await usage("workflow", "list", "--url", server, "--root", root),
      "exclude each other",
    );
    assertStringIncludes(
      await usage("execution", "list", "--url", server, "--driver", "ffi"),
      "a server has its own",
    );
    await usage("db", "copy", "--url", server);
    await withVariable("GOFLOW_DATABASE_URL", server, async () => {
      assertStringIncludes(await usage("db", "check"), "GOFLOW_DATABASE_URL names a server");
      assertStringIncludes(await usage("workflow", "edit", "greet"), "GOFLOW_DATABASE_URL");
      // A folder that is named counts more.
      assertEquals((await cli(["workflow", "list", "-q", "--root", root])).code, 0);
      assertEquals((await cli(["completions", "bash"])).code, 0);
    });
    const missing = await cli(["db", "copy", "--from", join(root, "nothing"), "--url", server]);
    assertEquals(missing.code, 3);
  },
);

testServer("no message holds the password", async (_server, root, { url }) => {
  const secret = new URL(url).password;
  const outputs: string[] = [];
  for (
    const wrong of [
      url.replace(secret, `${secret}x`),
      url.replace(/:\d+\//, ":1/"),
      `${url}?sslmode=odd`,
      `${url}%zz`,
      url.replace("127.0.0.1", "no.such.host.invalid"),
    ]
  ) {
    for (const args of [["workflow", "list"], ["execution", "list"], ["db", "info", "--json"]]) {
      const { code, stdout, stderr } = await cli([...args, "--url", wrong]);
      assert([1, 2, 5].includes(code), `${code} ${stderr}`);
      outputs.push(stdout + stderr);
    }
    const copy = await cli(["db", "copy", "--root", root, "--to", wrong]);
    assert(copy.code !== 0);
    outputs.push(copy.stdout + copy.stderr);
  }
  assert(!outputs.join("").includes(secret));
});

testServer("the password is taken from where psql takes it", async (server, root) => {
  const url = new URL(server);
  const { password, port } = url;
  url.password = "";
  const list = () => cli(["workflow", "list", "--url", url.href]);
  const none = await list();
  assertEquals(none.code, 5, none.stderr);
  await withVariable("PGPASSWORD", password, async () => assertEquals((await list()).code, 0));
  const file = join(root, "pgpass");
  const line = `127.0.0.1:${port}:*:goflow:${password}\n`;
  await Deno.writeTextFile(file, `# mine\nother:5432:*:*:x\n${line}`, { mode: 0o600 });
  await withVariable("PGPASSFILE", file, async () => {
    assertEquals((await list()).code, 0);
    await Deno.chmod(file, 0o644);
    const { code, stderr } = await list();
    assertEquals(code, 1);
    assertStringIncludes(stderr, "wanted is the mode 0600");
  });
  await Deno.writeTextFile(file, "h:5432:d:u:a\\:b\\\\c\\:\n");
  await Deno.chmod(file, 0o600);
  const found = await withVariable(
    "PGPASSFILE",
    file,
    () => Promise.resolve(environmentPassword("postgres://u@h/d")),
  );
  assertEquals(found, { password: "a:b\\c:" });
});

Deno.test("db copy takes a misspelt URL for no folder", () =>
  withRoot(async (root) => {
    for (const url of ["mysql://me:pw@db/x", "postgress://db/x", "HTTP://db"]) {
      const { code, stderr } = await cli(["db", "copy", "--root", root, "--to", url]);
      assertEquals(code, 1);
      assertStringIncludes(stderr, "wanted is a URL such as");
    }
  }));

testNeeding(linux, "a password that is not UTF-8 is refused and not shown", async () => {
  const code = `
    import { environmentPassword } from "./src/cli/server_password.ts";
    environmentPassword("postgres://u@h/d");`;
  const invalid = { PGPASSWORD: "hunter2" };
  const { stderr } = await runCode(code, { flags: ["--allow-env"], invalid });
  assertStringIncludes(stderr, 'Cannot read variable "PGPASSWORD": its value is not UTF-8 text');
  assert(!stderr.includes("hunter2"));
});
