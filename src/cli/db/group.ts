/**
 * The commands on the database.
 *
 * @module
 */

import { DRIVER_OPTION, type Group } from "../command.ts";

/** The database of executions. */
export const dbGroup: Group = {
  name: "db",
  summary: "the database of executions",
  commands: [
    {
      name: "info",
      summary: "show driver, version, journal mode, schema and size",
      options: [DRIVER_OPTION],
      output: "record",
      storage: "any",
      examples: [["db info", "what is in use, and why"]],
      run: async (context) => (await import("./info.ts")).showInfo(context),
    },
    {
      name: "check",
      summary: "look for damage, and for rows that refer to nothing",
      details:
        "Go leaves such rows behind when it deletes runs. Exits with 1 when something is wrong.",
      options: [
        { name: "full", summary: "compare every index with its table too, which takes long" },
        { name: "repair", summary: "rebuild indexes, delete or clear rows that refer to nothing" },
        DRIVER_OPTION,
      ],
      output: "record",
      destructive: true,
      storage: "folder",
      examples: [["db check", "quick"], ["db check --full --repair", "thorough"]],
      run: async (context) => (await import("./check.ts")).checkDatabase(context),
    },
    {
      name: "backup",
      summary: "copy the database while it is in use, and check the copy",
      arguments: [{ name: "FILE", summary: "the copy; must not exist" }],
      options: [DRIVER_OPTION],
      output: "record",
      storage: "folder",
      examples: [["db backup goflow-backup.db", "a file of mode 0600"]],
      run: async (context) => (await import("./copy.ts")).backUpDatabase(context),
    },
    {
      name: "restore",
      summary: "replace everything in the database by a copy, which is checked first",
      details: "Others may have the database open; they see the old content or the new one.",
      arguments: [{ name: "FILE", summary: "the copy" }],
      options: [DRIVER_OPTION],
      destructive: true,
      storage: "folder",
      examples: [["db restore goflow-backup.db", "ask, then replace"]],
      run: async (context) => (await import("./copy.ts")).restoreDatabase(context),
    },
    {
      name: "compact",
      summary: "give the space of deleted rows back",
      details: "A database that Go made is rewritten in place, which needs --allow-all of Deno.",
      options: [DRIVER_OPTION],
      output: "record",
      storage: "folder",
      examples: [["db compact", "after a large prune"]],
      run: async (context) => (await import("./copy.ts")).compactDatabase(context),
    },
    {
      name: "migrate",
      summary: "bring the schema to the newest version",
      details: "The other commands do so too, except db info.",
      options: [DRIVER_OPTION],
      output: "record",
      storage: "folder",
      examples: [["db migrate", "a database that Go made"]],
      run: async (context) => (await import("./copy.ts")).migrateDatabase(context),
    },
    {
      name: "copy",
      summary: "copy everything between a folder and a server, or between two of them",
      details:
        "Workflows with their history and tags, templates, and runs with all their parts; then\n" +
        "both sides are compared. One side is --from or --to, the other is --root, --url or\n" +
        "GOFLOW_DATABASE_URL. What was stopped goes on with the next call. Exits with 4 when\n" +
        "the target holds something else under an id. Put a password into GOFLOW_DATABASE_URL,\n" +
        "PGPASSWORD or the file that PGPASSFILE names: arguments can be seen by others.",
      options: [
        { name: "from", value: "PLACE", summary: "folder or URL to copy from" },
        { name: "to", value: "PLACE", summary: "folder or URL to copy to" },
        { name: "replace", summary: "replace what the target holds under the same id" },
      ],
      output: "record",
      storage: "any",
      examples: [
        ["db copy --to postgres://goflow@db.example/goflow", "move ~/.goflow to a server"],
        ["db copy --url postgres://goflow@db.example/goflow --to backup", "and back to a folder"],
      ],
      run: async (context) => (await import("./transfer.ts")).copyDatabase(context),
    },
    {
      name: "salvage",
      summary: "copy what is readable of a damaged database into a new one",
      details:
        "The damaged one is not changed; nobody should have it open. Exits with 1 when rows\n" +
        "could not be read.",
      arguments: [{ name: "FILE", summary: "the new database; must not exist" }],
      options: [DRIVER_OPTION],
      output: "record",
      storage: "folder",
      examples: [["db salvage saved.db", "look at it before it takes the old one's place"]],
      run: async (context) => (await import("./copy.ts")).salvageDatabase(context),
    },
  ],
};
