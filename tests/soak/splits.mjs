// A simulated day of splits and merges: the sandbox lives it in fast time, hour by hour, and after each hour the daemon exports
// the hour's twelve windows. Ends with 0 only if every row is there once, in its window, each key's in order.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TableStore, ask, downloadRows, localSlot, random, sluice, startDaemon, startSandbox, oss, tableStore, until, writeConfig }
  from '../e2e/support.mjs';
import { instantOf } from './jobs.mjs';
import { oneOf, whole } from './schedule.mjs';

const MINUTE = 60_000;
const { values: options } = parseArgs({ options: { seed: { type: 'string', default: '1' },
  rows: { type: 'string', default: '60' }, repartitions: { type: 'string', default: '3' } } });
const seed = Number(options.seed);
const next = random(seed);
const where = { instance: 'demo', table: 'orders' };
const any = () => new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);

// Yesterday, on the job's clocks. Windows begin at 00:00, their slots ten minutes later.
const day = Math.floor((Date.now() + 8 * 60 * MINUTE) / (1440 * MINUTE)) * 1440 * MINUTE - 8 * 60 * MINUTE - 1440 * MINUTE;
const slotOf = (window) => day + (window * 5 + 10) * MINUTE;
const WINDOWS = 286; // the last slot of the day is 23:55

const written = new Map();
const figures = { seed, splits: 0, merges: 0, refused: 0, rows: 0, most_open: 0 };

async function repartition(sandbox) {
  const stats = await sandbox.admin('stats');
  const shards = stats.tables[0].shards;
  const open = shards.filter((shard) => !shard.closed);
  figures.shards = shards.length;
  figures.most_open = Math.max(figures.most_open, open.length);
  const shard = oneOf(next, open).id;
  try {
    if (next() * 40 > open.length) {
      await sandbox.admin('split', { ...where, shard, parts: 2 });
      figures.splits++;
    } else {
      await sandbox.admin('merge', { ...where, shard });
      figures.merges++;
    }
  } catch { figures.refused++; } // one key only, or no neighbour on the right
}

async function live({ sandbox, client }, window) {
  const pieces = Number(options.repartitions);
  for (let piece = 0; piece < pieces; piece++) {
    const at = day + window * 5 * MINUTE + Math.floor(5 * MINUTE * piece / pieces) + 1000;
    await sandbox.admin('clock', { offset_us: (at - Date.now()) * 1000 });
    const rows = [];
    for (const key of new Set(Array.from({ length: Math.ceil(options.rows / pieces) }, () => `u${whole(next, 1000, 2999)}`))) {
      const name = String(++figures.rows);
      if (!written.has(key)) written.set(key, []);
      written.get(key).push([name, window]);
      rows.push({ type: 'PUT', condition: any(), primaryKey: [{ uid: key }], attributeColumns: [{ name }] });
    }
    const answer = await client.batchWriteRow({ tables: [{ tableName: 'orders', rows }] });
    assert.ok(answer.tables.every((row) => row.isOk));
    await repartition(sandbox);
  }
}

async function compare(store) {
  const objects = await downloadRows(store);
  const read = new Map();
  for (const { name, rows } of objects.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const window = (instantOf(/__(\d{14})_/.exec(name)[1]) - day) / (5 * MINUTE);
    for (const [key, text] of rows) {
      if (!read.has(key)) read.set(key, []);
      read.get(key).push([text, window]);
    }
  }
  for (const [key, wanted] of written) assert.deepEqual(read.get(key), wanted, `rows of ${key}`);
  assert.equal(read.size, written.size);
  figures.objects = objects.length;
}

async function run(t, dir) {
  const sandbox = await startSandbox(t, dir);
  const client = tableStore(sandbox);
  const store = oss(sandbox, 'exports');
  await store.putBucket('exports');
  await sandbox.admin('clock', { offset_us: (day - MINUTE - Date.now()) * 1000 });
  await sandbox.admin('create_table', { ...where, primary_key: [{ name: 'uid', type: 'STRING' }], stream_hours: 168 });
  const paths = writeConfig(dir, sandbox, { from: slotOf(0), to: slotOf(WINDOWS - 1) });
  // Nothing begins before the first window of each hour is frozen.
  await sandbox.admin('faults', [{ service: 'ots', operation: 'DescribeTable', action: 'stall' }]);
  const daemon = startDaemon(t, dir, paths);
  await daemon.ready();
  const id = (window) => `orders@${localSlot(slotOf(window))}`;
  for (let window = 12; window < WINDOWS; window += 12) {
    const frozen = sluice(['freeze', id(window), '--socket', paths.socket]);
    assert.equal(frozen.code, 0, frozen.err);
  }
  for (let first = 0; first < WINDOWS; first += 12) {
    const end = Math.min(first + 12, WINDOWS);
    for (let window = first; window < end; window++) await live({ sandbox, client }, window);
    await sandbox.admin('clock', { offset_us: 0 });
    if (first === 0) {
      await sandbox.admin('faults', []);
      await daemon.kill('SIGKILL');
      startDaemon(t, dir, paths);
    } else {
      const free = sluice(['unfreeze', id(first), '--socket', paths.socket]);
      assert.equal(free.code, 0, free.err);
    }
    await until(`window ${end - 1}`, () => ask(paths, 'show', id(end - 1))?.state === 'SUCCESS', 120_000);
  }
  assert.deepEqual(ask(paths, 'coverage', 'orders').coverage[0].gaps, []);
  await compare(store);
}

const endings = [];
const dir = mkdtempSync(join(process.env.SOAK_DIR ?? tmpdir(), 'sluice-splits-'));
try {
  await run({ after: (ending) => endings.push(ending) }, dir);
  console.log(`a day of splits and merges: ${JSON.stringify(figures)}; every row once, in its window, in order`);
  for (const ending of endings.reverse()) await ending();
  rmSync(dir, { recursive: true, force: true });
} catch (failure) {
  console.log(`FAILED with seed ${seed}; everything is in ${dir}\n${failure.stack}`);
  for (const ending of endings.reverse()) await ending();
  process.exit(1);
}
