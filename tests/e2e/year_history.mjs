// A year of one job's history, put into a state file that a daemon has made.
import { spawnSync } from 'node:child_process';

export const INSTANCES = 105_120;  // a year of 5-minute windows
const SLOT = 300_000;

// Successes of the job `orders` before `from`, each with an object and an attempt. No daemon has the file open.
export function addHistory(database, from) {
  const first = (from - INSTANCES * SLOT) * 1000;
  const sql = `
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${INSTANCES - 1}),
      slots(i, slot) AS (SELECT i, ${first} + i * ${SLOT * 1000} FROM n)
    INSERT INTO instances(job_id, slot_us, zone, cycle, values_json, window_start_us, window_end_us, version, state, attempts,
      started_us, finished_us, rows_written, bytes_written)
    SELECT (SELECT id FROM jobs WHERE name = 'orders'), slot, 'Asia/Shanghai', 1 + i % 288,
      '[["start_time","20261126045500"],["end_time","20261126050000"],["date","20261125"]]', slot - ${2 * SLOT * 1000},
      slot - ${SLOT * 1000}, 'abe4fa1c557b', 'SUCCESS', 1, slot + 20000, slot + 1200000, 500 + i % 700, 20000 FROM slots;
    INSERT INTO objects SELECT id, 0, 'demo/orders/' || id, 20000, 500, 77 FROM instances
      WHERE state = 'SUCCESS' AND id NOT IN (SELECT instance_id FROM objects);
    INSERT INTO attempts(instance_id, number, result, started_us, finished_us) SELECT id, 1, 'success', started_us, finished_us
      FROM instances WHERE state = 'SUCCESS' AND id NOT IN (SELECT instance_id FROM attempts);`;
  const done = spawnSync('sqlite3', [database], { input: sql, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(done.stderr);
}
