/**
 * All commands. A group is loaded when one of its commands is called.
 *
 * @module
 */

import type { Command, Group } from "./command.ts";

/** A command or group by name. */
export interface Entry {
  /** Name, one word. */
  name: string;
  /** What it does, in lower case, without a final period. */
  summary: string;
  /** Loads it. */
  load(): Promise<Command | Group>;
}

/** All commands, in the order of the help. */
export const ENTRIES: readonly Entry[] = [
  {
    name: "workflow",
    summary: "workflows, one YAML file each",
    load: async () => (await import("./workflow/group.ts")).workflowGroup,
  },
  {
    name: "template",
    summary: "workflow templates with parameters",
    load: async () => (await import("./template/group.ts")).templateGroup,
  },
  {
    name: "execution",
    summary: "runs of workflows, in SQLite",
    load: async () => (await import("./execution/group.ts")).executionGroup,
  },
  {
    name: "credential",
    summary: "credentials in the keyring of the system",
    load: async () => (await import("./credential/group.ts")).credentialGroup,
  },
  {
    name: "db",
    summary: "the database of executions",
    load: async () => (await import("./db/group.ts")).dbGroup,
  },
  {
    name: "example",
    summary: "show each store at work in a fresh folder",
    load: async () => (await import("./example.ts")).exampleCommand,
  },
  {
    name: "verify",
    summary: "check that each store works on this machine",
    load: async () => (await import("./verify.ts")).verifyCommand,
  },
  {
    name: "doctor",
    summary: "check this machine and this data folder, and name the cure of each finding",
    load: async () => (await import("./doctor/command.ts")).doctorCommand,
  },
  {
    name: "completions",
    summary: "print completions for a shell",
    load: async () => (await import("./completions/command.ts")).completionsCommand,
  },
  {
    name: "help",
    summary: "explain a command",
    load: async () => (await import("./help.ts")).helpCommand,
  },
];
