/**
 * The workflow aggregate: nodes, edges, variables and servers.
 *
 * @module
 */

import { AlreadyExistsError, InvalidDataError, NotFoundError } from "./errors.ts";
import { newId } from "./ids.ts";
import type { Extra, WorkflowNode } from "./node.ts";
import { workflowProblems } from "./workflow_problems.ts";

/** Connects two nodes. */
export interface Edge {
  /** Unique within the workflow; absent in files that people wrote. */
  id?: string;
  /** Id of the node it leaves. */
  from: string;
  /** Id of the node it leads to. */
  to: string;
  /** Expression under which it is taken; required on edges that leave a condition node. */
  condition?: string;
  /** For people. */
  label?: string;
  /** Unknown keys, kept. */
  extra?: Extra;
}

/** Type of a variable. */
export type VariableType = "string" | "number" | "boolean" | "object" | "array" | "any";

/** A variable of a workflow. */
export interface Variable {
  /** Matches `^[a-zA-Z_][a-zA-Z0-9_]*$`, unique within the workflow. */
  name: string;
  /** Type; other text of a file is kept and reported by {@linkcode Workflow.problems}. */
  type: VariableType | (string & Record<never, never>);
  /** Whether a run must give a value. */
  required?: boolean;
  /** Value when a run gives none; fits the type. */
  default?: unknown;
  /** For people. */
  description?: string;
  /** Unknown keys, kept. */
  extra?: Extra;
}

/** An MCP server that the workflow's tools are called on. */
export interface Server {
  /** Unique within the workflow. */
  id: string;
  /** For people. */
  name?: string;
  /** Program to start, for the `stdio` transport. */
  command?: string;
  /** Arguments of the program. */
  args?: string[];
  /** `stdio` (default), `sse` or `http`; other text of a file is kept. */
  transport?: "stdio" | "sse" | "http" | (string & Record<never, never>);
  /** Environment of the program. Not for secrets. */
  env?: Record<string, string>;
  /** Key of a credential in the keyring. */
  credentialRef?: string;
  /** Address, for the `sse` and `http` transports. */
  url?: string;
  /** HTTP headers. Not for secrets. */
  headers?: Record<string, string>;
  /** Unknown keys, kept. */
  extra?: Extra;
}

/** Who made a workflow and when. */
export interface WorkflowMetadata {
  /** Who made it. */
  author?: string;
  /** When it was made. */
  created?: Date;
  /** When its content was last changed; set by the repository. */
  lastModified?: Date;
  /** Labels to find it by. */
  tags?: string[];
  /** At most ten characters. */
  icon?: string;
  /** Unknown keys, kept. */
  extra?: Extra;
}

/** Options of {@linkcode Workflow.create}. */
export interface CreateWorkflowOptions {
  /**
   * Id, and name of the file.
   *
   * @default {newId()}
   */
  id?: string;
  /**
   * Version of the workflow schema.
   *
   * @default {"1.0"}
   */
  version?: string;
}

/** The fields of a workflow, as {@linkcode Workflow.from} takes them. */
export interface WorkflowFields {
  /** Unique, and name of the file. */
  id: string;
  /** For people; unique when the repository is asked to see to it. */
  name: string;
  /** Version of the workflow schema. */
  version: string;
  /** For people. */
  description?: string;
  /** Who made it and when. */
  metadata?: WorkflowMetadata;
  /** Variables. */
  variables?: Variable[];
  /** MCP servers. */
  servers?: Server[];
  /** Nodes. */
  nodes?: WorkflowNode[];
  /** Edges. */
  edges?: Edge[];
  /** Unknown keys, kept. */
  extra?: Extra;
  /** Revision that was loaded. */
  revision?: string;
}

/**
 * A workflow: a directed acyclic graph of nodes. A plain mutable object;
 * `add*` does not validate, since a workflow may be under construction.
 *
 * @example Build and validate
 * ```ts
 * import { Workflow } from "@goflow/storage";
 *
 * const workflow = Workflow.create("greet", "Says hello");
 * workflow.addNode({ id: "start", type: "start" });
 * workflow.addNode({ id: "end", type: "end", return: "hello" });
 * workflow.addEdge({ from: "start", to: "end" });
 * workflow.validate();
 * ```
 */
export class Workflow implements WorkflowFields {
  /** Unique, and name of the file. */
  id: string;
  /** For people. */
  name: string;
  /** Version of the workflow schema. */
  version: string;
  /** For people. */
  description?: string;
  /** Who made it and when. */
  metadata: WorkflowMetadata;
  /** Variables. */
  variables: Variable[];
  /** MCP servers. */
  servers: Server[];
  /** Nodes. */
  nodes: WorkflowNode[];
  /** Edges. */
  edges: Edge[];
  /** Unknown keys, kept. */
  extra?: Extra;
  /** Revision that was loaded: a hash of the content; set by the repository, never stored. */
  revision?: string;

  private constructor(fields: WorkflowFields) {
    this.id = fields.id;
    this.name = fields.name;
    this.version = fields.version;
    if (fields.description !== undefined) this.description = fields.description;
    this.metadata = fields.metadata ?? {};
    this.variables = fields.variables ?? [];
    this.servers = fields.servers ?? [];
    this.nodes = fields.nodes ?? [];
    this.edges = fields.edges ?? [];
    if (fields.extra !== undefined) this.extra = fields.extra;
    if (fields.revision !== undefined) this.revision = fields.revision;
  }

