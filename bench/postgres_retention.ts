/**
 * How old runs are deleted: in batches out of one table, or with a partition
 * for each month.
 *
 * @module
 */

interface Plain {
  client: { query(sql: string): Promise<unknown> };
}

const MONTHS = 12;

/** Fills both forms with runs of two nodes over a year, deletes the oldest month, and prints what it took. */
export async function compareRetention({ client }: Plain, runs: number): Promise<void> {
  const columns = `workflow_id text, status text, started_at timestamptz NOT NULL, payload text`;
  const timed = async (what: string, ...statements: string[]) => {
    const start = performance.now();
    for (const sql of statements) await client.query(sql);
    console.log(`${what.padEnd(60)} ${((performance.now() - start) / 1000).toFixed(2)} s`);
  };
  const forms = { batched: false, partitioned: true };
  for (const [name, parted] of Object.entries(forms)) {
    const key = parted ? "id, started_at" : "id";
    const by = parted ? " PARTITION BY RANGE (started_at)" : "";
    await client.query(`CREATE SCHEMA ${name}; SET search_path TO ${name};
      CREATE TABLE runs (id uuid NOT NULL, ${columns}, PRIMARY KEY (${key}))${by};
      CREATE INDEX ON runs (started_at DESC, id DESC);
      CREATE INDEX ON runs (workflow_id, started_at DESC, id DESC);
      CREATE INDEX ON runs (status, started_at DESC, id DESC);
      CREATE TABLE nodes (id uuid NOT NULL, run_id uuid NOT NULL, ${columns},
        PRIMARY KEY (${key}), FOREIGN KEY (${parted ? "run_id, started_at" : "run_id"})
        REFERENCES runs ON DELETE CASCADE)${by};
      CREATE INDEX ON nodes (run_id);`);
    if (parted) {
      for (let month = 1; month <= MONTHS; month++) {
        const from = `2025-${String(month).padStart(2, "0")}-01`;
        const to = month === MONTHS
          ? "2026-01-01"
          : `2025-${String(month + 1).padStart(2, "0")}-01`;
        for (const table of ["runs", "nodes"]) {
          await client.query(`CREATE TABLE ${table}_${month} PARTITION OF ${table}
            FOR VALUES FROM ('${from}') TO ('${to}')`);
        }
      }
    }
    const at = `'2025-01-01'::timestamptz + i * interval '1 year' / ${runs + 1}`;
    await timed(
      `${name}: fill ${runs} runs, ${2 * runs} nodes`,
      `INSERT INTO runs SELECT gen_random_uuid(), 'workflow-' || i % 50, 'completed', ${at}, repeat('x', 100)
        FROM generate_series(1, ${runs}) AS i`,
      `INSERT INTO nodes SELECT gen_random_uuid(), id, 'n', 'completed', started_at, repeat('x', 200)
        FROM runs, generate_series(1, 2)`,
      "ANALYZE",
    );
    await timed(
      `${name}: page of 50 in the middle of the year, 200 times`,
      ...Array(200).fill(`SELECT * FROM runs WHERE (started_at, id) <
        ('2025-06-15', '80000000-0000-0000-0000-000000000000')
        ORDER BY started_at DESC, id DESC LIMIT 51`),
    );
    await timed(
      `${name}: load 200 runs with their nodes by id`,
      ...Array(200).fill(`WITH run AS (SELECT id FROM runs WHERE started_at >= '2025-06-15'
        ORDER BY started_at LIMIT 1) SELECT * FROM nodes WHERE run_id = (SELECT id FROM run)`),
    );
    if (parted) {
      await timed(
        `${name}: drop the oldest month, all of it or nothing`,
        "ALTER TABLE nodes DETACH PARTITION nodes_1; DROP TABLE nodes_1;" +
          "ALTER TABLE runs DETACH PARTITION runs_1; DROP TABLE runs_1",
      );
    } else {
      const batches = Math.ceil(runs / MONTHS / 200) + 1;
      let longest = 0;
      const start = performance.now();
      for (let i = 0; i < batches; i++) {
        const one = performance.now();
        await client.query(`DELETE FROM runs WHERE id IN (SELECT id FROM runs
          WHERE started_at < '2025-02-01' ORDER BY started_at, id LIMIT 200 FOR UPDATE SKIP LOCKED)`);
        longest = Math.max(longest, performance.now() - one);
      }
      console.log(
        `${name}: delete the oldest month, ${batches} batches of 200`.padEnd(60),
        `${((performance.now() - start) / 1000).toFixed(2)} s, the longest ${longest.toFixed()} ms`,
      );
      await timed(`${name}: vacuum after that`, "VACUUM runs", "VACUUM nodes");
    }
  }
}
