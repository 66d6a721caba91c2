/**
 * Runs that earlier rules of a policy let go, where they are still there.
 *
 * @module
 */

import type { RetentionRule } from "../domain/execution_retention.ts";
import { finalStatuses } from "./policy.ts";

/** Runs of one workflow and status. */
interface Scope {
  workflowId: string;
  status: string;
  count: number;
  bytes: number;
}

/** What went already, by the key of a row. */
export class GoneRuns<Key> {
  readonly #keys = new Set<Key>();
  readonly #scopes = new Map<string, Scope>();

  /** Tells whether a run went. */
  has(key: Key): boolean {
    return this.#keys.has(key);
  }

  /** Notes that a run goes. */
  add(key: Key, workflowId: string, status: string, bytes: number): void {
    this.#keys.add(key);
    const name = JSON.stringify([workflowId, status]);
    const scope = this.#scopes.get(name) ?? { workflowId, status, count: 0, bytes: 0 };
    scope.count++;
    scope.bytes += bytes;
    this.#scopes.set(name, scope);
  }

  /** Sums up what went of the runs that a rule is about. */
  of(rule: RetentionRule): { count: number; bytes: number } {
    const statuses: readonly string[] = finalStatuses(rule);
    const sum = { count: 0, bytes: 0 };
    for (const { workflowId, status, count, bytes } of this.#scopes.values()) {
      if (!statuses.includes(status)) continue;
      if (rule.workflowId !== undefined && rule.workflowId !== workflowId) continue;
      sum.count += count;
      sum.bytes += bytes;
    }
    return sum;
  }
}
