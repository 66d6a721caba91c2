/**
 * The public names, fields and signatures, which stay as they are; others may be added. Most of
 * this is checked when it is compiled.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  AlreadyExistsError,
  ConflictError,
  CredentialExpiredError,
  type CredentialStore,
  DatabaseError,
  Execution,
  type ExecutionPage,
  type ExecutionQuery,
  type ExecutionRepository,
  type ExecutionStatus,
  FilesystemWorkflowRepository,
  InvalidDataError,
  InvalidStateError,
  type InvalidWorkflow,
  type Keyring,
  KeyringCredentialStore,
  KeyringError,
  MemoryKeyring,
  NodeExecution,
  NotFoundError,
  openStorage,
  PermissionDeniedError,
  SQLiteExecutionRepository,
  StorageError,
  type VariableSnapshot,
  Workflow,
  type WorkflowNode,
  type WorkflowRepository,
} from "../../mod.ts";

/** What is documented of each port. */
interface Documented {
  workflows: {
    save(workflow: Workflow, options?: object): Promise<{ revision: string; changed: boolean }>;
    load(id: string): Promise<Workflow>;
    findByName(name: string): Promise<Workflow | undefined>;
    list(): Promise<{ workflows: Workflow[]; invalid: InvalidWorkflow[] }>;
    delete(id: string): Promise<void>;
  };
  executions: {
    save(execution: Execution): Promise<void>;
    saveNodeExecution(node: NodeExecution): Promise<void>;
    saveVariableSnapshot(snapshot: VariableSnapshot): Promise<void>;
    record(execution: Execution): Promise<void>;
    load(id: string, options?: object): Promise<Execution>;
    listByWorkflow(workflowId: string): Promise<Execution[]>;
    listByStatus(status: ExecutionStatus): Promise<Execution[]>;
    list(query?: ExecutionQuery): Promise<ExecutionPage>;
    delete(id: string): Promise<void>;
    close(): void;
  };
  credentials: {
    set(key: string, value: string): Promise<void>;
    get(key: string): Promise<string>;
    list(): Promise<string[]>;
    delete(key: string): Promise<void>;
    setStructured(key: string, value: unknown): Promise<void>;
    getStructured<T>(key: string): Promise<T>;
  };
}

/** The implementations have what is documented, and implement the ports. */
async function compileStores(root: string): Promise<Documented> {
  const workflows: WorkflowRepository & Documented["workflows"] = await FilesystemWorkflowRepository
    .open({ root });
  const executions:
    & ExecutionRepository
    & Documented["executions"]
    & Disposable
    & AsyncDisposable = await SQLiteExecutionRepository.open({
      path: `${root}/other.db`,
      driver: "builtin",
    });
  const keyring: Pick<Keyring, "set" | "get" | "delete" | "list"> = new MemoryKeyring();
  const credentials: CredentialStore & Documented["credentials"] = await KeyringCredentialStore
    .open({ root, service: "test", keyring: keyring as Keyring });
  return { workflows, executions, credentials };
}

Deno.test("the stores have the documented methods", async () => {
  const root = await Deno.makeTempDir();
  {
    const { workflows, executions, credentials } = await compileStores(root);
    await using storage = await openStorage({ root });
    const alone: [object, object, string[]][] = [
      [workflows, storage.workflows, ["save", "load", "findByName", "list", "delete"]],
      [
        executions,
        storage.executions,
        "save saveNodeExecution saveVariableSnapshot record load listByWorkflow listByStatus list delete close"
          .split(" "),
      ],
      [
        credentials,
        storage.credentials,
        "set get list delete setStructured getStructured".split(" "),
      ],
    ];
    for (const [store, same, names] of alone) {
      assertEquals(same.constructor, store.constructor);
      for (const name of names) assertEquals(typeof Reflect.get(store, name), "function", name);
    }
    executions.close();
  }
  await Deno.remove(root, { recursive: true });
});

