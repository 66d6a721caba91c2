/**
 * `execution prune`.
 *
 * @module
 */

import type { ExecutionStatus } from "../../domain/execution.ts";
import type { PrunePlan } from "../../domain/execution_retention.ts";
import type { RetentionPolicy, RetentionRule } from "../../domain/execution_retention.ts";
import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";
import { requireFolderOf } from "../files.ts";
import { printRecord } from "../records.ts";
import { snakeCase } from "../json.ts";
import { Progress } from "../progress.ts";
import { confirmed } from "../prompt.ts";
import { formatDuration, formatSize, toCount, toDuration, toSize } from "../values.ts";
import { openExecutions } from "./store.ts";

/** Deletes old runs. */
export async function pruneExecutions(context: Context): Promise<void> {
  const policy = policyOf(context);
  const archive = context.text("archive");
  using store = await openExecutions(context);
  if (archive !== undefined) {
    await requireFolderOf(archive, `Cannot archive to "${archive}"`);
  }
  const { runs: _, ...plan } = await store.planPrune(policy);
  if (plan.count === 0) context.note("Nothing to prune");
  if (plan.count === 0 || !await confirmed(context, planText(plan, policy))) {
    printRecord(context, { deleted: 0, ...planJson(plan) }, () => {});
    return;
  }
  const { signal } = context;
  using progress = new Progress(context.io, "Pruning", "runs");
  const result = await store.prune(policy, {
    signal,
    onProgress: ({ count }) => progress.update(count, plan.count),
    ...(archive === undefined ? {} : { archive }),
  });
  progress[Symbol.dispose]();
  printRecord(context, { deleted: result.count, ...planJson(result) }, () => {
    context.note(`Deleted ${result.count} runs, about ${formatSize(result.bytes)}`);
  });
  signal.throwIfAborted();
}

function policyOf(context: Context): RetentionPolicy {
  const workflowId = context.text("workflow");
  const status = context.texts("status") as ExecutionStatus[];
  const scope: RetentionRule = {
    ...(workflowId === undefined ? {} : { workflowId }),
    ...(status.length === 0 ? {} : { status }),
  };
  const maxAge = context.value("older-than", toDuration);
  const maxCount = context.value("max-count", toCount);
  const maxBytes = context.value("max-size", toSize);
  const rules: RetentionRule[] = [];
  if (maxAge !== undefined) rules.push({ ...scope, maxAge });
  if (maxCount !== undefined) rules.push({ ...scope, maxCount });
  if (maxBytes !== undefined) rules.push({ ...scope, maxBytes });
  if (rules.length === 0) {
    throw new UsageError('One of "--older-than", "--max-count" and "--max-size" is needed');
  }
  return {
    rules,
    keepLast: context.value("keep-last", toCount) ?? 0,
    keepLastSuccess: !context.flag("drop-last-success"),
    keepLabels: context.flag("drop-labelled") ? [] : true,
  };
}

function planText({ count, bytes, rules }: PrunePlan, policy: RetentionPolicy): string {
  const parts = rules.flatMap((part, index) => {
    const rule = policy.rules[index];
    return part.count === 0 || rule === undefined ? [] : [`${part.count} ${reasonOf(rule)}`];
  });
  return `Delete ${count} runs, about ${formatSize(bytes)}: ${parts.join(", ")}`;
}

function reasonOf({ maxAge, maxCount, maxBytes }: RetentionRule): string {
  if (maxAge !== undefined) return `older than ${formatDuration(maxAge)}`;
  if (maxCount !== undefined) return `beyond the newest ${maxCount}`;
  return `beyond ${formatSize(maxBytes ?? 0)}`;
}

function planJson({ rules, ...plan }: PrunePlan): Record<string, unknown> {
  return { ...snakeCase(plan), rules };
}
