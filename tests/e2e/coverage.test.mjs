// What the daemon knows of its stream: how long it is kept, what of it is lost, and that many shards need little.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SLUICE, TableStore, ask, downloadRows, fillSeed, lastSlot, localSlot, sluice, startDaemon, startProcess,
  until, world, writeConfig } from './support.mjs';

const minute = 60_000;
const any = () => new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);
const goOn = (w) => fillSeed({ table: 'orders' }).replace('"mode":', '"onGap": "continue", "mode":');

async function write({ sandbox, client }, ms, ...uids) {
  await sandbox.admin('clock', { offset_us: (ms - Date.now()) * 1000 });
  for (const uid of uids) {
    await client.putRow({ tableName: 'orders', condition: any(), primaryKey: [{ uid }],
      attributeColumns: [{ name: `n-${uid}` }] });
  }
}

const succeeded = (paths, number) => until(`${number} windows`, () =>
  ask(paths, 'instances', 'orders', '--state', 'SUCCESS', '--limit', '100')?.instances.length === number);

const stop = async (daemon) => assert.deepEqual(await daemon.kill('SIGTERM'), { code: 0, signal: null }, daemon.text());

// A daemon that has exported rows a and b of the first of three windows and failed at the second.
async function afterFirstWindow(t) {
  const w = await world(t);
  const to = lastSlot(15);
  const start = to - 20 * minute;
  await write(w, start + minute, 'a', 'b');
  await w.sandbox.admin('faults', [{ service: 'ots', operation: 'DescribeTable', nth: 3, action: 'status', value: 403,
    code: 'OTSNoPermissionAccess' }]);
  const paths = writeConfig(w.dir, w.sandbox, { from: start + 10 * minute, to, rerun: '{times: 0}' });
  await write(w, start + 5 * minute, 'c');
  await write(w, start + 6 * minute, 'd', 'e');
  const daemon = startDaemon(t, w.dir, paths);
  const second = `orders@${localSlot(start + 15 * minute)}`;
  await daemon.ready();
  await until('the second window to fail', () => ask(paths, 'show', second).state === 'FAILURE');
  await w.sandbox.admin('faults', []);
  return { ...w, start, to, paths, daemon, second };
}

test('records trimmed before they were exported fail the window and are named; onGap goes on and keeps the gap', async (t) => {
  const w = await afterFirstWindow(t);
  await w.sandbox.admin('trim', { instance: 'demo', table: 'orders', records: 4 });
  const rerun = sluice(['rerun', w.second, '--socket', w.paths.socket]);
  assert.equal(rerun.code, 0, rerun.err);
  const lost = await until('the loss to be seen', () => {
    const shown = ask(w.paths, 'show', w.second);
    return shown.attempts.length === 2 && shown.state === 'FAILURE' && shown;
  });
  assert.match(lost.reason, /records after \S+Z up to \S+Z are lost/);
  assert.match(lost.reason, /"onGap": "continue"/);
  assert.equal(lost.attempts[1].error_code, 'trimmed');
  await stop(w.daemon);

  writeConfig(w.dir, w.sandbox, { from: w.start + 10 * minute, to: w.to, script: goOn(w) });
  const daemon = startDaemon(t, w.dir, w.paths);
  await daemon.ready();
  assert.equal(sluice(['rerun', w.second, '--latest', '--socket', w.paths.socket]).code, 0);
  await succeeded(w.paths, 3);
  assert.deepEqual((await downloadRows(w.store)).flatMap((object) => object.rows.map((row) => row[0])), ['a', 'b', 'e']);
  const coverage = ask(w.paths, 'coverage', 'orders').coverage[0];
  assert.equal(coverage.gaps.length, 1);
  const second = (us) => Math.floor(us / 1e6);
  assert.equal(second(coverage.gaps[0].from_us), second((w.start + 5 * minute) * 1000), 'row c closed the first window');
  assert.equal(second(coverage.gaps[0].to_us), second((w.start + 6 * minute) * 1000), 'row e is the oldest that is kept');
  assert.match(coverage.gaps[0].reason, /trimmed/);
  await stop(daemon);
});

test('a stream switched off and on between two windows is noticed and the lost interval named', async (t) => {
  const w = await afterFirstWindow(t);
  const update = (stream) => w.client.updateTable({ tableName: 'orders', streamSpecification: stream,
    tableOptions: { timeToLive: -1, maxVersions: 1 }, reservedThroughput: { capacityUnit: { read: 0, write: 0 } } });
  await update({ enableStream: false });
  await update({ enableStream: true, expirationTime: 24 });
  sluice(['rerun', w.second, '--socket', w.paths.socket]);
  const lost = await until('the change to be seen', () => {
    const shown = ask(w.paths, 'show', w.second);
    return shown.attempts.length === 2 && shown.state === 'FAILURE' && shown;
  });
  assert.equal(lost.attempts[1].error_code, 'stream_changed');
  assert.match(lost.reason, /the stream was switched off and on again \(was \S+, is \S+\); changes between \S+Z and \S+Z/);
  await stop(w.daemon);
});

