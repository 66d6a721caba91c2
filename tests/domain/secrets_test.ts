import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { findSecrets, type SecretKind } from "../../src/domain/secrets.ts";
import { Workflow } from "../../src/domain/workflow.ts";
import { decodeWorkflow } from "../../src/workflows/decode.ts";
import { readYaml } from "../../src/workflows/yaml_reader.ts";
import { realInputs, testNeeding } from "../helpers/skip.ts";
import { fixtures } from "../workflows/temp_store.ts";

/** Made of parts, so that no scanner takes this file for a leak. */
const join = (...parts: string[]) => parts.join("");
const LETTERS = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0fG3hJ6kL9n";

const HEX = "0123456789abcdef".repeat(4);

const SHAPES: [SecretKind, string][] = [
  ["atlassian-token", join("ATATT3", "xFfGF0", LETTERS, LETTERS, "-_", LETTERS, "=1A2B3C4D")],
  ["atlassian-token", join("ATCTT3", "xFfGN0", LETTERS, LETTERS, "=1A2B3C4D")],
  ["discord-token", join(btoa("80351110224678912").slice(0, 23), ".GaBcD_.", LETTERS.slice(0, 38))],
  ["discord-token", join(btoa("201234567890123456"), ".X5-bcd.", LETTERS.slice(0, 27))],
  [
    "discord-token",
    join(btoa("1012345678901234567").slice(0, 26), ".GaBcDe.", LETTERS.slice(0, 38)),
  ],
  ["docker-token", join("dckr_", "pat_", LETTERS.slice(0, 18), "_Z-", LETTERS.slice(0, 6))],
  ["docker-token", join("dckr_", "oat_", LETTERS.slice(0, 32))],
  ["groq-key", join("gsk_", LETTERS.slice(0, 20), "WGdyb3FY", LETTERS.slice(0, 24))],
  ["linear-key", join("lin_", "api_", LETTERS)],
  ["linear-key", join("lin_", "oauth_", HEX)],
  ["notion-token", join("ntn_", "12345678901", LETTERS.slice(0, 35))],
  ["replicate-token", join("r8_", LETTERS.slice(0, 37))],
  ["xai-key", join("xai-", LETTERS, LETTERS)],
  [
    "age-key",
    join("AGE-SECRET-", "KEY-1", "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE"),
  ],
  ["azure-storage-key", join("AccountName=x;Account", "Key=", LETTERS, LETTERS, LETTERS, "==")],
  ["databricks-token", join("dapi", HEX.slice(0, 32))],
  ["digitalocean-token", join("dop_v1_", HEX)],
  ["google-oauth-token", join("ya29.", LETTERS, LETTERS)],
  ["hugging-face-token", join("hf_", "abCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh")],
  ["openai-key", join("sk-ant-api03-", LETTERS)],
  ["pypi-token", join("pypi-", "AgEIcHlwaS5vcmc", LETTERS, LETTERS)],
  ["sendgrid-key", join("SG.", LETTERS.slice(0, 22), ".", LETTERS, "abc")],
  ["shopify-token", join("shpat_", HEX.slice(0, 32))],
  [
    "slack-webhook",
    join("https://hooks.slack", ".com/services/T0123ABCD/B0123ABCD/", LETTERS.slice(0, 24)),
  ],
  ["telegram-token", join("123456789:", "AA", LETTERS.slice(0, 33))],
  ["vault-token", join("hvs.", LETTERS.slice(0, 24))],
  ["aws-access-key", join("AKIA", "IOSFODNN7EXAMPLE")],
  ["github-token", join("ghp_", LETTERS.slice(0, 36))],
  ["github-token", join("github_pat_", LETTERS)],
  ["gitlab-token", join("glpat-", LETTERS.slice(0, 20))],
  ["gitlab-token", join("gldt-", LETTERS.slice(0, 20))],
  ["google-api-key", join("AIza", LETTERS.slice(0, 35))],
  ["json-web-token", join("eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiIxMjM0NTYifQ", ".dozjgNryP4J3jVmN")],
  ["npm-token", join("npm_", LETTERS.slice(0, 36))],
  ["openai-key", join("sk-proj-", LETTERS)],
  ["openai-key", join("sk-proj-", "aB3-dE6_", LETTERS)],
  ["openai-key", join("sk-ant-api03-", "aBc-dEf-", LETTERS)],
  ["private-key", join("-----BEGIN RSA ", "PRIVATE KEY-----\nMIIE")],
  ["slack-token", join("xoxb-", "123456789012-", LETTERS.slice(0, 12))],
  ["slack-token", join("xapp-", "1-A0123ABCD-1234567890123-", HEX)],
  ["stripe-key", join("sk_live_", LETTERS.slice(0, 24))],
  ["stripe-key", join("whsec_", LETTERS.slice(0, 32))],
  ["url-password", join("postgres://me:", "hunter2@db.example.com/x")],
];

