/**
 * The port to stored workflow templates.
 *
 * @module
 */

import type { WorkflowTemplate } from "./template.ts";
import type { TextArchives } from "./text_archive.ts";
import type { Workflow } from "./workflow.ts";
import type { InvalidWorkflow } from "./workflow_repository.ts";

/** Every template of a repository. */
export interface TemplateList {
  /** Those that can be read, in ascending order of their ids. */
  templates: WorkflowTemplate[];
  /** Those that cannot. */
  invalid: InvalidWorkflow[];
}

/** Options of {@linkcode TemplateRepository.instantiate}. */
export interface InstantiateOptions {
  /**
   * Id of the workflow.
   *
   * @default {newId()}
   */
  id?: string | undefined;
  /** Name of the workflow; by default that of the specification, else that of the template. */
  name?: string | undefined;
}

/** A workflow that was made of a template. */
export interface InstantiatedTemplate {
  /** The workflow. */
  workflow: Workflow;
  /** Invariants that it breaks; none when it passes `validate()`. */
  problems: string[];
}

/** Stored workflow templates. */
export interface TemplateRepository extends TextArchives {
  /**
   * Creates or replaces a template, atomically. Of a text that is there, only
   * what differs is changed.
   *
   * @throws {InvalidDataError} If the id cannot be a file name, or a value cannot be stored.
   * @throws {AlreadyExistsError} If there is such a template and there must not be.
   */
  save(template: WorkflowTemplate, options?: { ifAbsent?: boolean }): Promise<{ changed: boolean }>;

  /**
   * Reads a template; it is not validated.
   *
   * @throws {NotFoundError} If there is no such template.
   * @throws {InvalidDataError} If it cannot be read.
   */
  load(id: string): Promise<WorkflowTemplate>;

  /** Reads all templates; those that cannot be read are reported, never skipped in silence. */
  list(): Promise<TemplateList>;

  /**
   * Lists what is wrong with a template, one sentence per problem.
   *
   * @throws {NotFoundError} If there is no such template.
   */
  problems(id: string): Promise<string[]>;

  /**
   * Makes a workflow of a template; saves nothing.
   *
   * @throws {NotFoundError} If there is no such template.
   * @throws {InvalidDataError} If the template or the values are wrong; `problems` lists all.
   */
  instantiate(
    id: string,
    parameters?: Readonly<Record<string, unknown>>,
    options?: InstantiateOptions,
  ): Promise<InstantiatedTemplate>;

  /**
   * Deletes a template.
   *
   * @throws {NotFoundError} If there is no such template.
   */
  delete(id: string): Promise<void>;
}
