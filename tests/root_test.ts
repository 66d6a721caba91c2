import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { type ChildOptions, runCode } from "./helpers/child.ts";
import { linux, testNeeding } from "./helpers/skip.ts";

/** Runs resolveRoot() in a child and returns what it printed. */
async function resolveInChild(options: ChildOptions, argument = ""): Promise<string> {
  const { stdout, stderr } = await runCode(
    `import { resolveRoot } from "./src/root.ts";
    try {
      console.log(resolveRoot(${argument}));
    } catch (error) {
      console.log(error.name, error.flag ?? "", error.message);
    }`,
    options,
  );
  assertEquals(stderr, "");
  return stdout.trim();
}

Deno.test("resolveRoot() takes GOFLOW_CONFIG_DIR before the home folder", async () => {
  const flags = ["--allow-env=HOME,USERPROFILE,GOFLOW_CONFIG_DIR"];
  const env = { HOME: "/home/zoe", USERPROFILE: "/home/zoe" };
  assertEquals(
    await resolveInChild({ flags, env: { ...env, GOFLOW_CONFIG_DIR: "/srv/goflow" } }),
    "/srv/goflow",
  );
  assertEquals(
    await resolveInChild({ flags, env: { ...env, GOFLOW_CONFIG_DIR: "" } }),
    join("/home/zoe", ".goflow"),
  );
});

Deno.test("resolveRoot() takes a relative path from the current folder", async () => {
  const cwd = await Deno.realPath(await Deno.makeTempDir());
  const flags = ["--allow-env=HOME,USERPROFILE,GOFLOW_CONFIG_DIR", "--allow-read"];
  const env = { GOFLOW_CONFIG_DIR: "data/../my data/" };
  assertEquals(await resolveInChild({ flags, env, cwd }), join(cwd, "my data"));
  assertEquals(await resolveInChild({ flags, cwd }, '"."'), cwd);
  await Deno.remove(cwd);
});

Deno.test("resolveRoot() of an absolute path needs no permission", async () => {
  assertEquals(await resolveInChild({}, '"/srv/data"'), "/srv/data");
});

Deno.test("resolveRoot() names the flag when the environment may not be read", async () => {
  assertEquals(
    await resolveInChild({}),
    "PermissionDeniedError --allow-env=HOME,GOFLOW_CONFIG_DIR Cannot find the GoFlow folder: " +
      "env permission is missing, run again with --allow-env=HOME,GOFLOW_CONFIG_DIR",
  );
});

Deno.test("resolveRoot() says what to set when nothing names a folder", async () => {
  const printed = await resolveInChild({
    flags: ["--allow-env=HOME,USERPROFILE,GOFLOW_CONFIG_DIR"],
    env: { HOME: "", USERPROFILE: "", GOFLOW_CONFIG_DIR: "" },
  });
  assertEquals(printed.startsWith("InvalidDataError"), true, printed);
});

Deno.test("resolveRoot() refuses what is no text", async () => {
  for (const argument of ['new URL("file:///srv")', "5", "null"]) {
    const output = await resolveInChild({}, `${argument} as never`);
    assertEquals(output.startsWith("InvalidDataError  Cannot use"), true, output);
  }
});

Deno.test("resolveRoot() refuses an empty path", async () => {
  assertEquals((await resolveInChild({}, '""')).startsWith("InvalidDataError"), true);
});

testNeeding(
  linux,
  "resolveRoot() refuses a folder that is not UTF-8, and does not show it",
  async () => {
    const flags = ["--allow-env=HOME,GOFLOW_CONFIG_DIR"];
    for (const name of ["HOME", "GOFLOW_CONFIG_DIR"]) {
      assertEquals(
        await resolveInChild({
          flags,
          env: { GOFLOW_CONFIG_DIR: "" },
          invalid: { [name]: "/home/zoe" },
        }),
        `InvalidDataError  Cannot read variable "${name}": its value is not UTF-8 text`,
      );
    }
  },
);