for (const [kind, secret] of SHAPES) {
  Deno.test(`findSecrets() finds ${kind} ${secret.slice(0, 8)}… anywhere, and masks it`, () => {
    const workflow = Workflow.create("x");
    workflow.description = `use ${secret} here`;
    workflow.addServer({ id: "s", args: ["-k", secret], env: { X: secret } });
    workflow.addNode({
      id: "n",
      type: "mcp_tool",
      server: "s",
      tool: "t",
      parameters: { deep: [{ value: secret }] },
      extra: { note: secret },
    });
    const findings = findSecrets(workflow);
    assertEquals(findings.map(({ path }) => path).sort(), [
      "description",
      "nodes[0].extra.note",
      "nodes[0].parameters.deep[0].value",
      "servers[0].args[1]",
      "servers[0].env.X",
    ]);
    for (const finding of findings) {
      assertEquals([finding.kind, finding.certain], [kind, true]);
      assert(!finding.excerpt.includes(secret.slice(-10)));
      assertStringIncludes(finding.excerpt, "****");
    }
  });
}

Deno.test("findSecrets() finds likely secrets by their name, and does not call them certain", () => {
  const workflow = Workflow.create("x");
  workflow.addServer({
    id: "s",
    env: {
      DB_PASSWORD: "correct-horse7",
      API_KEY: LETTERS.slice(0, 24),
      clientSecret: "9f8e7d6c5b4a",
    },
    headers: { Authorization: `Bearer ${LETTERS.slice(0, 24)}` },
  });
  assertEquals(findSecrets(workflow).map(({ path, kind, certain }) => [path, kind, certain]), [
    ["servers[0].env.DB_PASSWORD", "named-secret", false],
    ["servers[0].env.API_KEY", "named-secret", false],
    ["servers[0].env.clientSecret", "named-secret", false],
    ["servers[0].headers.Authorization", "named-secret", false],
  ]);
});

Deno.test("findSecrets() finds likely secrets whose name stands beside them", () => {
  const workflow = Workflow.create("x");
  const secret = LETTERS.slice(0, 24);
  workflow.addVariable({ name: "api_token", type: "string", default: secret });
  workflow.addVariable({ name: "label", type: "string", default: secret });
  workflow.addVariable({ name: "db_password", type: "string", default: "${env.PASSWORD}" });
  workflow.extra = { "x-headers": [{ name: "X-Api-Key", value: secret }] };
  assertEquals(findSecrets(workflow).map(({ path }) => path), [
    "variables[0].default",
    "extra.x-headers[0].value",
  ]);
});

Deno.test("findSecrets() finds a secret that is a key, and shows it in no path", () => {
  const token = join("ghp_", LETTERS.slice(0, 36));
  const workflow = Workflow.create("x");
  const parameters = { tokens: { [token]: { password: "correct-horse7", note: "x" } } };
  workflow.addNode({ id: "n", type: "mcp_tool", server: "s", tool: "t", parameters });
  const findings = findSecrets(workflow);
  assertEquals(findings.map(({ path, kind, certain }) => [path, kind, certain]), [
    ["nodes[0].parameters.tokens.ghp_****", "github-token", true],
    ["nodes[0].parameters.tokens.ghp_****.password", "named-secret", false],
  ]);
  assert(!JSON.stringify(findings).includes(token));
});

