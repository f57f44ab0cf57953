// Many jobs that are due at the same slots: one table without changes, one script for all, a job file each.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillSeed, world, writeConfig } from '../../e2e/support.mjs';
import { edit } from './worlds.mjs';

const MINUTE = 60_000;

// Where a window's slots begin: the next whole minute that leaves the daemon `lead` ms to start and plan.
export const slotAfter = (lead) => Math.ceil((Date.now() + lead) / MINUTE) * MINUTE;

// `count` jobs with a slot every `interval`, from `first` (ms) on. The windows end a minute before their slots.
export async function manyJobs(t, { count, interval, first, lines = [] }) {
  const w = await world(t);
  const paths = writeConfig(w.dir, w.sandbox, { script: fillSeed({ table: 'orders', object: '${job}/{date}' }) });
  rmSync(paths.jobFile);
  edit(paths.config, (text) => [text.trimEnd(), ...lines, ''].join('\n'));
  const from = new Date(first + 8 * 60 * MINUTE).toISOString().slice(0, 16);
  const start = interval === '1m' ? '00:00' : `00:0${(first / MINUTE) % 5}`;
  for (let n = 0; n < count; n++) {
    const name = `orders-${String(n).padStart(4, '0')}`;
    writeFileSync(join(paths.jobs, `${name}.yaml`), [
      `name: ${name}`,
      `schedule: {cycle: minute, start: "${start}", end: "23:59", interval: ${interval}, from: "${from}+08:00"}`,
      'parameters: "start_time=$[yyyymmddhh24miss-2/24/60] end_time=$[yyyymmddhh24miss-1/24/60] ' +
        `date=\${bdp.system.bizdate} job=${name}"`,
      'script: {file: seed-job.json}',
      ''].join('\n'));
  }
  return { ...w, paths, database: join(paths.stateDir, 'sluice.db') };
}

// What the state file has of the attempts of slots up to `last` (ms), as it says: microseconds. The daemon has ended.
export function attemptsOf(database, last) {
  const sql = `SELECT slot_us AS slot, a.started_us AS started, a.finished_us AS finished, result
    FROM attempts a JOIN instances i ON i.id = a.instance_id WHERE slot_us <= ${last * 1000}`;
  const found = spawnSync('sqlite3', ['-json', database, sql], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (found.status !== 0) throw new Error(`sqlite3 ${database}: ${found.stderr}`);
  return JSON.parse(found.stdout || '[]');
}
