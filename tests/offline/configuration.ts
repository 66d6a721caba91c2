/**
 * Chooses the configuration of a task: the project's own one where JSR's packages can be had,
 * the offline one with its stand-ins otherwise.
 *
 * `GOFLOW_JSR=online` or `GOFLOW_JSR=offline` forces either.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** Root of the project. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** A configuration file of the project. */
export interface Configuration {
  /** Absolute path of the file. */
  path: string;
  /** Whether `jsr:` specifiers lead to the stand-ins. */
  offline: boolean;
}

/** Chooses, and says so on standard error. */
export async function chooseConfiguration(): Promise<Configuration> {
  const [offline, reason] = await chooseOffline(Deno.env.get("GOFLOW_JSR"));
  const file = offline ? "tests/offline/deno.json" : "deno.json";
  console.error(`Configuration: ${file} (${reason})`);
  return { path: `${ROOT}${file}`, offline };
}

async function chooseOffline(
  forced: string | undefined,
): Promise<[boolean, string]> {
  if (forced === "online" || forced === "offline") {
    return [forced === "offline", `GOFLOW_JSR=${forced}`];
  }
  if (forced) {
    throw new Error(
      `Cannot use GOFLOW_JSR="${forced}": it is "online" or "offline"`,
    );
  }
  const packages = await jsrPackages();
  if (await areCached(packages)) {
    return [false, "the packages from JSR are cached"];
  }
  const answers = await Promise.all(packages.map(isOnJsr));
  if (answers.every(Boolean)) return [false, "JSR answers"];
  return [
    true,
    "JSR does not answer, stand-ins take the place of its packages",
  ];
}

/** The `jsr:` specifiers of the project. */
async function jsrPackages(): Promise<string[]> {
  const { imports } = JSON.parse(
    await Deno.readTextFile(`${ROOT}deno.json`),
  ) as {
    imports: Record<string, string>;
  };
  return Object.values(imports).filter((specifier) => specifier.startsWith("jsr:"));
}

/** Whether a module that imports all of them could be loaded without a network; it is not run. */
async function areCached(packages: string[]): Promise<boolean> {
  const module = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      module,
      packages.map((name) => `import "${name}";\n`).join(""),
    );
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: [
        "test",
        "--no-run",
        "--no-check",
        "--cached-only",
        "--no-config",
        "--no-lock",
        module,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } finally {
    await Deno.remove(module);
  }
}

async function isOnJsr(specifier: string): Promise<boolean> {
  const name = specifier.replace(/^jsr:/, "").replace(/(?<=.)@[^@/]*$/, "");
  const base = Deno.env.get("JSR_URL") ?? "https://jsr.io";
  try {
    const response = await fetch(new URL(`/${name}/meta.json`, base), {
      signal: AbortSignal.timeout(3000),
    });
    return response.ok && "versions" in await response.json();
  } catch (_unreachable) {
    return false;
  }
}
