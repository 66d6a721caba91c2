import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { configFlags, PROJECT } from "../helpers/child.ts";
import { type Requirement, testNeeding } from "../helpers/skip.ts";
import { compileArguments, FLAGS, TARGETS } from "../offline/compile.ts";
import { withRoot } from "./cli.ts";

/** The part of Deno that a binary contains; `DENORT_BIN` names one at hand. */
const runtime: Requirement = {
  missing: !Deno.env.get("DENORT_BIN") && !await canDownload(),
  reason: "needs DENORT_BIN or access to dl.deno.land",
};

async function canDownload(): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(2000);
    const response = await fetch("https://dl.deno.land/release-latest.txt", { signal });
    await response.body?.cancel();
    return response.ok;
  } catch (_unreachable) {
    return false;
  }
}

testNeeding(
  runtime,
  "deno compile makes a binary that needs nothing else",
  () =>
    withRoot(async (folder) => {
      const binary = join(folder, "goflow-storage");
      const args = compileArguments(configFlags()[1] ?? "deno.json");
      args[args.indexOf("--output") + 1] = binary;
      const compile = await new Deno.Command(Deno.execPath(), { args, cwd: PROJECT }).output();
      assertEquals(compile.code, 0, new TextDecoder().decode(compile.stderr));
      const root = join(folder, "root");
      const run = async (...args: string[]) => {
        // Neither a cache nor a network is at hand.
        const env = { HOME: folder, DENO_DIR: join(folder, "none"), GOFLOW_CONFIG_DIR: root };
        const { code, stdout, stderr } = await new Deno.Command(binary, { args, env, cwd: folder })
          .output();
        const decoder = new TextDecoder();
        return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
      };
      assertStringIncludes((await run("--help")).stdout, "Usage: goflow-storage");
      const example = await run("example", "--root", root);
      assertEquals(example.code, 0, example.stdout);
      for (const call of ["workflow list", "execution list", "execution stats", "db check"]) {
        const { code, stderr } = await run(...call.split(" "));
        assertEquals([call, code], [call, 0], stderr);
      }
    }),
);

Deno.test("the README names the flags and the systems of the compiled binary", async () => {
  const readme = await Deno.readTextFile(join(PROJECT, "README.md"));
  assertStringIncludes(readme, `deno compile ${FLAGS.join(" ")} `);
  for (const target of TARGETS) assertStringIncludes(readme, target);
});
