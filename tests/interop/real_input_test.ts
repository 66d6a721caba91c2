import { assert, assertEquals } from "@std/assert";
import { basename, join } from "@std/path";
import { testBackends } from "../executions/backends.ts";
import { realInputs, testNeeding } from "../helpers/skip.ts";
import { Execution } from "../../src/domain/execution.ts";
import { readWithGo as readDatabaseWithGo } from "./go_database.ts";
import { goProgram, withoutGo } from "./go_program.ts";
import { readWithGo, withRepository } from "./go_workflow.ts";

const inputs = Deno.env.get("GOFLOW_FIXTURES") ?? "";

testNeeding(
  [goProgram, realInputs],
  "FilesystemWorkflowRepository.save() keeps all that Go sees in real files",
  () =>
    withRepository(async (repository, fileOf) => {
      const ids: string[] = [];
      for (const folder of ["workflows", join("go-home", "workflows")]) {
        for await (const { name } of Deno.readDir(join(inputs, folder))) {
          const id = basename(name, ".yaml");
          ids.push(id);
          await Deno.copyFile(join(inputs, folder, name), fileOf(id));
        }
      }
      assert(ids.length > 0);
      for (const id of ids) {
        const before = await readWithGo(fileOf(id));
        const workflow = await repository.load(id);
        workflow.description = "changed: yes";
        workflow.addVariable({ name: "added", type: "string", default: "1.0" });
        await repository.save(workflow);
        const after = await readWithGo(fileOf(id));

        const { description, metadata, variables, ...rest } = after.any;
        assertEquals(description, "changed: yes", id);
        const added = (variables as Record<string, unknown>[]).pop();
        assertEquals(added?.default ?? added?.default_value, "1.0", id);
        const { description: _, metadata: metadataBefore, variables: own, ...restBefore } =
          before.any;
        assertEquals(rest, restBefore, id);
        assertEquals(variables, own ?? [], id);
        assertEquals(withoutTime(metadata), withoutTime(metadataBefore), id);
        const { nodes, edges } = JSON.parse(JSON.stringify(after.parsed));
        const parsed = JSON.parse(JSON.stringify(before.parsed));
        assertEquals([nodes, edges], [parsed.nodes, parsed.edges], id);
      }
    }),
);

function withoutTime(metadata: unknown): Record<string, unknown> {
  const { last_modified: _, ...rest } = (metadata ?? {}) as Record<string, unknown>;
  return rest;
}

testBackends(
  "SQLiteExecutionRepository writes to a real database of Go, which reads it on",
  async ({ path, open }) => {
    await Deno.copyFile(join(inputs, "go-home", "goflow.db"), path);
    const before = await readDatabaseWithGo(path);
    assert(before.executions.length > 0);
    {
      using repository = await open();
      for (const { id } of before.executions) await repository.record(await repository.load(id));
      const added = Execution.create("added", "1.0", { input: "x" });
      added.start();
      await repository.record(added);
    }
    const after = await readDatabaseWithGo(path);
    const [added] = after.executions.splice(
      after.executions.findIndex((e) => e.workflowId === "added"),
      1,
    );
    assertEquals(added?.status, "running");
    assertEquals(after.executions, before.executions);
    assertEquals(after.nodeExecutions, before.nodeExecutions);
    assertEquals(after.snapshots.length, before.snapshots.length + 1);
  },
  { skip: withoutGo ?? (realInputs.missing ? realInputs.reason : undefined) },
);
