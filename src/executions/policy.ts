/**
 * What a policy says, whatever it is about.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import { EXECUTION_STATUSES, type ExecutionStatus } from "../domain/execution.ts";
import type { PrunePlan, RetentionPolicy, RetentionRule } from "../domain/execution_retention.ts";
import { FINAL_STATUSES } from "./statistics_schema.ts";

/** A run that a rule lets go. */
export interface Candidate {
  /** Row of the run. */
  rowid: number;
  /** Id of the run. */
  id: string;
  /** Bytes of its row and of those of its parts. */
  bytes: number;
  /** Which rule, from 0. */
  rule: number;
}

/**
 * Checks a policy.
 *
 * @param policy The policy.
 * @throws {InvalidDataError} If it is not valid.
 */
export function checkPolicy(policy: RetentionPolicy): void {
  const refuse = (what: string): never => {
    throw new InvalidDataError(`Cannot prune executions: ${what}`);
  };
  if (policy.rules.length === 0) refuse("the policy has no rules");
  policy.rules.forEach((rule, i) => {
    const limits = [rule.maxAge, rule.maxCount, rule.maxBytes].filter((one) => one !== undefined);
    if (limits.length !== 1) {
      refuse(`rule ${i} has ${limits.length} limits, wanted is one of maxAge, maxCount, maxBytes`);
    }
    if (!(limits[0]! >= 0)) refuse(`the limit of rule ${i} is ${limits[0]}, wanted is 0 or more`);
    const unknown = statusesOf(rule).find((status) => !EXECUTION_STATUSES.includes(status));
    if (unknown !== undefined) refuse(`rule ${i} names the status "${unknown}"`);
  });
  if (!((policy.keepLast ?? 0) >= 0)) refuse(`"keepLast" is ${policy.keepLast}`);
}

/**
 * Returns the statuses that a rule is for.
 *
 * @param rule The rule.
 * @returns The statuses, by default the final ones.
 */
export function statusesOf({ status }: RetentionRule): readonly ExecutionStatus[] {
  if (status === undefined) return FINAL_STATUSES;
  return typeof status === "string" ? [status] : status;
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
export function addToPlan(plan: PrunePlan, { rule, bytes }: Omit<Candidate, "rowid">): void {
  plan.count++;
  plan.bytes += bytes;
  const ofRule = plan.rules[rule]!;
  ofRule.count++;
  ofRule.bytes += bytes;
}