test('coverage tells how long the stream keeps what is needed next, everywhere', async (t) => {
  const w = await world(t);
  const to = lastSlot(15);
  const start = to - 15 * minute;
  await write(w, start + minute, 'a');
  const paths = writeConfig(w.dir, w.sandbox, { from: start + 10 * minute, to });
  const daemon = startDaemon(t, w.dir, paths);
  await succeeded(paths, 2);
  const { retention } = ask(paths, 'coverage', 'orders').coverage[0];
  assert.equal(retention.retention_seconds, 24 * 3600);
  assert.equal(retention.low, false);
  assert.ok(retention.left_seconds > 23 * 3600 && retention.left_seconds <= 24 * 3600, JSON.stringify(retention));
  assert.match(sluice(['coverage', '--socket', paths.socket]).out, /the stream keeps what is needed next until .*: 23 h/);
  assert.match(sluice(['status', '--socket', paths.socket]).out, /RETENTION[^]* 23 h/);
  const log = sluice(['logs', `orders@${localSlot(start + 15 * minute)}`, '--socket', paths.socket]).out;
  assert.match(log, /records after \S+Z are needed; the stream keeps them until \S+Z, 23 h/);
  await stop(daemon);
});

test('a window that the stream does not keep any more ends sluice run with 6', async (t) => {
  const w = await world(t, { table: false });
  const slot = lastSlot();
  await w.sandbox.admin('clock', { offset_us: -5 * 60 * minute * 1000 });
  await w.sandbox.admin('create_table', { instance: 'demo', table: 'orders', stream_hours: 1,
    primary_key: [{ name: 'uid', type: 'STRING' }] });
  await write(w, slot - 3 * 60 * minute, 'old');
  await write(w, slot - 20 * minute, 'new');
  await w.sandbox.admin('clock', { offset_us: 0 });
  const paths = writeConfig(w.dir, w.sandbox);
  const result = sluice(['run', paths.jobFile, '--config', paths.config, '--at', localSlot(slot - 2 * 60 * minute)]);
  assert.equal(result.code, 6, result.err + result.out);
  assert.match(result.err, /are lost: older than the stream's retention/);
});

test('a window from before its stream ends sluice run with 6, and its object stays', async (t) => {
  const w = await world(t);
  const slot = lastSlot();
  await write(w, slot - 8 * minute, 'a');
  await w.sandbox.admin('clock', { offset_us: 0 });
  const paths = writeConfig(w.dir, w.sandbox);
  const run = (...args) => sluice(['run', paths.jobFile, '--config', paths.config, '--at', localSlot(slot), ...args]);
  assert.equal(run().code, 0);
  const before = await downloadRows(w.store);
  assert.deepEqual(before.map((object) => object.rows), [[['a', 'n-a']]]);

  const turn = (streamSpecification) => w.client.updateTable({ tableName: 'orders', tableOptions: {}, streamSpecification });
  await turn({ enableStream: false });
  await turn({ enableStream: true, expirationTime: 24 });
  const result = run();
  assert.equal(result.code, 6, result.err + result.out);
  assert.match(result.err, /the stream was switched on at \S+, after the window's end \S+, and holds nothing of it/);
  assert.deepEqual(await downloadRows(w.store), before);
  const old = sluice(['run', paths.jobFile, '--config', paths.config, '--at', '2016-01-01T00:00']);
  assert.equal(old.code, 6, old.err + old.out);
});

test('200 shards in one table, one of them hot, are read whole in little memory', async (t) => {
  const w = await world(t, { table: false });
  const where = { instance: 'demo', table: 'orders' };
  await w.sandbox.admin('create_table', { ...where, primary_key: [{ name: 'uid', type: 'STRING' }] });
  // A fill spreads its keys evenly over nine digits: four fifths of them fall into the first shard.
  await w.sandbox.admin('split', { ...where, at: Array.from({ length: 199 }, (_, i) => String(800_000_000 + i * 1_000_000)) });
  const slot = lastSlot();
  const from = slot - 10 * minute;
  await w.sandbox.admin('clock', { offset_us: (from - minute - Date.now()) * 1000 });
  const { shards } = await w.sandbox.admin('fill', { ...where, rows: 100_000, from_ms: from, to_ms: from + 299_000,
    stream_only: true, actions: { put: 1 }, columns: ['name', 'b', 'c', 'd'] });
  assert.equal(Object.keys(shards).length, 200);
  assert.ok(Math.max(...Object.values(shards)) > 75_000, JSON.stringify(shards));
  const paths = writeConfig(w.dir, w.sandbox);
  const run = startProcess(t, 'run', SLUICE,
    ['run', paths.jobFile, '--config', paths.config, '--at', localSlot(slot), '--output', 'json'], w.dir);
  let peak = 0;
  while (run.child.exitCode === null && run.child.signalCode === null) {
    try {
      const status = readFileSync(`/proc/${run.child.pid}/status`, 'utf8');
      peak = Math.max(peak, Number(status.match(/VmHWM:\s+(\d+)/)?.[1] ?? 0));
    } catch { /* it has ended */ }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal(run.child.exitCode, 0, run.text());
  const text = readFileSync(join(w.dir, 'run.log'), 'utf8');
  const outcome = JSON.parse(text.slice(text.indexOf('\n{') + 1));
  assert.equal(outcome.statistics.rows, 100_000);
  assert.equal(outcome.statistics.shards, outcome.statistics.shards_done);
  assert.ok(outcome.statistics.shards >= 200);
  assert.ok(peak > 0 && peak < 128 * 1024, `${peak} KiB`);
  t.diagnostic(`peak ${Math.round(peak / 1024)} MiB, ${outcome.statistics.requests} requests`);
});
