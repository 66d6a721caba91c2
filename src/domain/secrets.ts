/**
 * Finds secrets in workflows: they belong into the keyring.
 *
 * @module
 */

import { findShape, type SecretKind } from "./secret_shapes.ts";
import { visitTexts } from "./value.ts";
import type { Workflow } from "./workflow.ts";

export type { SecretKind } from "./secret_shapes.ts";

/** A value that is, or may be, a secret. Never holds the secret itself. */
export interface SecretFinding {
  /** Where it stands, such as `servers[0].env.API_TOKEN`. */
  path: string;
  /** What it is. */
  kind: SecretKind;
  /** Whether its shape leaves no doubt. */
  certain: boolean;
  /** The value, masked. */
  excerpt: string;
}

const URL_PASSWORD = /\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s/:@"']{0,200}:([^\s/@"']{1,200})@/i;
/** Length of the shortest value that a name makes a secret. */
const SHORTEST_NAMED = 8;
/** What people write where a secret is to stand. */
const EXAMPLE =
  /^(?:change[-_ ]?me|example|password|passwd|secret|placeholder|todo|tbd|your[-_ ].*)$/i;
/** A parameter of a template, or a placeholder. */
const PLACEHOLDER = /\{\{[^{}]*\}\}|<[A-Z][A-Z_]*>/;
/** Names whose values are secrets, unless they are references. */
const STRONG = new Set("password passwd passphrase secret token credential credentials".split(" "));
/** Names whose values may be; they need the look of a secret as well. */
const WEAK = new Set("key auth authorization bearer private oauth dsn apikey".split(" "));
/** Names that speak of a secret and hold none. */
const HARMLESS =
  /credential_?ref|(?:^|_)(?:max|min|num|count|total|used|per|limit|primary|foreign|public|sort|partition|cache|object)(?:_|$)|(?:name|id|type|path|file|url|uri|count|limit|field|column|header|env|ref)$/i;

/**
 * Finds secrets in a workflow. References, such as `${env.TOKEN}`,
 * `{{parameter}}` and `credentialRef`, are none.
 *
 * @param workflow The workflow.
 * @returns What was found, certain and likely; excerpts are masked.
 *
 * @example A token in the environment of a server
 * ```ts
 * import { findSecrets, Workflow } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const workflow = Workflow.create("report");
 * workflow.addServer({ id: "db", env: { URL: "postgres://me:hunter2@db/x", USER: "${env.USER}" } });
 *
 * const [finding] = findSecrets(workflow);
 * assertEquals(finding, {
 *   path: "servers[0].env.URL",
 *   kind: "url-password",
 *   certain: true,
 *   excerpt: "postgres://me:****@",
 * });
 * ```
 */
export function findSecrets(workflow: Workflow): SecretFinding[] {
  const findings: SecretFinding[] = [];
  const { revision: _, ...fields } = workflow;
  visitTexts(fields, {
    text(value, path, name) {
      const found = typeof value === "string" ? inspect(value, name) : inspectNumber(value, name);
      if (found !== undefined) findings.push({ path, ...found });
    },
    key(key, path) {
      const found = inspect(key, "");
      // Without the mask, the paths of what is below would hold the secret.
      if (found !== undefined) findings.push({ path: `${path}.${found.excerpt}`, ...found });
      return found?.excerpt;
    },
  });
  return findings;
}

/** Tells whether it is the key of a mapping, which no placeholder can take the place of. */
export function isSecretKey({ path, excerpt }: SecretFinding): boolean {
  return path.endsWith(`.${excerpt}`);
}

/** Tells whether a text is, or may be, a secret. */
function inspect(text: string, name: string): Omit<SecretFinding, "path"> | undefined {
  const shape = findShape(text);
  if (shape !== undefined) return { ...shape, certain: true };
  const url = text.includes("://") ? URL_PASSWORD.exec(text) : null;
  if (url !== null && isLiteral(url[1]!)) {
    return {
      kind: "url-password",
      certain: !EXAMPLE.test(url[1]!),
      excerpt: `${url[0].slice(0, -url[1]!.length - 1)}****@`,
    };
  }
  return text.length >= SHORTEST_NAMED && isNamedSecret(name, text)
    ? { kind: "named-secret", certain: false, excerpt: "****" }
    : undefined;
}

/** A password of digits; under "token_expires_at" stands another number. */
function inspectNumber(
  value: number | bigint,
  name: string,
): Omit<SecretFinding, "path"> | undefined {
  const text = String(value);
  if (text.length < SHORTEST_NAMED || !/^\d+$/.test(text)) return undefined;
  return STRONG.has(wordsOf(name).at(-1) ?? "") ? inspect(text, name) : undefined;
}

/** Tells whether the value under a name that speaks of secrets looks like one. */
function isNamedSecret(name: string, text: string): boolean {
  const strength = strengthOf(name);
  if (strength === "none" || !isLiteral(text)) return false;
  const value = text.replace(/^(?:bearer|basic|token)\s+/i, "");
  if (/\s/.test(value)) return false;
  if (strength === "strong") {
    return value.length >= SHORTEST_NAMED && entropy(value) >= 2.5 && !EXAMPLE.test(value);
  }
  const [run = ""] = /[A-Za-z0-9]{16,}/.exec(value) ?? [];
  return entropy(value) >= 3.2 && /\d/.test(run) && /[a-z]/i.test(run) && !EXAMPLE.test(value);
}

/** How much a name speaks of secrets; the few names of a workflow come again and again. */
function strengthOf(name: string): "none" | "weak" | "strong" {
  let strength = strengths.get(name);
  if (strength !== undefined) return strength;
  const words = wordsOf(name);
  if (HARMLESS.test(name)) strength = "none";
  else if (words.some((word) => STRONG.has(word))) strength = "strong";
  else strength = words.some((word) => WEAK.has(word)) ? "weak" : "none";
  if (strengths.size >= 1000) strengths.clear();
  strengths.set(name, strength);
  return strength;
}

function wordsOf(name: string): string[] {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase().split(/[^a-z0-9]+/);
}

const strengths = new Map<string, "none" | "weak" | "strong">();

/** Tells whether a text holds no reference and is no mask. */
function isLiteral(text: string): boolean {
  return !hasReference(text) && !/^[*x.•]+$/i.test(text) && !text.startsWith("$");
}

/** Tells whether a text refers to a value that stands elsewhere. */
export function hasReference(text: string): boolean {
  const start = text.indexOf("${");
  return (start !== -1 && text.includes("}", start)) || PLACEHOLDER.test(text);
}

/** Bits per character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) {
    bits -= (count / text.length) * Math.log2(count / text.length);
  }
  return bits;
}

/** Tells whether the Go implementation takes the value of an environment variable of this name for a secret. */
export function isSecretVariable(name: string): boolean {
  const upper = name.toUpperCase();
  return /KEY|SECRET|TOKEN|PASSWORD|PASSPHRASE|CREDENTIAL|AUTH|BEARER|PRIVATE|OAUTH|DSN/.test(
    upper,
  ) ||
    (upper.includes("DATABASE") && upper.includes("URL")) ||
    (upper.includes("CONN") && upper.includes("STRING"));
}
