/**
 * The checks of `doctor`.
 *
 * @module
 */

import { join } from "../../paths.ts";
import { KeyringCredentialStore } from "../../credentials/keyring_store.ts";
import { findSecrets } from "../../domain/secrets.ts";
import { SQLiteExecutionRepository } from "../../executions/repository.ts";
import { requirePermissions } from "../../permissions.ts";
import { FilesystemWorkflowRepository } from "../../workflows/repository.ts";
import { fileError } from "../files.ts";
import { formatSize } from "../values.ts";
import type { Check, Finding } from "./finding.ts";

/** Versions and permissions. */
export const checkMachine: Check = () => {
  const { os, arch } = Deno.build;
  const names = ["read", "write", "env", "run"] as const;
  const missing = names.filter((name) => Deno.permissions.querySync({ name }).state !== "granted");
  const findings: Finding[] = [
    { status: "ok", area: "machine", finding: `Deno ${Deno.version.deno} on ${os} ${arch}` },
  ];
  if (missing.length > 0) {
    findings.push({
      status: "ok",
      area: "machine",
      finding: `Not everything is permitted: ${missing.join(", ")}`,
      cure: "nothing, as long as each command finds what it needs",
    });
  }
  return Promise.resolve(findings);
};

/** The folder and its modes. */
export const checkFolder: Check = async (root) => {
  const info = await statOf(root);
  if (info === undefined) {
    const cure = "nothing, the first save creates it; or pass the right --root";
    return [{ status: "warning", area: "folder", finding: `${root} does not exist`, cure }];
  }
  const findings: Finding[] = [];
  if (!info.isDirectory) {
    findings.push({ status: "failed", area: "folder", finding: `${root} is not a folder` });
  } else findings.push({ status: "ok", area: "folder", finding: root });
  for (const name of ["credentials.vault", "history"]) {
    const path = join(root, name);
    const mode = (await statOf(path))?.mode ?? 0;
    if (Deno.build.os === "windows" || (mode & 0o077) === 0) continue;
    findings.push({
      status: "warning",
      area: "folder",
      finding: `${path} is open to other users (mode ${(mode & 0o777).toString(8)})`,
      cure: `chmod go= ${path}`,
    });
  }
  return findings;
};

async function statOf(path: string): Promise<Deno.FileInfo | undefined> {
  const action = `Cannot look at "${path}"`;
  requirePermissions(action, { name: "read", path });
  try {
    return await Deno.stat(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw fileError(cause, action, path);
  }
}

/** Files that cannot be read, are not valid, or hold secrets. */
export const checkWorkflows: Check = async (root) => {
  const area = "workflows";
  const store = await FilesystemWorkflowRepository.open({ root });
  const { workflows, invalid } = await store.list();
  const findings: Finding[] = [{ status: "ok", area, finding: `${workflows.length} readable` }];
  for (const { path, error } of invalid) {
    findings.push({ status: "failed", area, finding: error.message, cure: `edit ${path}` });
  }
  for (const workflow of workflows) {
    const { id } = workflow;
    const cure = `goflow-storage workflow edit ${id}`;
    for (const problem of workflow.problems()) {
      findings.push({ status: "warning", area, finding: `"${id}": ${problem}`, cure });
    }
    for (const { message, path, line } of await store.inspect(id)) {
      const place = line === undefined ? path : `line ${line}`;
      findings.push({ status: "warning", area, finding: `"${id}", ${place}: ${message}`, cure });
    }
    for (const { path, kind, certain } of findSecrets(workflow)) {
      findings.push({
        status: certain ? "failed" : "warning",
        area,
        finding: `"${id}" ${certain ? "holds" : "may hold"} a secret (${kind}) at ${path}`,
        cure: "put it into the keyring and name it by credential_ref, and replace it",
      });
    }
  }
  return findings;
};

/** The database. */
export const checkExecutions: Check = async (root) => {
  const area = "executions";
  const path = join(root, "goflow.db");
  const file = await statOf(path);
  if (file === undefined) {
    return [{ status: "ok", area, finding: "No database yet, the first run creates it" }];
  }
  using store = await SQLiteExecutionRepository.open({ path, driver: "builtin", migrate: "never" });
  const info = await store.info();
  const findings: Finding[] = [{
    status: "ok",
    area,
    finding: `${formatSize(file.size)}, driver ${info.driver}, SQLite ${info.sqliteVersion}, ` +
      `journal mode ${info.journalMode}, schema version ${info.schemaVersion}`,
  }];
  const { damage, orphans } = await store.check();
  for (const finding of damage) {
    findings.push({
      status: "failed",
      area,
      finding,
      cure: "goflow-storage db restore, or db salvage",
    });
  }
  for (const [table, count] of Object.entries(orphans)) {
    findings.push({
      status: "warning",
      area,
      finding: `${count} rows of ${table} refer to nothing, as Go leaves them on delete`,
      cure: "goflow-storage db check --repair",
    });
  }
  if (info.schemaVersion === info.latestSchemaVersion) {
    for (const { id } of await store.listAbandoned()) {
      findings.push({
        status: "warning",
        area,
        finding: `The owner of run "${id}" is gone`,
        cure: `goflow-storage execution interrupt ${id}`,
      });
    }
  }
  if (info.readOnly) {
    findings.push({
      status: "warning",
      area,
      finding: `${path} can only be read`,
      cure: "check owner and mode of the file and its folder",
    });
  }
  if (info.schemaVersion < info.latestSchemaVersion) {
    findings.push({
      status: "warning",
      area,
      finding: `The schema is version ${info.schemaVersion} of ${info.latestSchemaVersion}`,
      cure: "goflow-storage db migrate",
    });
  }
  return findings;
};

/** The keyring, and what expires. */
export const checkCredentials: Check = async (root) => {
  const area = "credentials";
  const store = await KeyringCredentialStore.open({ root });
  const { keyring, credentials, index } = await store.info();
  const findings: Finding[] = [{
    status: "ok",
    area,
    finding: `${credentials} in ${keyring}, index for Go: ${index}`,
  }];
  for (const { key, expired } of await store.listExpiring(WEEK)) {
    findings.push({
      status: "warning",
      area,
      finding: `"${key}" ${expired ? "has expired" : "expires within a week"}`,
      cure: `goflow-storage credential rotate ${key}`,
    });
  }
  for (const { key } of await store.listRotationDue()) {
    findings.push({
      status: "warning",
      area,
      finding: `"${key}" is due for rotation`,
      cure: `goflow-storage credential rotate ${key}`,
    });
  }
  return findings;
};

const WEEK = 7 * 86_400_000;
