/**
 * What a policy says, whatever it is about.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import { EXECUTION_STATUSES, type ExecutionStatus } from "../domain/execution.ts";
import type { PrunePlan, RetentionPolicy, RetentionRule } from "../domain/execution_retention.ts";
import { isMapping } from "../domain/value.ts";
import { FINAL_STATUSES } from "./statistics_schema.ts";

/** A run that a rule lets go. */
export interface Candidate {
  /** Id of the run. */
  id: string;
  /** Bytes of its row and of those of its parts. */
  bytes: number;
  /** Which rule, from 0. */
  rule: number;
}

/** Milliseconds from 1970 back to the year 0, before which there are no times. */
export const OLDEST = 62_167_219_200_000;

const POLICY_KEYS = ["rules", "keepLast", "keepLastSuccess", "keepLabels"];
const LIMITS = ["maxAge", "maxCount", "maxBytes"] as const;
const RULE_KEYS = ["workflowId", "status", ...LIMITS];

/**
 * Checks a policy, which may come out of a file: one that is mistyped would
 * delete what it should keep.
 *
 * @param policy The policy.
 * @throws {InvalidDataError} If it is not valid.
 */
export function checkPolicy(policy: RetentionPolicy): void {
  requireKeys("the policy", policy, POLICY_KEYS);
  const { rules, keepLast = 0, keepLastSuccess = true, keepLabels = true } = policy;
  if (!Array.isArray(rules)) refuse(`"rules" is ${nameOf(rules)}, wanted is a list`);
  if (rules.length === 0) refuse("the policy has no rules");
  rules.forEach((rule, i) => checkRule(`rule ${i}`, rule));
  requireWhole(`"keepLast"`, keepLast);
  if (typeof keepLastSuccess !== "boolean") {
    refuse(`"keepLastSuccess" is ${nameOf(keepLastSuccess)}, wanted is true or false`);
  }
  const isList = Array.isArray(keepLabels) && keepLabels.every((one) => typeof one === "string");
  if (keepLabels !== true && !isList) {
    refuse(`"keepLabels" is ${nameOf(keepLabels)}, wanted is a list of texts, or true for any`);
  }
}

function checkRule(name: string, rule: RetentionRule): void {
  requireKeys(name, rule, RULE_KEYS);
  const limits = LIMITS.filter((limit) => rule[limit] !== undefined);
  const [limit] = limits;
  if (limits.length !== 1 || limit === undefined) {
    refuse(`${name} has ${limits.length} limits, wanted is one of ${LIMITS.join(", ")}`);
  }
  const value = rule[limit];
  if (limit !== "maxAge") requireWhole(`"${limit}" of ${name}`, value);
  else if (typeof value !== "number" || !(value >= 0 && value < Infinity)) {
    refuse(`"maxAge" of ${name} is ${nameOf(value)}, wanted are milliseconds from 0`);
  }
  const { workflowId, status } = rule;
  if (workflowId !== undefined && typeof workflowId !== "string") {
    refuse(`"workflowId" of ${name} is ${nameOf(workflowId)}, wanted is text`);
  }
  if (status === undefined) return;
  const unknown = [status].flat().find((one) => !EXECUTION_STATUSES.includes(one));
  if (unknown !== undefined || status.length === 0) {
    refuse(
      `"status" of ${name} is ${nameOf(unknown ?? status)}, wanted is one of ${
        FINAL_STATUSES.join(", ")
      }`,
    );
  }
}

function requireKeys(name: string, value: unknown, keys: readonly string[]): void {
  if (!isMapping(value)) refuse(`${name} is ${nameOf(value)}, wanted is an object`);
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) {
    refuse(`${name} has the key "${unknown}", wanted are ${keys.join(", ")}`);
  }
}

function requireWhole(name: string, value: unknown): void {
  if (Number.isSafeInteger(value) && Number(value) >= 0) return;
  refuse(`${name} is ${nameOf(value)}, wanted is a whole number from 0`);
}

function nameOf(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

function refuse(what: string): never {
  throw new InvalidDataError(`Cannot prune executions: ${what}`);
}

/**
 * Checks how many runs go at once.
 *
 * @param batchSize The number.
 * @param action What it is for.
 * @throws {InvalidDataError} If it is not valid.
 */
export function checkBatchSize(batchSize: number, action: string): void {
  if (Number.isSafeInteger(batchSize) && batchSize >= 1) return;
  throw new InvalidDataError(
    `${action}: the size of a batch is ${batchSize}, wanted is a whole number from 1`,
  );
}

/** About the most bytes of one transaction. */
const BATCH_BYTES = 8_000_000;

/**
 * Tells how many runs go in one transaction: those that are not too large
 * together, or a single one.
 *
 * @param runs The runs.
 * @param most Most runs.
 * @returns How many of the first.
 */
export function fitting(runs: readonly Pick<Candidate, "bytes">[], most: number): number {
  let bytes = 0;
  const end = runs.findIndex((run, i) => i === most || (bytes += run.bytes) > BATCH_BYTES);
  return end < 0 ? runs.length : Math.max(end, 1);
}

/**
 * Makes a plan in which nothing goes.
 *
 * @param policy The policy.
 * @returns The plan.
 */
export function emptyPlan(policy: RetentionPolicy): PrunePlan {
  return { count: 0, bytes: 0, rules: policy.rules.map(() => ({ count: 0, bytes: 0 })) };
}

/**
 * Adds a run to a plan.
 *
 * @param plan The plan.
 * @param candidate The run.
 */
export function addToPlan(plan: PrunePlan, { rule, bytes }: Candidate): void {
  plan.count++;
  plan.bytes += bytes;
  const ofRule = plan.rules[rule]!;
  ofRule.count++;
  ofRule.bytes += bytes;
}

/**
 * Returns the statuses of a rule in which a run has ended: live runs are never
 * pruned, and do not count.
 *
 * @param rule The rule.
 * @returns The statuses, by default all final ones.
 */
export function finalStatuses({ status }: RetentionRule): ExecutionStatus[] {
  const wanted = status === undefined ? FINAL_STATUSES : [status].flat();
  return FINAL_STATUSES.filter((final) => wanted.includes(final));
}
