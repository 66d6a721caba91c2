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
  if (await canLoad(packages, ["--cached-only"])) {
    return [false, "the packages from JSR are cached"];
  }
  if (await canLoad(packages, [])) return [false, "JSR answers"];
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

/** Whether a module that imports all of them can be loaded, in ten seconds at most; it is not run. */
async function canLoad(packages: string[], flags: string[]): Promise<boolean> {
  const module = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      module,
      packages.map((name) => `import "${name}";\n`).join(""),
    );
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-run", "--no-check", "--no-config", "--no-lock", ...flags, module],
      stdin: "null",
      stdout: "null",
      stderr: "null",
      signal: AbortSignal.timeout(10_000),
    }).output();
    return success;
  } finally {
    await Deno.remove(module);
  }
}
