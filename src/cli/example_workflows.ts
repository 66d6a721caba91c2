/**
 * The workflows of the example, of different shapes.
 *
 * @module
 */

import { Workflow } from "../domain/workflow.ts";

/**
 * Makes the workflows of the example.
 *
 * @returns A straight line, a branch, one with every node type, and an unfinished one.
 */
export function exampleWorkflows(): Workflow[] {
  return [releaseNotes(), invoiceTriage(), orderImport(), draft()];
}

/** A straight line: read, transform, write. */
function releaseNotes(): Workflow {
  const workflow = Workflow.create("release-notes", "Turn merged changes into release notes", {
    id: "release-notes",
  });
  workflow.metadata.author = "docs team";
  workflow.metadata.tags = ["docs", "git"];
  workflow.addServer({ id: "git", command: "mcp-server-git", args: ["--repository", "."] });
  workflow.addVariable({ name: "since", type: "string", default: "v1.0", description: "Tag" });
  workflow.addNode({ id: "start", type: "start" });
  workflow.addNode({
    id: "log",
    type: "mcp_tool",
    server: "git",
    tool: "git_log",
    parameters: { range: "${since}..HEAD", merges: true },
    output: "commits",
    retry: { maxAttempts: 3, backoff: "exponential", initialDelay: "1s", on: ["timeout"] },
  });
  workflow.addNode({
    id: "summarise",
    type: "transform",
    input: "${commits}",
    expression: "jq(map(.subject))",
    output: "notes",
  });
  workflow.addNode({ id: "end", type: "end", return: "${notes}" });
  connect(workflow, ["start", "log", "summarise", "end"]);
  return workflow;
}

/** A branch: large invoices take another path. */
function invoiceTriage(): Workflow {
  const workflow = Workflow.create("invoice-triage", "Send large invoices to a person", {
    id: "invoice-triage",
  });
  workflow.addServer({
    id: "erp",
    transport: "http",
    url: "https://erp.example.com/mcp",
    credentialRef: "erp:token",
  });
  workflow.addVariable({ name: "limit", type: "number", default: 1000 });
  workflow.addNode({ id: "start", type: "start" });
  workflow.addNode({
    id: "fetch",
    type: "mcp_tool",
    server: "erp",
    tool: "get_invoice",
    output: "invoice",
  });
  workflow.addNode({ id: "large", type: "condition", condition: "${invoice.total} > ${limit}" });
  workflow.addNode({
    id: "review",
    type: "mcp_tool",
    server: "erp",
    tool: "assign",
    parameters: { to: "accounting", answer: "no" },
  });
  workflow.addNode({ id: "pay", type: "mcp_tool", server: "erp", tool: "pay" });
  workflow.addNode({ id: "end", type: "end" });
  connect(workflow, ["start", "fetch", "large"]);
  workflow.addEdge({ from: "large", to: "review", condition: "true", label: "over the limit" });
  workflow.addEdge({ from: "large", to: "pay", condition: "false", label: "small" });
  connect(workflow, ["review", "end"]);
  connect(workflow, ["pay", "end"]);
  return workflow;
}

/** Every node type. */
function orderImport(): Workflow {
  const workflow = Workflow.create("order-import", "Import orders, each line checked", {
    id: "order-import",
  });
  workflow.metadata.tags = ["every-node-type"];
  workflow.addServer({ id: "shop", command: "mcp-shop", env: { SHOP_REGION: "eu" } });
  workflow.addVariable({ name: "orders", type: "array", default: [] });
  workflow.addNode({ id: "start", type: "start" });
  workflow.addNode({ id: "list", type: "mcp_tool", server: "shop", tool: "list_orders" });
  workflow.addNode({ id: "any", type: "condition", condition: "${orders.length} > 0" });
  workflow.addNode({
    id: "both",
    type: "parallel",
    branches: [["stock"], ["prices"]],
    mergeStrategy: "wait_all",
  });
  workflow.addNode({ id: "stock", type: "mcp_tool", server: "shop", tool: "check_stock" });
  workflow.addNode({ id: "prices", type: "mcp_tool", server: "shop", tool: "check_prices" });
  workflow.addNode({
    id: "each",
    type: "loop",
    collection: "${orders}",
    item: "order",
    body: ["store"],
    breakCondition: "${failures} > 3",
  });
  workflow.addNode({ id: "store", type: "mcp_tool", server: "shop", tool: "store_order" });
  workflow.addNode({ id: "count", type: "transform", input: "${orders}", expression: "length" });
  workflow.addNode({ id: "nothing", type: "passthrough", description: "No orders today" });
  workflow.addNode({ id: "end", type: "end", return: "${count}" });
  connect(workflow, ["start", "list", "any"]);
  workflow.addEdge({ from: "any", to: "both", condition: "true" });
  workflow.addEdge({ from: "any", to: "nothing", condition: "false" });
  connect(workflow, ["both", "each", "count", "end"]);
  connect(workflow, ["nothing", "end"]);
  return workflow;
}

/** Under construction: may be stored, is not valid. */
function draft(): Workflow {
  const workflow = Workflow.create("draft", "Not finished yet", { id: "draft" });
  workflow.addNode({ id: "start", type: "start" });
  return workflow;
}

function connect(workflow: Workflow, path: string[]): void {
  path.slice(1).forEach((to, index) => workflow.addEdge({ from: path[index]!, to }));
}
