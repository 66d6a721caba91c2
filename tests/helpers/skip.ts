/**
 * Tests that need something this machine may lack.
 *
 * @module
 */

/** A thing a test needs, with the reason to skip the test when it is missing. */
export interface Requirement {
  /** Whether it is missing. */
  missing: boolean;
  /** Why the test is skipped, such as `needs go`. */
  reason: string;
}

/** Registers a test, skipped with the reason in its name when a requirement is missing. */
export function testNeeding(
  requirements: Requirement | Requirement[],
  name: string,
  run: (context: Deno.TestContext) => void | Promise<void>,
): void {
  const reasons = [requirements].flat().filter(({ missing }) => missing)
    .map(({ reason }) => reason);
  const ignore = reasons.length > 0;
  Deno.test({ name: ignore ? `${name} [skipped: ${reasons.join(", ")}]` : name, ignore, fn: run });
}

/** A program in the search path. */
export function program(name: string): Requirement {
  return { missing: !isInPath(name), reason: `needs the program ${name}` };
}

/** Linux as the operating system. */
export const linux: Requirement = { missing: Deno.build.os !== "linux", reason: "needs Linux" };

/** The superuser, who can mount and change owners. */
export const superuser: Requirement = { missing: Deno.uid() !== 0, reason: "needs root" };

/** Path or name of a SQLite library of this machine, for FFI. */
export const sqliteLibrary: string = Deno.env.get("DENO_SQLITE_PATH") ||
  ({ darwin: "/usr/lib/libsqlite3.dylib", windows: "winsqlite3.dll" }[Deno.build.os as string] ??
    "libsqlite3.so.0");

/** That library. */
export const ffi: Requirement = {
  missing: !isLibrary(sqliteLibrary),
  reason: `needs the library ${sqliteLibrary}`,
};

/** The folder of real inputs. */
export const realInputs: Requirement = {
  missing: !Deno.env.get("GOFLOW_FIXTURES"),
  reason: "needs GOFLOW_FIXTURES, a folder of real inputs",
};

/** The long run of `deno task soak`. */
export const soak: Requirement = {
  missing: !Deno.env.get("GOFLOW_SOAK"),
  reason: "needs GOFLOW_SOAK",
};

function isLibrary(name: string): boolean {
  try {
    Deno.dlopen(name, {}).close();
    return true;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

function isInPath(name: string): boolean {
  const separator = Deno.build.os === "windows" ? ";" : ":";
  const suffix = Deno.build.os === "windows" ? ".exe" : "";
  const folders = (Deno.env.get("PATH") ?? "").split(separator).filter((folder) => folder !== "");
  return folders.some((folder) => isFile(`${folder}/${name}${suffix}`));
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
      error instanceof Deno.errors.PermissionDenied
    ) {
      return false;
    }
    throw error;
  }
}
