// Between the original and sluice, in both directions: the rows in the status table, and nothing lost or doubled.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { OriginalReader } from './original_reader.mjs';
import { TableStore, ask, createTable, downloadRows, fillSeed, lastSlot, localSlot, sluice, startDaemon, until, world,
  writeConfig } from './support.mjs';

const any = () => new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);
const MINUTE = 60_000;
const where = { instance: 'demo', table: 'orders' };

// The users' job with these keys added to its reader.
const script = (keys) => fillSeed({ table: 'orders' })
  .replace(/"statusTable": "[^"]*",/, `"statusTable": "status", ${keys}`);

// A world whose stream was switched on an hour before `first`, with a status table unless told otherwise.
async function worldBefore(t, first, statusTable = true) {
  const w = await world(t, { table: false });
  await w.sandbox.admin('clock', { offset_us: (first - 60 * MINUTE - Date.now()) * 1000 });
  await createTable(w.client, 'orders');
  const original = new OriginalReader(w);
  if (statusTable) await original.createStatusTable();
  return { ...w, original };
}

// Writes rows whose record times it decides, and remembers them by key.
class Changes {
  constructor({ sandbox, client }) {
    Object.assign(this, { sandbox, client, count: 0, written: new Map() });
  }

  async write(ms, { late = false } = {}) {
    await this.sandbox.admin('clock', { offset_us: (ms - Date.now()) * 1000, step: late });
    for (const uid of 'abcdefghijklmnop') {
      const name = `${uid}${this.count++}`;
      await this.client.putRow({ tableName: 'orders', condition: any(), primaryKey: [{ uid }], attributeColumns: [{ name }] });
      this.written.set(uid, [...(this.written.get(uid) ?? []), name]);
    }
  }

  // Every change once, in the order of its key.
  assertAllIn(rows) {
    const got = new Map();
    for (const [uid, name] of rows) got.set(uid, [...(got.get(uid) ?? []), name]);
    assert.deepEqual([...got].sort(), [...this.written].sort());
  }
}

const done = (paths) => ask(paths, 'instances', 'orders', '--state', 'SUCCESS', '--limit', '100')?.instances ?? [];
const slotOf = (instance) => new Date(instance.id.slice(instance.id.indexOf('@') + 1)).getTime();

async function finishOverdue(paths, daemon, to) {
  await until('the overdue windows', () => {
    assert.equal(daemon.child.exitCode, null, daemon.text());
    return done(paths).some((instance) => slotOf(instance) === to);
  });
}

