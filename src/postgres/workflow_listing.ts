/**
 * Lists workflows by what their rows say; texts are read only when they changed.
 *
 * @module
 */

import { StorageError } from "../domain/errors.ts";
import type { Workflow } from "../domain/workflow.ts";
import type {
  InvalidWorkflow,
  SummaryFilter,
  SummaryList,
  WorkflowList,
  WorkflowSummary,
} from "../domain/workflow_repository.ts";
import type { SqlValue } from "../executions/driver.ts";
import type { WatchedEntry, WatchSource } from "../workflows/watch.ts";
import {
  addToList,
  copyWorkflow,
  type ListedFile,
  ListedWorkflows,
  parseWorkflow,
} from "../workflows/workflow_cache.ts";
import { matches } from "../workflows/summary_filter.ts";
import type { WorkflowListing } from "../workflows/workflow_store.ts";
import type { PostgresDatabase } from "./database.ts";
import { MILLISECONDS } from "./text_row.ts";
import { WorkflowChanges } from "./workflow_changes.ts";

/** Rows that are read at once. */
const PAGE = 1000;
/** Texts that are read at once. */
const TEXTS = 100;

/** Lists workflows. */
export class PostgresListing implements WorkflowListing {
  readonly #database: PostgresDatabase;
  readonly #listed = new ListedWorkflows();

  /** @param database The database. */
  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  /** Reads all workflows. */
  async list(): Promise<WorkflowList> {
    const action = "Cannot list the workflows";
    const result: WorkflowList = { workflows: [], invalid: [], warnings: [] };
    const seen = new Set<string>();
    for await (const rows of this.#pages(action, "writes")) {
      for (const [id, { content }] of await this.#read(action, rows)) {
        seen.add(id);
        addToList(result, { id, path: pathOf(id), content });
      }
    }
    this.#listed.keep(seen);
    return result;
  }

  /** Tells the main things about all workflows. */
  async summaries(filter: SummaryFilter): Promise<SummaryList> {
    const action = "Cannot list the workflows";
    const summaries: WorkflowSummary[] = [];
    const invalid: InvalidWorkflow[] = [];
    for await (const rows of this.#pages(action, SUMMARY)) {
      const unread = rows.filter(([, , name]) => name === null);
      const read = unread.length === 0 ? new Map() : await this.#read(action, unread);
      for (const row of rows) {
        const id = String(row[0]);
        const content = read.get(id)?.content;
        if (content instanceof StorageError) {
          invalid.push({ id, path: pathOf(id), error: content });
          continue;
        }
        const summary = summaryOf(row, content?.workflow);
        if (matches(summary, filter)) summaries.push(summary);
      }
    }
    return { summaries, invalid };
  }

  /** Reads the first workflow of a name, in ascending order of ids. */
  async findByName(name: string): Promise<Workflow | undefined> {
    const action = `Cannot find workflow ${JSON.stringify(name)}`;
    const { rows: [row] } = await this.#database.query(
      action,
      `SELECT id, writes, text FROM workflows
      WHERE left(name, 200) = left($1, 200) AND name = $1 AND text IS NOT NULL
      ORDER BY id LIMIT 1`,
      [name],
    );
    if (row === undefined) return undefined;
    const { content } = this.#parse(row, String(row[2]));
    if (content instanceof StorageError) throw content;
    return copyWorkflow(content.workflow);
  }

  /** What watching needs to know. */
  watched(): WatchSource {
    const action = "Cannot watch the workflows";
    const database = this.#database;
    const pages = () => this.#pages(action, "writes, revision");
    return {
      changes: (times) => new WorkflowChanges(database, times, action),
      async *entries() {
        for await (const rows of pages()) {
          for (const row of rows) yield entryOf(database, String(row[0]), String(row[2]), action);
        }
      },
    };
  }

  /** Reads rows in ascending order of their ids; the second column is `writes`. */
  async *#pages(action: string, columns: string): AsyncGenerator<SqlValue[][]> {
    let after = "";
    for (;;) {
      const { rows } = await this.#database.query(
        action,
        `SELECT id, ${columns} FROM workflows WHERE id > $1 AND text IS NOT NULL
        ORDER BY id LIMIT ${PAGE}`,
        [after],
      );
      yield rows.map((row) => [...row]);
      if (rows.length < PAGE) return;
      after = String(rows.at(-1)![0]);
    }
  }

  /** Reads the texts that changed since they were read last. */
  async #read(action: string, rows: SqlValue[][]): Promise<Map<string, ListedFile>> {
    const result = new Map<string, ListedFile>();
    const changed: string[] = [];
    for (const row of rows) {
      const id = String(row[0]);
      const known = this.#listed.known(id, String(row[1]));
      if (known === undefined) changed.push(id);
      else result.set(id, known);
    }
    for (let i = 0; i < changed.length; i += TEXTS) {
      const { rows } = await this.#database.query(
        action,
        `SELECT id, writes, text FROM workflows
        WHERE id = ANY($1::text[]) AND text IS NOT NULL`,
        [changed.slice(i, i + TEXTS)],
      );
      for (const row of rows) result.set(String(row[0]), this.#parse([...row], String(row[2])));
    }
    // In the order of the rows; what was deleted meanwhile is not among them.
    return new Map(
      rows.map(([id]) => String(id)).filter((id) => result.has(id)).map((id) => [
        id,
        result.get(id)!,
      ]),
    );
  }

  #parse([id, writes]: readonly SqlValue[], text: string): ListedFile {
    return this.#listed.get(String(id), undefined, {
      stamp: String(writes),
      // Counted, not timed: an equal stamp proves that nothing changed.
      modified: new Date(0),
      read: () => text,
    });
  }
}

/** Where a workflow lies, for people. */
export function pathOf(id: string): string {
  return `workflows/${id}`;
}

/** A workflow as watching sees it; its text is read when it is told about. */
function entryOf(
  database: PostgresDatabase,
  id: string,
  revision: string,
  action: string,
): WatchedEntry {
  return {
    id,
    state: revision,
    async content() {
      const { rows: [row] } = await database.query(
        action,
        "SELECT text FROM workflows WHERE id = $1 AND text IS NOT NULL",
        [id],
      );
      if (row === undefined) return undefined;
      try {
        return parseWorkflow(id, String(row[0]), `Cannot read workflow "${id}"`).workflow;
      } catch (error) {
        if (error instanceof StorageError) return error;
        throw error;
      }
    },
  };
}

const SUMMARY = `writes, name, version, description, to_json(tags), size, ${
  MILLISECONDS("modified_at")
}, revision`;

function summaryOf(row: SqlValue[], workflow: Workflow | undefined): WorkflowSummary {
  const [id, , name, version, text = null, tags, size, modified, revision] = row;
  const description = workflow?.description ?? text;
  return {
    id: String(id),
    name: workflow?.name ?? String(name),
    version: workflow?.version ?? String(version),
    ...(description === null ? {} : { description: String(description) }),
    tags: workflow?.metadata.tags ?? JSON.parse(String(tags)),
    size: Number(size),
    modified: new Date(Number(modified)),
    revision: String(revision),
  };
}
