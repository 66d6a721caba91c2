/**
 * The shapes of known tokens and keys.
 *
 * @module
 */

/** What a secret is. */
export type SecretKind =
  | "age-key"
  | "atlassian-token"
  | "aws-access-key"
  | "azure-storage-key"
  | "databricks-token"
  | "digitalocean-token"
  | "discord-token"
  | "docker-token"
  | "github-token"
  | "gitlab-token"
  | "google-api-key"
  | "google-oauth-token"
  | "groq-key"
  | "hugging-face-token"
  | "json-web-token"
  | "linear-key"
  | "notion-token"
  | "npm-token"
  | "openai-key"
  | "private-key"
  | "pypi-token"
  | "replicate-token"
  | "sendgrid-key"
  | "shopify-token"
  | "slack-token"
  | "slack-webhook"
  | "stripe-key"
  | "telegram-token"
  | "vault-token"
  | "xai-key"
  | "url-password"
  | "named-secret";

/** Shapes that nothing else has, each with how many of its first characters are no secret. */
const SHAPES: readonly [kind: SecretKind, shape: RegExp, open: number][] = [
  ["age-key", /\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b/, 14],
  ["atlassian-token", /\bAT[AC]TT3[A-Za-z0-9_-]{60,}/, 6],
  ["aws-access-key", /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/, 4],
  ["azure-storage-key", /\bAccountKey=[A-Za-z0-9+/]{80,}={0,2}/, 11],
  ["databricks-token", /\bdapi[0-9a-f]{32}\b/, 4],
  ["digitalocean-token", /\bdo[opr]_v1_[0-9a-f]{64}\b/, 7],
  // The first part is a number of 17 to 19 digits in base 64.
  [
    "discord-token",
    /\b(?:[MNO][DTjz][AEIMQUYcgk][w-z0-5]){5}[A-Za-z0-9]{3,6}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}/,
    4,
  ],
  ["docker-token", /\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{27,}/, 9],
  ["github-token", /\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})\b/, 4],
  ["gitlab-token", /\bgl(?:pat|dt|rt|ptt|ft|cbt|soat)-[A-Za-z0-9_-]{20,}/, 5],
  ["google-api-key", /\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])/, 4],
  ["google-oauth-token", /\bya29\.[0-9A-Za-z_-]{40,}/, 5],
  ["groq-key", /\bgsk_[A-Za-z0-9]{52}\b/, 4],
  ["hugging-face-token", /\bhf_[A-Za-z0-9]{34}\b/, 3],
  [
    "json-web-token",
    /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/,
    3,
  ],
  ["linear-key", /\blin_(?:api_[A-Za-z0-9]{40}|oauth_[0-9a-f]{64})\b/, 4],
  ["notion-token", /\bntn_[0-9]{11}[A-Za-z0-9]{35}\b/, 4],
  ["npm-token", /\bnpm_[A-Za-z0-9]{36}\b/, 4],
  ["openai-key", /\bsk-(?:[a-z]+[0-9]*-){0,3}(?=[A-Za-z_]{0,64}[0-9])[A-Za-z0-9_]{20,}/, 3],
  [
    "openai-key",
    /\bsk-(?:proj|svcacct|admin|ant-[a-z]+[0-9]*)-(?=[A-Za-z_-]{0,64}[0-9])[A-Za-z0-9_-]{40,}/,
    3,
  ],
  ["private-key", /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----/, 10],
  ["pypi-token", /\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}/, 5],
  ["replicate-token", /\br8_[A-Za-z0-9]{37}\b/, 3],
  ["sendgrid-key", /\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/, 3],
  ["shopify-token", /\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b/, 6],
  ["slack-token", /\bxox[abeposr]-[A-Za-z0-9-]{10,}/, 5],
  ["slack-token", /\bxapp-[0-9]-A[A-Z0-9]{8,}-[0-9]{10,}-[0-9a-f]{64}/, 5],
  [
    "slack-webhook",
    /\bhooks\.slack\.com\/services\/T[0-9A-Z]{6,}\/B[0-9A-Z]{6,}\/[0-9A-Za-z]{20,}/,
    25,
  ],
  ["stripe-key", /\b[rs]k_live_[A-Za-z0-9]{16,}/, 8],
  ["stripe-key", /\bwhsec_[A-Za-z0-9+/]{32}(?![A-Za-z0-9_-])/, 6],
  ["telegram-token", /\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])/, 3],
  ["vault-token", /\bhv[sb]\.[A-Za-z0-9_-]{24,}/, 4],
  ["xai-key", /\bxai-[A-Za-z0-9]{80}\b/, 4],
];

/** What they begin with: most texts hold none of it, and need no closer look. */
const BEGINNINGS =
  /AGE-S|A[KS]IA|AT[AC]TT3|AccountKey=|dapi|dckr_|do[opr]_|gh[pousr]_|github_pat_|gl[a-z]{2,4}-|AIza|ya29|gsk_|hf_|eyJ|lin_|[MNO][DTjz][AEIMQUYcgk][w-z0-5]|npm_|ntn_|r8_|sk-|---BEGIN|pypi-|SG\.|shp|xox|xai-|xapp-|whsec_|slack\.com|k_live|:AA|hv[sb]\./;
/** Length of the shortest of them. */
const SHORTEST = 15;

/** Finds the first token or key in a text, masked. */
export function findShape(text: string): { kind: SecretKind; excerpt: string } | undefined {
  if (text.length < SHORTEST || !BEGINNINGS.test(text)) return undefined;
  for (const [kind, shape, open] of SHAPES) {
    const match = shape.exec(text);
    if (match !== null) return { kind, excerpt: `${match[0].slice(0, open)}****` };
  }
  return undefined;
}
