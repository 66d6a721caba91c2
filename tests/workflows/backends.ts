/**
 * Runs a test over files and over PostgreSQL: whatever workflows lie in, they
 * behave the same.
 *
 * @module
 */

import type { TextArchives } from "../../src/domain/text_archive.ts";
import type { TemplateRepository } from "../../src/domain/template_repository.ts";
import type { WorkflowRepository } from "../../src/domain/workflow_repository.ts";
import { PostgresTemplateRepository } from "../../src/postgres/template_repository.ts";
import {
  type PostgresWorkflowOptions,
  PostgresWorkflowRepository,
} from "../../src/postgres/workflow_repository.ts";
import { FilesystemTemplateRepository } from "../../src/workflows/template_repository.ts";
import { type DatabaseFixture, testPostgres, withSchema } from "../postgres/databases.ts";
import { TempStore } from "./temp_store.ts";

/** A store of workflows, whatever they lie in. */
export interface AnyStore extends AsyncDisposable {
  /** A folder for files of the test. */
  readonly folder: string;
  readonly workflows: WorkflowRepository;
  /** Another repository over the same workflows, as another process has it. */
  another(options?: PostgresWorkflowOptions): Promise<WorkflowRepository>;
  /** Writes a text as somebody else does, with no word to this repository. */
  write(id: string, text: string): Promise<void>;
  /** Reads a text as it lies there. */
  read(id: string): Promise<string>;
  /** Removes a text as somebody else does. */
  remove(id: string): Promise<void>;
  /** Opens the templates beside the workflows. */
  templates(): Promise<TemplateRepository>;
}

/** Opens a store that is empty. */
export type OpenStore = (options?: PostgresWorkflowOptions) => Promise<AnyStore>;

/** Registers a test for each backend. */
export function testStores(name: string, run: (open: OpenStore) => Promise<void>): void {
  Deno.test(`${name} (files)`, () => run(openFiles));
  testPostgres(`${name} (PostgreSQL)`, () => run((options) => openRows(options)));
}

async function openFiles(options?: PostgresWorkflowOptions): Promise<AnyStore> {
  const store = await TempStore.open(options);
  return {
    folder: store.root,
    workflows: store.workflows,
    another: (options) => store.another(options),
    write: (id, text) => store.write(id, text),
    read: (id) => store.read(id),
    remove: (id) => Deno.remove(store.workflows.pathOf(id)),
    templates: () => FilesystemTemplateRepository.open({ root: store.root }),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

async function openRows(options?: PostgresWorkflowOptions): Promise<AnyStore> {
  const { fixture, end } = await newSchema();
  const database = await fixture.open();
  const another = (options?: PostgresWorkflowOptions) =>
    Promise.resolve(PostgresWorkflowRepository.over(database, options));
  const other = await another();
  const folder = await Deno.makeTempDir();
  return {
    folder,
    workflows: await another(options),
    another,
    write: (id, text) => writeText(other, id, text),
    read: async (id) => (await other.readArchive(id)).text!,
    remove: (id) => other.delete(id),
    templates: () => Promise.resolve(PostgresTemplateRepository.over(database)),
    async [Symbol.asyncDispose]() {
      await Deno.remove(folder, { recursive: true });
      await end();
    },
  };
}

/** A schema that lives until it is ended, where a function would be in the way. */
async function newSchema(): Promise<{ fixture: DatabaseFixture; end: () => Promise<void> }> {
  const opened = Promise.withResolvers<DatabaseFixture>();
  const ended = Promise.withResolvers<void>();
  const done = withSchema((fixture) => {
    opened.resolve(fixture);
    return ended.promise;
  });
  return {
    fixture: await opened.promise,
    end: () => {
      ended.resolve();
      return done;
    },
  };
}

/** Replaces a text and leaves its history as it is. */
export async function writeText(store: TextArchives, id: string, text: string): Promise<void> {
  const replaces = await store.archiveDigest(id);
  const archive = replaces === undefined
    ? { id, revisions: [], tags: {} }
    : await store.readArchive(id);
  await store.writeArchive({ ...archive, text }, { replaces });
}
