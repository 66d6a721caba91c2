/**
 * The commands on credentials.
 *
 * @module
 */

import type { Group, Option } from "../command.ts";

const TENANT: Option = {
  name: "tenant",
  value: "NAME",
  summary: "the isolated credentials of a tenant",
};
const STDIN: Option = { name: "stdin", summary: "read the value from standard input" };
const EXPIRES: Option = {
  name: "expires",
  value: "TIME",
  summary: "when the value stops being valid, such as 90d or 2099-12-31",
};
const ROTATE_AFTER: Option = {
  name: "rotate-after",
  value: "DURATION",
  summary: "when the value is due for rotation, such as 30d",
};
const KEY = { name: "KEY", summary: 'name of the credential, for a server "<server-id>:<key>"' };

/** Credentials in the keyring. */
export const credentialGroup: Group = {
  name: "credential",
  summary: "credentials in the keyring of the system",
  commands: [
    {
      name: "set",
      summary: "store a credential",
      details:
        "The value is asked for without echo, or read from standard input, never from an argument.\n" +
        "One line end at the end of standard input is not part of the value.",
      arguments: [KEY],
      options: [STDIN, EXPIRES, ROTATE_AFTER, TENANT, {
        name: "yes",
        short: "y",
        summary: "replace a credential that exists",
      }],
      examples: [
        ["credential set github:token", "ask for the value"],
        ["credential set github:token --stdin --yes --expires 90d < token", "from a file"],
      ],
      run: async (context) => (await import("./value.ts")).setCredential(context),
    },
    {
      name: "get",
      summary: "print a credential",
      details: "Prints to a terminal only with --reveal; to a pipe or file exactly the value.",
      arguments: [KEY],
      options: [
        { name: "reveal", summary: "print to a terminal too" },
        { name: "allow-expired", summary: "print an expired value too" },
        { name: "previous", summary: "print the value before the last rotation" },
        TENANT,
      ],
      examples: [["credential get github:token | gh auth login --with-token", "pass it on"]],
      run: async (context) => (await import("./value.ts")).getCredential(context),
    },
    {
      name: "list",
      summary: "list the keys, never values",
      options: [TENANT],
      output: "records",
      examples: [["credential list --json", "for scripts"]],
      run: async (context) => (await import("./describe.ts")).listCredentials(context),
    },
    {
      name: "describe",
      summary: "show what is known of a credential, without its value",
      arguments: [KEY],
      options: [TENANT],
      output: "record",
      examples: [["credential describe github:token", "times, version and size"]],
      run: async (context) => (await import("./describe.ts")).describeCredential(context),
    },
    {
      name: "delete",
      summary: "delete credentials",
      arguments: [{ ...KEY, multiple: true }],
      options: [TENANT],
      destructive: true,
      examples: [["credential delete github:token", "ask, then delete"]],
      run: async (context) => (await import("./remove.ts")).deleteCredentials(context),
    },
    {
      name: "rotate",
      summary: "replace a credential, and keep the old value for a while",
      details:
        "With --verify a program gets the new value on its standard input; the old value stays in\n" +
        "use unless it exits with 0.",
      arguments: [KEY],
      options: [
        STDIN,
        { name: "verify", value: "PROGRAM", summary: "program that tries the new value" },
        {
          name: "keep",
          value: "DURATION",
          summary: "how long the old value is kept (default: 1d)",
        },
        { name: "roll-back", summary: "put the old value back instead" },
        EXPIRES,
        ROTATE_AFTER,
        TENANT,
      ],
      examples: [
        ["credential rotate github:token --verify ./check-token", "ask, try, replace"],
        ["credential rotate github:token --roll-back", "back to the old value"],
      ],
      run: async (context) => (await import("./rotate.ts")).rotateCredential(context),
    },
    {
      name: "expiring",
      summary: "list the credentials that expire or are due for rotation",
      options: [
        { name: "within", value: "DURATION", summary: "how soon (default: 30d)" },
        TENANT,
      ],
      output: "records",
      examples: [["credential expiring --within 7d", "what needs care this week"]],
      run: async (context) => (await import("./describe.ts")).listExpiring(context),
    },
    {
      name: "tenants",
      summary: "list the tenants, or delete one",
      options: [
        { name: "delete", value: "NAME", summary: "delete this tenant with all its credentials" },
      ],
      output: "records",
      destructive: true,
      examples: [
        ["credential tenants", "who has credentials"],
        ["credential tenants --delete acme", "ask, then delete"],
      ],
      run: async (context) => (await import("./remove.ts")).tenants(context),
    },
  ],
};
