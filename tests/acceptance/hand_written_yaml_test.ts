/**
 * One edit of a file that a person wrote: what the file says afterwards, line
 * by line.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Workflow } from "../../mod.ts";
import { TempStore } from "../workflows/temp_store.ts";

/** A file, an edit, and the file afterwards; `NOW` is the time of the save. */
interface Edit {
  what: string;
  before: string[];
  edit: (workflow: Workflow) => void;
  after: string[];
  newline?: string;
}

const LAST_MODIFIED = ["metadata:", '  last_modified: "NOW"'];

const EDITS: Edit[] = [
  {
    what: "anchors and merge keys stay when something else changes",
    before: [
      "name: a",
      "x-defaults: &defaults",
      "  retry: { max_attempts: 3 } # thrice",
      "nodes:",
      "  - id: read",
      "    type: mcp_tool",
      "    server: files",
      "    tool: read",
      "    <<: *defaults",
      "  - { id: end, type: end, <<: *defaults }",
    ],
    edit: (workflow) => workflow.description = "new",
    after: [
      "name: a",
      "description: new",
      ...LAST_MODIFIED,
      "x-defaults: &defaults",
      "  retry: { max_attempts: 3 } # thrice",
      "nodes:",
      "  - id: read",
      "    type: mcp_tool",
      "    server: files",
      "    tool: read",
      "    <<: *defaults",
      "  - { id: end, type: end, <<: *defaults }",
    ],
  },
  {
    what: "comments move with the nodes that they stand above",
    before: [
      "name: a",
      "nodes:",
      "  # where it begins",
      "  - id: start",
      "    type: start",
      "  # where it ends",
      "  - id: end # really",
      "    type: end",
    ],
    edit: (workflow) => workflow.nodes.reverse(),
    after: [
      "name: a",
      ...LAST_MODIFIED,
      "nodes:",
      "  # where it ends",
      "  - id: end # really",
      "    type: end",
      "  # where it begins",
      "  - id: start",
      "    type: start",
    ],
  },
  {
    what: "odd scalars keep their text when a neighbour changes",
    before: [
      "name: a",
      "version: 1.10",
      "x-limits:",
      "  ratio: 1.10 # not 1.1",
      "  account: 12345678901234567890",
      "  octal: 0o17",
      "  old: 017",
      "  big: 1_000",
      "  day: 2024-01-01",
      "  yes: yes",
      "  none: ~",
      "  count: 2",
    ],
    edit: (workflow) => (workflow.extra!["x-limits"] as Record<string, unknown>)["count"] = 3,
    after: [
      "name: a",
      "version: 1.10",
      ...LAST_MODIFIED,
      "x-limits:",
      "  ratio: 1.10 # not 1.1",
      "  account: 12345678901234567890",
      "  octal: 0o17",
      "  old: 017",
      "  big: 1_000",
      "  day: 2024-01-01",
      "  yes: yes",
      "  none: ~",
      "  count: 3",
    ],
  },
  {
    what: "lists without indentation and quoted keys go on as they are",
    before: [
      '"name": a',
      "nodes:",
      "- id: each",
      "  type: loop",
      "  collection: all",
      "  item: one",
      "  body:",
      "  - first",
      "  - second # last of all",
      "  break_condition: done",
    ],
    edit: ({ nodes: [loop] }) => loop?.type === "loop" && loop.body.push("third"),
    after: [
      '"name": a',
      ...LAST_MODIFIED,
      "nodes:",
      "- id: each",
      "  type: loop",
      "  collection: all",
      "  item: one",
      "  body:",
      "  - first",
      "  - second # last of all",
      "  - third",
      "  break_condition: done",
    ],
  },
  {
    what: "block scalars and plain texts over several lines are left alone",
    before: [
      "name: a",
      "description: one",
      "  two",
      "x-script: |2",
      "    indented",
      "  less",
      "",
      "# about the version",
      "version: '1' # \"quoted",
    ],
    edit: (workflow) => workflow.version = "2",
    after: [
      "name: a",
      "description: one",
      "  two",
      ...LAST_MODIFIED,
      "x-script: |2",
      "    indented",
      "  less",
      "",
      "# about the version",
      "version: '2' # \"quoted",
    ],
  },
  {
    what: "a value in both dialects changes where it is read",
    before: [
      "name: a",
      "nodes:",
      "  - id: read",
      "    type: mcp_tool",
      "    server_id: old",
      "    server: files",
      "    tool_name: read",
    ],
    edit: ({ nodes: [node] }) => {
      if (node?.type === "mcp_tool") node.server = "disk";
    },
    after: [
      "name: a",
      ...LAST_MODIFIED,
      "nodes:",
      "  - id: read",
      "    type: mcp_tool",
      "    server_id: old",
      "    server: disk",
      "    tool_name: read",
    ],
  },
  {
    what: "the line breaks of Windows are those of the new lines too",
    newline: "\r\n",
    before: ["name: a", "# first", "nodes:", "  - id: start # here", "    type: start"],
    edit: (workflow) => workflow.description = "one\ntwo",
    after: [
      "name: a",
      "description: |-",
      "  one",
      "  two",
      ...LAST_MODIFIED,
      "# first",
      "nodes:",
      "  - id: start # here",
      "    type: start",
    ],
  },
];

for (const { what, before, edit, after, newline = "\n" } of EDITS) {
  Deno.test(`FilesystemWorkflowRepository.save() of a file written by hand: ${what}`, async () => {
    await using store = await TempStore.open();
    const text = (lines: string[]) => lines.map((line) => line + newline).join("");
    await store.write("a", text(before));

    const workflow = await store.workflows.load("a");
    edit(workflow);
    await store.workflows.save(workflow);

    const saved = (await store.read("a")).replace(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/, '"NOW"');
    assertEquals(saved, text(after));
  });
}
