import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { configFlags, PROJECT } from "../helpers/child.ts";
import { type Requirement, testNeeding } from "../helpers/skip.ts";
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
      const compile = await new Deno.Command(Deno.execPath(), {
        args: ["compile", "-q", ...configFlags(), "-A", "-o", binary, "src/cli/main.ts"],
        cwd: PROJECT,
      }).output();
      assertEquals(compile.code, 0, new TextDecoder().decode(compile.stderr));
      const run = async (...args: string[]) => {
        const env = { HOME: folder, DENO_DIR: join(folder, "none") };
        const { code, stdout } = await new Deno.Command(binary, { args, env, cwd: folder })
          .output();
        return { code, stdout: new TextDecoder().decode(stdout) };
      };
      assertStringIncludes((await run("--help")).stdout, "Usage: goflow-storage");
      const example = await run("example", "--root", join(folder, "root"));
      assertEquals(example.code, 0, example.stdout);
    }),
);
