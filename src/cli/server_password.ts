/**
 * Finds the password of a server where `psql` finds it, so that it need not be
 * an argument, which everybody on the machine can see.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import { readGrantedVariable } from "../permissions.ts";
import { fileError } from "./files.ts";

/**
 * Looks for a password: in `PGPASSWORD`, else in the file that `PGPASSFILE`
 * names, whose lines are `host:port:database:user:password`. Variables that may
 * not be read are passed over.
 *
 * @param url URL of the server; a password in it counts more.
 * @returns Options of a connection.
 * @throws {InvalidDataError} If others may read the file, or a variable is not UTF-8.
 */
export function environmentPassword(url: string): { password?: string } {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.password !== "") return {};
  const password = readGrantedVariable("PGPASSWORD") ||
    filePassword(parsed, readGrantedVariable("PGPASSFILE"));
  return password === undefined ? {} : { password };
}

function filePassword(url: URL, path: string | undefined): string | undefined {
  if (!path) return undefined;
  const action = `Cannot use the file of passwords "${path}"`;
  let text: string;
  try {
    const { mode } = Deno.statSync(path);
    if (Deno.build.os !== "windows" && (mode ?? 0) & 0o077) {
      throw new InvalidDataError(`${action}: others may read it, wanted is the mode 0600`);
    }
    text = Deno.readTextFileSync(path);
  } catch (cause) {
    throw cause instanceof InvalidDataError ? cause : fileError(cause, action, path);
  }
  const user = decodeURIComponent(url.username);
  const wanted = [
    url.searchParams.get("host") ?? url.hostname,
    url.port || "5432",
    decodeURIComponent(url.pathname.slice(1)) || user,
    user,
  ];
  for (const line of text.split(/\r?\n/)) {
    if (line === "" || line.startsWith("#")) continue;
    const fields = fieldsOf(line);
    const fits = wanted.every((value, i) => fields[i] === "*" || fields[i] === value);
    if (fits && fields.length >= 5) return fields[4];
  }
  return undefined;
}

/** Fields end at a colon; a backslash makes the next character plain. */
function fieldsOf(line: string): string[] {
  return [...line.matchAll(/((?:\\.|[^:\\])*)(?::|$)/g)]
    .map(([, field = ""]) => field.replace(/\\(.)/g, "$1"));
}
