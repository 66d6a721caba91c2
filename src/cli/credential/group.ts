/**
 * The commands on credentials.
 *
 * @module
 */

import type { Argument, Group, Option } from "../command.ts";

const TENANT: Option = {
  name: "tenant",
  value: "NAME",
  summary: "the isolated credentials of a tenant",
};
const KEYRING: Option = {
  name: "keyring",
  value: "KEYRING",
  choices: ["system", "vault"],
  summary:
    "where credentials lie: the system's keyring, or the file credentials.vault (default: system)",
};
const PASSPHRASE_FILE: Option = {
  name: "passphrase-file",
  value: "FILE",
  summary: "file whose first line is the passphrase of the vault (default: ask)",
};
/** Which credentials a command works on. */
const WHERE: readonly Option[] = [TENANT, KEYRING, PASSPHRASE_FILE];
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
const KEY: Argument = {
  name: "KEY",
  summary: 'name of the credential, for a server "<server-id>:<key>"',
  candidates: "credential list -q",
};

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
        "One line end at the end of standard input is not part of the value; input without any\n" +
        "byte is refused.",
      arguments: [KEY],
      options: [STDIN, EXPIRES, ROTATE_AFTER, ...WHERE, {
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
        ...WHERE,
      ],
      examples: [["credential get github:token | gh auth login --with-token", "pass it on"]],
      run: async (context) => (await import("./value.ts")).getCredential(context),
    },
    {
      name: "list",
      summary: "list the keys, never values",
      options: WHERE,
      output: "records",
      ids: true,
      examples: [["credential list --json", "for scripts"]],
      run: async (context) => (await import("./describe.ts")).listCredentials(context),
    },
    {
      name: "describe",
      summary: "show what is known of a credential, without its value",
      arguments: [KEY],
      options: WHERE,
      output: "record",
      examples: [["credential describe github:token", "times, version and size"]],
      run: async (context) => (await import("./describe.ts")).describeCredential(context),
    },
    {
      name: "delete",
      summary: "delete credentials",
      arguments: [{ ...KEY, multiple: true }],
      options: WHERE,
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
        ...WHERE,
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
        ...WHERE,
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
        KEYRING,
        PASSPHRASE_FILE,
      ],
      output: "records",
      destructive: true,
      examples: [
        ["credential tenants", "who has credentials"],
        ["credential tenants --delete acme", "ask, then delete"],
      ],
      run: async (context) => (await import("./remove.ts")).tenants(context),
    },
    {
      name: "copy",
      summary: "copy credentials to another keyring or tenant, and read each back",
      arguments: [{
        ...KEY,
        summary: `${KEY.summary} (default: all)`,
        optional: true,
        multiple: true,
      }],
      options: [
        {
          name: "to",
          value: "KEYRING",
          choices: ["system", "vault"],
          summary: "keyring to copy to (default: the one they are in)",
        },
        { name: "to-tenant", value: "NAME", summary: "tenant to copy to (default: none)" },
        { name: "overwrite", summary: "replace other values under the same keys" },
        ...WHERE,
      ],
      output: "record",
      examples: [
        ["credential copy --to vault", "before the system's keyring goes away"],
        ["credential copy github:token --to-tenant acme", "one, for a tenant"],
      ],
      run: async (context) => (await import("./copy.ts")).copyCredentials(context),
    },
    {
      name: "passphrase",
      summary: "change the passphrase of the vault",
      options: [PASSPHRASE_FILE],
      examples: [["credential passphrase", "ask for the old and the new one"]],
      run: async (context) => (await import("./copy.ts")).changePassphrase(context),
    },
  ],
};
