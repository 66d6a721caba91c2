/**
 * `credential list`, `credential describe` and `credential expiring`.
 *
 * @module
 */

import type { CredentialDescription } from "../../credentials/description.ts";
import type { Context } from "../context.ts";
import { snakeCase } from "../json.ts";
import { type Field, printFields, printRecord, printRecords } from "../records.ts";
import { formatTime, toDuration } from "../values.ts";
import { openTenant } from "./store.ts";

const MONTH = 30 * 86_400_000;

/** Lists the keys. */
export async function listCredentials(context: Context): Promise<void> {
  const store = await openTenant(context);
  await printRecords(context, {
    name: "credentials",
    items: await store.list(),
    columns: [{ title: "KEY", text: (key) => key }],
    json: (key) => ({ key }),
    id: (key) => key,
    empty: "No credentials found",
  });
}

/** Shows what is known of a credential. */
export async function describeCredential(context: Context): Promise<void> {
  const store = await openTenant(context);
  const description = await store.describe(context.argument("KEY"));
  printRecord(context, snakeCase(description), () => printFields(context, fieldsOf(description)));
}

function fieldsOf(description: CredentialDescription): Field[] {
  const { key, size, version, createdAt, rotatedAt, expiresAt, rotateAfter, previousUntil } =
    description;
  const shown: Field[] = [["Key", key], ["Size", `${size} bytes`]];
  if (description.metadata === "unknown") {
    shown.push(["Times", "unknown, another program stored the value or none were given"]);
  } else {
    shown.push(
      ["Version", String(version)],
      ["Created", formatTime(createdAt)],
      ["Rotated", formatTime(rotatedAt)],
      ["Expires", expiresAt ? formatTime(expiresAt) : "never"],
      ["Rotation due", rotateAfter ? formatTime(rotateAfter) : "never"],
    );
  }
  if (previousUntil) shown.push(["Previous until", formatTime(previousUntil)]);
  const state = stateOf(description);
  if (state !== "") shown.push(["State", state]);
  return shown;
}

/** Lists what expires or is due for rotation. */
export async function listExpiring(context: Context): Promise<void> {
  const within = context.value("within", toDuration) ?? MONTH;
  const store = await openTenant(context);
  const found = new Map<string, CredentialDescription>();
  for (
    const description of [
      ...await store.listExpiring(within),
      ...await store.listRotationDue(within),
    ]
  ) found.set(description.key, description);
  await printRecords(context, {
    name: "credentials",
    items: found.values(),
    columns: [
      { title: "KEY", text: ({ key }) => key, shrinks: true },
      { title: "EXPIRES", text: ({ expiresAt }) => formatTime(expiresAt) },
      { title: "ROTATION DUE", text: ({ rotateAfter }) => formatTime(rotateAfter) },
      {
        title: "STATE",
        text: stateOf,
        style: ({ expired, rotationDue }) => expired ? "red" : rotationDue ? "yellow" : undefined,
      },
    ],
    json: (description) => snakeCase(description),
    empty: "No credential expires or is due for rotation in this time",
  });
}

function stateOf({ expired, rotationDue, rotationPending }: CredentialDescription): string {
  return [
    ...expired ? ["expired"] : [],
    ...rotationDue ? ["rotation due"] : [],
    ...rotationPending ? ["rotation not finished"] : [],
  ].join(", ");
}