  /**
   * Makes a workflow with no nodes, created now.
   *
   * @param name For people.
   * @param description For people.
   * @param options Id and version.
   * @returns The workflow.
   * @throws {InvalidDataError} If the name is empty.
   */
  static create(
    name: string,
    description?: string,
    options: CreateWorkflowOptions = {},
  ): Workflow {
    const { id = newId(), version = "1.0" } = options;
    if (name === "") {
      throw new InvalidDataError("Cannot create a workflow: the name is empty");
    }
    const now = new Date();
    return new Workflow({
      id,
      name,
      version,
      ...(description === undefined ? {} : { description }),
      metadata: { created: now, lastModified: now },
    });
  }

  /**
   * Makes a workflow of its fields, which are taken over, not copied.
   *
   * @param fields The fields; absent lists are empty.
   * @returns The workflow, not validated.
   */
  static from(fields: WorkflowFields): Workflow {
    return new Workflow(fields);
  }

  /**
   * Appends a node.
   *
   * @param node The node.
   * @returns The node.
   */
  addNode<T extends WorkflowNode>(node: T): T {
    this.nodes.push(node);
    return node;
  }

  /**
   * Removes a node and the edges that touch it.
   *
   * @param id Id of the node.
   * @throws {NotFoundError} If there is no such node.
   */
  removeNode(id: string): void {
    removeFirst(this.nodes, (node) => node.id === id, "node", id, this);
    this.edges = this.edges.filter((edge) => edge.from !== id && edge.to !== id);
  }

  /**
   * Appends an edge and gives it an id unless it has one.
   *
   * @param edge The edge.
   * @returns The edge.
   * @throws {AlreadyExistsError} If an edge with the same ends and condition exists.
   */
  addEdge(edge: Edge): Edge & { id: string } {
    const { from, to, condition } = edge;
    if (
      this.edges.some((e) => e.from === from && e.to === to && e.condition === condition)
    ) {
      throw new AlreadyExistsError(
        `Cannot add an edge from "${from}" to "${to}" to workflow "${this.id}": it exists already`,
        { kind: "edge", id: edge.id ?? `${from} -> ${to}` },
      );
    }
    const added = Object.assign(edge, { id: edge.id ?? newId() });
    this.edges.push(added);
    return added;
  }

  /**
   * Removes an edge.
   *
   * @param edge Its id, or its two ends (the first edge between them is removed).
   * @throws {NotFoundError} If there is no such edge.
   */
  removeEdge(edge: string | { from: string; to: string }): void {
    if (typeof edge === "string") {
      removeFirst(this.edges, (e) => e.id === edge, "edge", edge, this);
    } else {
      const { from, to } = edge;
      const id = `${from} -> ${to}`;
      removeFirst(this.edges, (e) => e.from === from && e.to === to, "edge", id, this);
    }
  }

  /**
   * Appends a variable.
   *
   * @param variable The variable.
   * @returns The variable.
   */
  addVariable(variable: Variable): Variable {
    this.variables.push(variable);
    return variable;
  }

  /**
   * Changes fields of a variable.
   *
   * @param name Name of the variable.
   * @param changes The fields to change.
   * @returns The variable.
   * @throws {NotFoundError} If there is no such variable.
   */
  updateVariable(name: string, changes: Partial<Variable>): Variable {
    const variable = this.variables.find((v) => v.name === name);
    if (variable === undefined) throw notFound("change", "variable", name, this);
    return Object.assign(variable, changes);
  }

  /**
   * Removes a variable.
   *
   * @param name Name of the variable.
   * @throws {NotFoundError} If there is no such variable.
   */
  removeVariable(name: string): void {
    removeFirst(this.variables, (v) => v.name === name, "variable", name, this);
  }

  /**
   * Appends a server.
   *
   * @param server The server.
   * @returns The server.
   */
  addServer(server: Server): Server {
    this.servers.push(server);
    return server;
  }

  /**
   * Removes a server.
   *
   * @param id Id of the server.
   * @throws {NotFoundError} If there is no such server.
   */
  removeServer(id: string): void {
    removeFirst(this.servers, (s) => s.id === id, "server", id, this);
  }

  /**
   * Lists every invariant that the workflow breaks.
   *
   * @returns One sentence per problem; empty when the workflow is valid.
   */
  problems(): string[] {
    return workflowProblems(this);
  }

  /**
   * Checks every invariant.
   *
   * @throws {InvalidDataError} If one is broken; `problems` lists all.
   */
  validate(): void {
    const problems = this.problems();
    if (problems.length === 0) return;
    throw new InvalidDataError(
      `Workflow "${this.id}" is not valid: ${problems.join("; ")}`,
      { problems },
    );
  }
}

function removeFirst<T>(
  items: T[],
  matches: (item: T) => boolean,
  kind: string,
  id: string,
  workflow: Workflow,
): void {
  const index = items.findIndex(matches);
  if (index === -1) throw notFound("remove", kind, id, workflow);
  items.splice(index, 1);
}

function notFound(verb: string, kind: string, id: string, workflow: Workflow): NotFoundError {
  return new NotFoundError(
    `Cannot ${verb} ${kind} "${id}" of workflow "${workflow.id}": there is no such ${kind}`,
    { kind, id },
  );
}
