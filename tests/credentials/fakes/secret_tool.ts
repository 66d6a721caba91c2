/**
 * Behaves as `secret-tool` over a Secret Service: arguments, limits, texts, statuses.
 *
 * Modes: `locked`, `hang`, `no-bus`, `no-service`, `denied`, `no-login`, `kwallet`, `broken`,
 * `slow-list`, `broken-list`, `stuck`, `short-buffer`, `vanishing` (somebody else deletes items
 * whose secret is this word when they were found), `dying` (the daemon ends when it is asked for
 * a secret that was found).
 *
 * @module
 */

import { type FakeProcess, toBytes } from "./items.ts";

const DYING = "Message recipient disconnected from message bus without replying";

/** Runs it. */
export function secretTool(process: FakeProcess): void {
  const { items } = process;
  const { mode } = items;
  const fail: (message: string, code?: number) => never = (message, code = 1) => {
    if (message !== "") process.print(`secret-tool: ${message}\n`, "stderr");
    process.exit(code);
  };

  const [command, ...args] = process.args;
  const options: string[] = [];
  const pairs: string[] = [];
  let plain = false;
  for (const arg of args) {
    if (!plain && arg === "--") plain = true;
    else if (!plain && arg.startsWith("-")) options.push(arg);
    else pairs.push(arg);
  }
  if (pairs.length === 0 || pairs.length % 2 === 1) fail("must specify attributes and values", 2);
  const attributes: Record<string, string> = {};
  for (let index = 0; index < pairs.length; index += 2) {
    attributes[pairs[index] ?? ""] = pairs[index + 1] ?? "";
  }
  if (process.locale !== "C.UTF-8") fail("Invalid byte sequence in conversion input", 2);

  switch (mode) {
    case "no-bus":
      fail("Cannot autolaunch D-Bus without X11 $DISPLAY");
      break;
    case "no-service":
      fail("The name org.freedesktop.secrets was not provided by any .service files");
      break;
    case "denied":
      fail("GDBus.Error:org.freedesktop.DBus.Error.AccessDenied: Rejected send message");
      break;
    case "broken":
      fail("Something nobody has seen before");
      break;
    case "broken-list":
    case "stuck":
      if (attributes["username"] === undefined) fail("Something nobody has seen before");
      break;
    case "hang":
      process.hang();
  }

  const matching = items.all().filter((item) =>
    Object.entries(attributes).every(([name, value]) => item.attributes[name] === value)
  );
  const nameOf = (of: Record<string, string>) => JSON.stringify(Object.entries(of).sort());

  const vanishing = mode === "vanishing" &&
    matching.find(({ secret }) => secret === "vanishing" || secret === "vanishing unread");
  if (vanishing && command !== "store") {
    items.delete(nameOf(vanishing.attributes));
    const path = "/org/freedesktop/secrets/collection/login/1";
    if (command !== "search" || vanishing.secret === "vanishing") {
      fail(`No such secret item at path: ${path}`);
    }
    process.print(`secret-tool: Object does not exist at path “${path}”\n`, "stderr");
  }

  switch (command) {
    case "store": {
      if (!options.some((option) => option.startsWith("--label="))) fail("must specify a label", 2);
      const secret = process.stdin;
      if (mode === "locked") fail("Cannot create an item in a locked collection");
      if (mode === "no-login" && options.some((option) => option.startsWith("--collection="))) {
        fail("Object does not exist at path “/org/freedesktop/secrets/collection/login”");
      }
      const buffer = mode === "short-buffer" ? 4096 : 8192;
      if (secret.length >= buffer) process.print("secret-tool: password is too long\n", "stderr");
      const replaced = matching[0];
      if (replaced) items.delete(nameOf(replaced.attributes));
      const modified = now();
      items.write(nameOf(attributes), {
        attributes,
        secret: secret.slice(0, buffer),
        created: replaced?.created ?? modified,
        modified,
      });
      break;
    }
    case "lookup": {
      if (mode === "locked") fail("");
      const item = matching[0];
      if (item === undefined) fail("");
      if (mode === "kwallet") fail("secret does not contain a textual password");
      if (mode === "dying") fail(DYING);
      process.print(item.secret);
      break;
    }
    case "clear":
      if (mode === "stuck") fail("Something nobody has seen before");
      if (mode === "locked" || matching.length === 0) fail("");
      for (const item of matching) items.delete(nameOf(item.attributes));
      break;
    case "search":
      if (mode === "slow-list" && attributes["username"] === undefined) process.hang();
      for (const [index, item] of matching.entries()) {
        process.print(`[/${index + 1}]\nlabel = an item\n`);
        if (mode === "locked") process.print("Cannot get secret of a locked object\n", "stderr");
        else if (mode === "dying") process.print(`secret-tool: ${DYING}\n`, "stderr");
        else if (item !== vanishing) process.print(`secret = ${item.secret}\n`);
        process.print(`created = ${item.created}\nmodified = ${item.modified}\n`);
        for (const [name, value] of Object.entries(item.attributes)) {
          process.print(`attribute.${name} = ${toBytes(value)}\n`, "stderr");
        }
      }
      break;
    default:
      fail(`usage: secret-tool store`, 2);
  }
}

/** The time as the tool prints it. */
function now(): string {
  return new Date().toISOString().replace("T", " ").slice(0, 19);
}