Deno.test("findSecrets() finds a secret that is a number", () => {
  const workflow = Workflow.create("x");
  const parameters = {
    db_password: 83715204,
    token: 91827364509182736450n,
    pin: 83715204,
    secret: 12345,
    token_expires_at: 1735689600,
    max_token: 83715204,
    credential: 0.83715204,
  };
  workflow.addNode({ id: "n", type: "mcp_tool", server: "s", tool: "t", parameters });
  assertEquals(findSecrets(workflow).map(({ path, excerpt }) => [path, excerpt]), [
    ["nodes[0].parameters.db_password", "****"],
    ["nodes[0].parameters.token", "****"],
  ]);
});

Deno.test("findSecrets() knows references and harmless names", () => {
  const workflow = Workflow.create("x");
  workflow.addServer({
    id: "s",
    credentialRef: "server-credentials-2024",
    env: {
      API_TOKEN: "${env.API_TOKEN}",
      SECRET: "{{secret_parameter}}",
      PASSWORD: "<SECRET_REQUIRED>",
      TOKEN_FILE: "/run/secrets/token-1234",
      MAX_TOKENS: "4096-8192-16384",
      URL: "postgres://me:${env.PW}@db/x",
      PRIMARY_KEY: "customer_id_2024_x1",
      MASKED_PASSWORD: "************",
    },
    headers: { Authorization: "Bearer ${env.TOKEN}" },
  });
  workflow.addVariable({ name: "token", type: "string", description: "The token to use for it" });
  assertEquals(findSecrets(workflow), []);
});

Deno.test("findSecrets() is not alarmed by names, paths, UUIDs, dates and examples", () => {
  const parameters = {
    key: "550e8400-e29b-41d4-a716-446655440000",
    idempotency_key: "order-2024-0001-abcdef-xyz",
    sortKey: "createdAt-2024-01-01T00:00",
    private_path: "/var/data/files/2024/report-01.json",
    auth: "uploads/2024/01/02/file-name-12345.csv",
    password: "changeme",
    api_key: "your-api-key-1234567890",
    model: "sk-learn-pipeline-for-data-2024-version-1-final",
    token: "$.auth.token",
    sha1: HEX.slice(0, 40),
    sha256: HEX,
    digest: join("sha256-", btoa(HEX), "="),
    image: join("data:image/png;base64,iVBORw0KGgo", LETTERS, "+/", LETTERS, "NTA0", LETTERS),
    versionId: "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    webhookId: "r8_table_of_all_orders_of_the_year_2024_x",
    instanceId: HEX.slice(0, 64),
    nodeId: "lin_api_client_for_the_issues_of_the_team_x",
    feature: "xai-explanations-of-the-model-for-the-customers-of-the-bank-in-the-year-2024-part-1",
    snowflake: "1012345678901234567",
    host: "MTAxMjM0NTY3ODkwMTIzNDU2.example.com",
  };
  const workflow = Workflow.create("x");
  workflow.addNode({ id: "n", type: "mcp_tool", server: "s", tool: "t", parameters });
  assertEquals(findSecrets(workflow), []);

  workflow.description = "postgres://user:password@example.com/db";
  assertEquals(findSecrets(workflow).map(({ kind, certain }) => [kind, certain]), [
    ["url-password", false],
  ]);
});

Deno.test("findSecrets() ends for a workflow that contains itself", () => {
  const workflow = Workflow.create("x");
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  workflow.extra = cyclic;
  assertEquals(findSecrets(workflow), []);
});

async function falseAlarms(files: [string, string][]): Promise<string[]> {
  const found: string[] = [];
  for (const [id, text] of await Promise.resolve(files)) {
    const { workflow } = decodeWorkflow(readYaml(text, { action: id }), id, { action: id });
    found.push(...findSecrets(workflow).map(({ path }) => `${id}: ${path}`));
  }
  return found;
}

Deno.test("findSecrets() gives no false alarm on the fixtures", async () => {
  assertEquals(await falseAlarms(await fixtures()), []);
});

testNeeding(realInputs, "findSecrets() gives no false alarm on real files", async () => {
  const folder = Deno.env.get("GOFLOW_FIXTURES")!;
  const files = await fixtures(`${folder}/workflows`);
  files.push(...await fixtures(`${folder}/go-home/workflows`));
  assert(files.length > 5);
  assertEquals(await falseAlarms(files), []);
});