Deno.test("the errors have the documented classes and fields", () => {
  const expiresAt = new Date(0);
  const errors: [StorageError, string, object][] = [
    [new StorageError("m"), "StorageError", {}],
    [new NotFoundError("m", { kind: "k", id: "i" }), "NotFoundError", { kind: "k", id: "i" }],
    [
      new AlreadyExistsError("m", { kind: "k", id: "i" }),
      "AlreadyExistsError",
      { kind: "k", id: "i" },
    ],
    [
      new PermissionDeniedError("m", { resource: "r", flag: "--allow-read=r" }),
      "PermissionDeniedError",
      { resource: "r", flag: "--allow-read=r" },
    ],
    [
      new InvalidDataError("m", { problems: ["p"], path: "f", line: 1, column: 2 }),
      "InvalidDataError",
      { problems: ["p"], path: "f", line: 1, column: 2 },
    ],
    [new InvalidStateError("m", { from: "a", to: "b" }), "InvalidStateError", {
      from: "a",
      to: "b",
    }],
    [new DatabaseError("m", { code: "busy" }), "DatabaseError", { code: "busy" }],
    [new ConflictError("m", { expected: "a", actual: "b" }), "ConflictError", {
      expected: "a",
      actual: "b",
    }],
    [new KeyringError("m", { reason: "locked" }), "KeyringError", { reason: "locked" }],
    [new CredentialExpiredError("m", { key: "k", expiresAt }), "CredentialExpiredError", {
      key: "k",
      expiresAt,
    }],
  ];
  for (const [error, name, fields] of errors) {
    assertEquals([error instanceof StorageError, error.name, error.message], [true, name, "m"]);
    for (const [field, value] of Object.entries(fields)) {
      assertEquals(Reflect.get(error, field), value, `${name}.${field}`);
    }
  }
  const cause = new Error("cause");
  assertEquals(new DatabaseError("m", { code: "io", cause }).cause, cause);
});

Deno.test("the aggregates have the documented fields and methods", () => {
  const workflow = Workflow.create("name", "description", { id: "a", version: "2.0" });
  const nodes: WorkflowNode[] = [
    { id: "s", type: "start" },
    {
      id: "t",
      type: "mcp_tool",
      server: "f",
      tool: "read",
      parameters: { path: "${p}" },
      output: "text",
      retry: { maxAttempts: 3 },
    },
    { id: "x", type: "transform", input: "text", expression: "$.a", output: "y" },
    { id: "c", type: "condition", condition: "y > 1" },
    { id: "p", type: "parallel", branches: [["x"]], mergeStrategy: "wait_all" },
    { id: "l", type: "loop", collection: "y", item: "i", body: ["x"], breakCondition: "i > 1" },
    { id: "o", type: "passthrough" },
    { id: "e", type: "end", return: "y" },
  ];
  for (const node of nodes) workflow.addNode(node);
  workflow.addServer({ id: "f", command: "npx", credentialRef: "f:token" });
  workflow.addVariable({ name: "p", type: "string", default: "a" });
  workflow.updateVariable("p", { description: "A path" });
  workflow.removeVariable("p");
  workflow.addEdge({ from: "s", to: "t" });
  workflow.removeEdge({ from: "s", to: "t" });
  workflow.removeNode("o");
  const { id, name, version, description, metadata: { author, created, tags, icon } } = workflow;
  assertEquals([id, name, version, description, author, tags, icon], [
    "a",
    "name",
    "2.0",
    "description",
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals(created, workflow.metadata.lastModified);
  assertEquals([workflow.variables, workflow.servers.length, workflow.nodes.length], [[], 1, 7]);

  const run = Execution.create("a", "2.0", { p: 1 });
  run.start();
  const node = run.addNodeExecution(NodeExecution.create(run.id, "t", "mcp_tool"));
  node.start();
  node.fail({ type: "io", message: "m", context: { a: 1 } });
  node.retry();
  node.complete({ a: 1 });
  NodeExecution.create(run.id, "x", "transform").skip();
  run.setVariable("p", 2, node.id);
  run.timeOut("t", { type: "timeout", message: "m" });
  assertEquals(
    [node.executionId, node.nodeId, node.nodeType, node.status, node.inputs, node.outputs],
    [run.id, "t", "mcp_tool", "completed", {}, { a: 1 }],
  );
  assertEquals([node.retryCount, node.error, node.startedAt! <= node.completedAt!], [
    1,
    undefined,
    true,
  ]);
  const [, snapshot] = run.variableSnapshots;
  assertEquals({ ...snapshot, timestamp: undefined }, {
    executionId: run.id,
    nodeExecutionId: node.id,
    variableName: "p",
    oldValue: 1,
    newValue: 2,
    timestamp: undefined,
  });
  assertEquals(
    [run.workflowId, run.workflowVersion, run.status, run.error, run.variables, run.returnValue],
    ["a", "2.0", "timed_out", { type: "timeout", message: "m", nodeId: "t" }, { p: 2 }, undefined],
  );
  const query: ExecutionQuery = {
    workflowId: "a",
    status: ["failed", "running"],
    startedAfter: new Date(0),
    startedBefore: new Date(1),
    nameSearch: "a",
    limit: 10,
    cursor: "c",
    total: "capped",
  };
  const page: ExecutionPage = {
    executions: [run],
    nextCursor: "n",
    previousCursor: "p",
    total: { count: 1, capped: false },
  };
  assertEquals([Object.keys(query).length, page.executions.length], [8, 1]);
});
