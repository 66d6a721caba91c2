/**
 * Runs the tests and the examples of the README and the doc comments, and sums up. With arguments,
 * which go to `deno test`, one run of the tests alone.
 *
 * @module
 */

import { runDeno } from "./child.ts";
import { chooseConfiguration, ROOT } from "./configuration.ts";
import { typescriptFiles } from "./files.ts";

const { path } = await chooseConfiguration();
const scratch = await Deno.makeTempDir({ prefix: "goflow-test-" });
const total = { passed: 0, failed: 0, skipped: 0 };
try {
  if (Deno.args.length > 0) await run("tests", Deno.args);
  else await runAll();
} finally {
  await Deno.remove(scratch, { recursive: true });
}
console.log(
  `${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`,
);
Deno.exit(total.failed === 0 ? 0 : 1);

/**
 * One process for each folder of tests, two at a time, since most of them wait for other
 * processes; the largest first, so that no lane ends long after the other.
 */
async function runAll(): Promise<void> {
  const files = typescriptFiles("tests").filter((file) => file.endsWith("_test.ts"));
  if (await runDeno(["check", "-q", "--config", path, ...files], { cwd: ROOT }) !== 0) {
    total.failed++;
    return;
  }
  const folders = [...Map.groupBy(files, (file) => file.replace(/\/[^/]*$/, ""))]
    .sort(([, some], [, others]) => others.length - some.length);
  const jobs = [
    ...folders.map(([folder, files]) => () => {
      console.error(`Running ${files.length} files of ${folder}`);
      return run(folder.replaceAll("/", "-"), ["--no-check", ...files], "whole");
    }),
    () => {
      console.error("Running the examples of the documentation");
      return run("examples", ["--doc", "README.md", ...filesWithExamples()], "whole");
    },
  ];
  const lane = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await job();
  };
  await Promise.all([lane(), lane()]);
}

/** Runs tests; the output comes as it is written, or as a whole in the end. */
async function run(name: string, args: string[], output?: "whole"): Promise<void> {
  const report = `${scratch}/${name}.xml`;
  const code = await runDeno(
    ["test", "--config", path, "-A", "--no-prompt", `--junit-path=${report}`, ...args],
    // The default root, so that nothing here can touch the data of the user.
    { cwd: ROOT, env: { GOFLOW_CONFIG_DIR: `${scratch}/root` }, output },
  );
  add(code, await readReport(report));
}

/** Modules with an example; the command line's main module would run when loaded. */
function filesWithExamples(): string[] {
  return typescriptFiles("mod.ts", "src").filter((file) =>
    !file.startsWith("src/cli/") &&
    Deno.readTextFileSync(ROOT + file).includes("* ```ts")
  );
}

/** A run that ends early, on a type error or a crash, may write no report. */
async function readReport(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function add(code: number, report: string): void {
  const tests = report.match(/<testcase /g)?.length ?? 0;
  const skipped = report.match(/<skipped\/>/g)?.length ?? 0;
  const failed = report.match(/<failure /g)?.length ?? 0;
  total.passed += tests - skipped - failed;
  total.skipped += skipped;
  total.failed += failed === 0 && code !== 0 ? 1 : failed;
}