test('windows go from the original to sluice and back, through splits and a merge, every change once', async (t) => {
  const to = lastSlot(40);
  const first = to - 40 * MINUTE;
  const w = await worldBefore(t, first);
  const { original } = w;
  const changes = new Changes(w);
  const exported = [];

  for (let minute = 1; minute < 13; minute++) {
    await changes.write(first + minute * MINUTE);
    if (minute === 3 || minute === 8) await w.sandbox.admin('split', where);
    if (minute === 7) exported.push(...await original.run(first, first + 5 * MINUTE));
  }
  await changes.write(first + 9 * MINUTE, { late: true });
  exported.push(...await original.run(first + 5 * MINUTE, first + 10 * MINUTE));
  await changes.write(first + 8 * MINUTE, { late: true });

  for (let minute = 13; minute < 33; minute++) {
    await changes.write(first + minute * MINUTE);
    if (minute === 17) await w.sandbox.admin('split', where);
    if (minute === 23) await w.sandbox.admin('merge', where);
  }
  const paths = writeConfig(w.dir, w.sandbox, { from: first + 20 * MINUTE, to,
    script: script('"takeOver": "required", "handOver": true,') });
  const daemon = startDaemon(t, w.dir, paths);
  await finishOverdue(paths, daemon, to);
  const list = done(paths).sort((x, y) => slotOf(x) - slotOf(y));
  assert.equal(slotOf(list[0]), first + 20 * MINUTE, 'the first window begins where the original ended');
  const log = sluice(['logs', list[0].id, '--socket', paths.socket]).out;
  assert.match(log, /take over: \d shards go on where the original's run that ended at /);
  assert.match(log, /handed over \d shards in status table status/);
  assert.doesNotMatch(sluice(['logs', list[1].id, '--socket', paths.socket]).out, /take over/);
  assert.deepEqual(await daemon.kill('SIGTERM'), { code: 0, signal: null }, daemon.text());
  exported.push(...(await downloadRows(w.store)).flatMap((object) => object.rows));

  const end = slotOf(list.at(-1)) - 5 * MINUTE;
  await changes.write(end - 2 * MINUTE, { late: true });
  await w.sandbox.admin('split', where);
  await changes.write(end + MINUTE);
  assert.ok(await original.starts(end), 'the original finds a run to go on from');
  exported.push(...await original.run(end, end + 2 * MINUTE));
  await changes.write(end + 3 * MINUTE);
  exported.push(...await original.run(end + 2 * MINUTE, end + 10 * MINUTE));
  changes.assertAllIn(exported);
});

test('the original finds every window that was handed over, and only the rows of runs', async (t) => {
  const to = lastSlot(20);
  const first = to - 20 * MINUTE;
  const w = await worldBefore(t, first, false);
  const { original } = w;
  const changes = new Changes(w);
  for (let minute = 1; minute < 14; minute++) {
    await changes.write(first + minute * MINUTE);
    if (minute === 7) await w.sandbox.admin('split', where);
  }
  const paths = writeConfig(w.dir, w.sandbox, { from: first + 10 * MINUTE, to, script: script('"handOver": true,') });
  const daemon = startDaemon(t, w.dir, paths);
  await finishOverdue(paths, daemon, to);
  await daemon.kill('SIGTERM');
  const ends = (await original.rows()).filter((row) => row.key[1] === 'DataxJobDesc').map((row) => Number(row.key[2]));
  assert.equal(ends.length, 3);
  for (const [i, end] of ends.entries()) {
    assert.equal(end, first + (i + 1) * 5 * MINUTE);
    assert.ok(await original.starts(end), `the run that ended at ${end}`);
  }
  const described = await w.client.describeTable({ tableName: 'status' });
  assert.equal(described.tableOptions.timeToLive, 2_592_000);
  assert.equal(described.tableOptions.maxVersions, 1);
  assert.deepEqual(described.tableMeta.primaryKey.map(({ name }) => name), ['StreamId', 'StatusType', 'StatusValue']);
});

test('a hand-over that fails is a warning, and rerunning the window makes it good', async (t) => {
  const to = lastSlot(10);
  const first = to - 10 * MINUTE;
  const w = await worldBefore(t, first);
  const { original } = w;
  const changes = new Changes(w);
  await changes.write(first + MINUTE);
  await w.sandbox.admin('faults', [
    { service: 'ots', operation: 'PutRow', table: 'status', action: 'status', value: 403, code: 'OTSNoPermissionAccess' }]);
  const paths = writeConfig(w.dir, w.sandbox, { from: first + 10 * MINUTE, to, script: script('"handOver": true,') });
  await startDaemon(t, w.dir, paths).ready();
  const id = `orders@${localSlot(first + 10 * MINUTE)}`;
  await until('the window', () => ask(paths, 'show', id).state === 'SUCCESS');
  const log = sluice(['logs', id, '--socket', paths.socket]).out;
  assert.match(log, /hand over orders: .*OTSNoPermissionAccess.*the window counts all the same, rerun it/);
  assert.equal(await original.starts(first + 5 * MINUTE), null);
  changes.assertAllIn((await downloadRows(w.store)).flatMap((object) => object.rows));

  await w.sandbox.admin('faults', []);
  const rerun = sluice(['rerun', id, '--socket', paths.socket]);
  assert.equal(rerun.code, 0, rerun.err);
  await until('the run', () => original.starts(first + 5 * MINUTE));
  changes.assertAllIn((await downloadRows(w.store)).flatMap((object) => object.rows));
});

test('stopping an attempt while it hands over leaves the window exported and claims nothing', async (t) => {
  const to = lastSlot(10);
  const first = to - 10 * MINUTE;
  const w = await worldBefore(t, first);
  const { original } = w;
  const changes = new Changes(w);
  await changes.write(first + MINUTE);
  await w.sandbox.admin('faults', [{ service: 'ots', operation: 'PutRow', table: 'status', action: 'stall' }]);
  const paths = writeConfig(w.dir, w.sandbox, { from: first + 10 * MINUTE, to, script: script('"handOver": true,') });
  startDaemon(t, w.dir, paths);
  const id = `orders@${localSlot(first + 10 * MINUTE)}`;
  await until('the hand-over', async () => (await w.sandbox.admin('faults'))[0].fired > 0);
  const kill = sluice(['kill', id, '--socket', paths.socket]);
  assert.equal(kill.code, 5, kill.err);
  assert.match(kill.err, /ended by itself before; it is SUCCESS/);
  changes.assertAllIn((await downloadRows(w.store)).flatMap((object) => object.rows));
  assert.equal(await original.starts(first + 5 * MINUTE), null);
  assert.match(sluice(['logs', id, '--socket', paths.socket]).out, /the window counts all the same/);
});

test('without handOver nothing is written to Table Store, also when a chain is taken over', async (t) => {
  const first = lastSlot(15) - 15 * MINUTE;
  const w = await worldBefore(t, first);
  const { original } = w;
  const changes = new Changes(w);
  await changes.write(first + MINUTE);
  const exported = await original.run(first, first + 5 * MINUTE);
  await changes.write(first + 6 * MINUTE);
  const writes = async () => {
    const { requests } = await w.sandbox.admin('stats');
    return Object.entries(requests).filter(([name]) => /^ots\.(Put|Update|Delete|Create|BatchWrite)/.test(name));
  };
  const rows = await original.rows();
  const before = await writes();
  const paths = writeConfig(w.dir, w.sandbox, { script: script('"takeOver": "ifFound",') });
  const at = localSlot(first + 15 * MINUTE);
  const result = sluice(['run', paths.jobFile, '--config', paths.config, '--at', at]);
  assert.equal(result.code, 0, result.err + result.out);
  assert.ok(before.length > 0);
  assert.deepEqual(await writes(), before);
  assert.deepEqual(await original.rows(), rows);
  changes.assertAllIn([...exported, ...(await downloadRows(w.store)).flatMap((object) => object.rows)]);
});

test('a run that is required and not there names what there is, and the way out', async (t) => {
  const to = lastSlot(20);
  const first = to - 20 * MINUTE;
  const w = await worldBefore(t, first);
  const { original } = w;
  await original.run(first, first + 5 * MINUTE);
  const paths = writeConfig(w.dir, w.sandbox, { script: script('"takeOver": "required",') });
  const result = sluice(['run', paths.jobFile, '--config', paths.config, '--at', localSlot(first + 20 * MINUTE)]);
  assert.equal(result.code, 3, result.err + result.out);
  assert.match(result.err, new RegExp(`no run of stream \\S+ that ended at \\S+ \\(${first + 10 * MINUTE}\\) in status table ` +
    `status: there is no row; its last runs ended at \\S+ \\(${first + 5 * MINUTE}\\); let the first window begin at one`));
  assert.deepEqual(await downloadRows(w.store), []);
});
