import { assert, assertRejects, assertThrows } from "@std/assert";
import { AlreadyExistsError, InvalidDataError } from "../../src/domain/errors.ts";
import { greeting, TempStore } from "./temp_store.ts";

Deno.test("pathOf() refuses an id that leaves the folder", async () => {
  await using store = await TempStore.open();
  assertThrows(() => store.workflows.pathOf("../../x"), InvalidDataError, "single file name");
});

Deno.test("delete() leaves a folder in the place of a file alone", async () => {
  await using store = await TempStore.open();
  await Deno.mkdir(store.workflows.pathOf("dir"), { recursive: true });
  await assertRejects(() => store.workflows.delete("dir"), InvalidDataError, "is a folder");
  assert((await Deno.stat(store.workflows.pathOf("dir"))).isDirectory);
});

Deno.test("save() tells that an id differs from another one in Unicode form", async () => {
  await using store = await TempStore.open();
  await store.workflows.save(greeting("caf\u00e9"));
  await assertRejects(
    () => store.workflows.save(greeting("cafe\u0301")),
    AlreadyExistsError,
    "only in case or Unicode form",
  );
});
