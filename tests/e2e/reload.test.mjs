// Edits of the configuration: broken ones change nothing, good ones make a version, and a kill in between loses none.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ask, downloadRows, fillSeed, lastSlot, localSlot, sluice, startDaemon, until, world, writeConfig,
} from './support.mjs';

const minute = 60_000;
const versions = (paths) => ask(paths, 'versions', 'orders').versions;
const present = (paths) => versions(paths).filter((version) => version.present).map((version) => version.version);
const reloads = (paths) => ask(paths, 'audit', '--action', 'reload').entries.filter((entry) => entry.target === 'configuration');

test('a broken file changes nothing; a good one becomes a version; a kill during a reload loses neither', async (t) => {
  const { dir, sandbox } = await world(t);
  const to = lastSlot(10);
  const paths = writeConfig(dir, sandbox, { from: to - 10 * minute, to });
  const good = readFileSync(paths.jobFile, 'utf8');
  const edited = (times) => good.replace('times: 3', `times: ${times}`);
  let daemon = startDaemon(t, dir, paths);
  await daemon.ready();
  const succeeded = () => ask(paths, 'instances', 'orders', '--state', 'SUCCESS').instances;
  await until('three windows', () => succeeded().length === 3);
  const [first] = present(paths);
  assert.equal(succeeded()[0].version, first);

  const reloaded = reloads(paths).length;
  writeFileSync(paths.jobFile, `${good}nonsense: 1\n`);
  daemon.child.kill('SIGHUP');
  await until('the reload', () => reloads(paths).length === reloaded + 1);
  assert.deepEqual(present(paths), [first]);
  assert.match(daemon.text(), /orders\.yaml:\d+:\d+: error: nonsense/);
  const broken = sluice(['reload', '--dry-run', '--socket', paths.socket]);
  assert.equal(broken.code, 2, broken.err);
  assert.match(broken.err, /orders\.yaml:\d+:\d+: error: nonsense/);
  assert.equal(sluice(['plan', 'orders', '--diff', '--socket', paths.socket]).code, 2);

  writeFileSync(paths.jobFile, edited(5));
  const difference = ask(paths, 'plan', 'orders', '--diff');
  assert.deepEqual(difference.keys, [{ key: 'rerun.times', before: '3', after: '5' }]);
  assert.deepEqual(ask(paths, 'plan', paths.jobFile, '--diff').keys, difference.keys);
  daemon.child.kill('SIGHUP');
  await until('the second version', () => versions(paths).length === 2);
  assert.deepEqual(present(paths), [difference.after]);
  assert.equal(versions(paths)[0].actor, 'SIGHUP');
  assert.match(ask(paths, 'audit', 'orders').entries[0].detail, /rerun\.times 3 -> 5/);
  assert.equal(succeeded()[0].version, first, 'what is done keeps its version');
  const compared = ask(paths, 'versions', 'orders', '--diff', first);
  assert.match(compared.diff, /^-rerun: \{times: 3/m);

  // Whatever the kill leaves of it, the next start has the file's version in force.
  for (const times of [6, 7, 8]) {
    writeFileSync(paths.jobFile, edited(times));
    daemon.child.kill('SIGHUP');
    await daemon.kill('SIGKILL');
    daemon = startDaemon(t, dir, paths);
    await daemon.ready();
    const now = ask(paths, 'jobs').jobs[0].version;
    assert.deepEqual(present(paths), [now]);
    assert.equal(ask(paths, 'plan', 'orders', '--diff').keys.length, 0);
    assert.equal(succeeded().length, 3);
  }
  assert.equal(new Set(versions(paths).map((version) => version.version)).size, versions(paths).length);
  assert.equal(ask(paths, 'show', `orders@${localSlot(to)}`).version, first);

  const before = readFileSync(paths.config, 'utf8');
  writeFileSync(paths.config, `${before}maxConcurrent: many\n`);
  const wrong = sluice(['reload', '--socket', paths.socket]);
  assert.equal(wrong.code, 2, wrong.err);
  assert.match(wrong.err, /sluice\.yaml:\d+:\d+: error: maxConcurrent/);
  writeFileSync(paths.config, `${before}maxConcurrent: 3\n`);
  assert.deepEqual(ask(paths, 'reload').settings, ['maxConcurrent']);
  assert.equal(ask(paths, 'status').running_max, 3);
  assert.deepEqual(await daemon.kill('SIGTERM'), { code: 0, signal: null }, daemon.text());
});

test('an edit that moves windows back, or clocks west, never replaces what is exported', async (t) => {
  const { dir, sandbox, store } = await world(t);
  const now = Date.now();
  await sandbox.admin('fill', { instance: 'demo', table: 'orders', rows: 200, cells: 2, kinds: ['integer'],
    from_ms: now - 40 * minute, to_ms: now - 3 * minute, seed: 1, stream_only: true,
    actions: { put: 1, update: 0, delete: 0 } });
  const paths = writeConfig(dir, sandbox, { from: now - 30 * minute, interval: '1m', start: '2', end: '1', rerun: '{times: 0}' });
  const nepal = readFileSync(paths.jobFile, 'utf8').replace('schedule:\n', 'schedule:\n  timezone: Asia/Kathmandu\n');
  writeFileSync(paths.jobFile, nepal);
  const second = readFileSync(paths.jobFile, 'utf8').replace('name: orders', 'name: shifted').replace('seed-job.json', 'shifted.json');
  const shifted = join(paths.jobs, 'shifted.yaml');
  writeFileSync(shifted, second);
  writeFileSync(join(paths.jobs, 'shifted.json'), fillSeed({ table: 'orders', object: 'demo/shifted/{date}' }));
  const daemon = startDaemon(t, dir, paths);
  await daemon.ready();
  const count = (job, state) => ask(paths, 'instances', job, '--state', state, '--limit', '500').instances.length;
  await until('what was overdue', () => count('orders', 'SUCCESS') >= 28 && count('shifted', 'SUCCESS') >= 28, 120_000);

  const rows = async () => new Map((await downloadRows(store, 'demo/')).map((object) => [object.name, object.rows.length]));
  // 15 minutes further west.
  writeFileSync(paths.jobFile, nepal.replace('Asia/Kathmandu', 'Asia/Kolkata'));
  writeFileSync(shifted, second.replace('-2/24/60', '-12/24/60').replace('-1/24/60', '-11/24/60'));
  const before = await rows();
  assert.equal(sluice(['reload', '--socket', paths.socket]).code, 0);
  await until('a window of each', () => count('orders', 'FAILURE') > 0 && count('shifted', 'SKIPPED') > 1, 240_000);
  const after = await rows();
  for (const [name, number] of before) assert.equal(after.get(name), number, name);
  const [failed] = ask(paths, 'instances', 'orders', '--state', 'FAILURE').instances;
  assert.match(failed.reason, /that is an object of orders@.*, planned for Asia\/Kathmandu; skip it/);
  assert.match(ask(paths, 'instances', 'shifted', '--state', 'SKIPPED').instances[0].reason, /its records came with shifted@/);
  for (const job of ['orders', 'shifted']) {
    const verified = sluice(['verify', job, '--socket', paths.socket]);
    assert.equal(verified.code, 0, verified.out + verified.err);
  }
  assert.deepEqual(await daemon.kill('SIGTERM'), { code: 0, signal: null }, daemon.text());
});

test('a job whose file is gone makes nobody late, and what it left is skipped at once', async (t) => {
  const { dir, sandbox } = await world(t, { bucket: false });
  const to = lastSlot(20);
  const from = to - 10 * minute;
  const paths = writeConfig(dir, sandbox, { from, to, rerun: '{times: 0}' });
  await startDaemon(t, dir, paths).ready();
  await until('the failure', () => ask(paths, 'show', `orders@${localSlot(from)}`).state === 'FAILURE');
  assert.equal(ask(paths, 'status').ready, false);
  rmSync(paths.jobFile);
  assert.match(sluice(['reload', '--socket', paths.socket]).out, /sluice skip --job/);
  const gone = ask(paths, 'status');
  assert.deepEqual([gone.ready, gone.blocked.length], [true, 1]);
  const skipped = sluice(['skip', '--job', 'orders', '--from', localSlot(from), '--to', localSlot(to + 5 * minute), '--reason', 'retired',
    '--socket', paths.socket]);
  assert.match(skipped.out, /^skip: 3 done, 0 refused$/m, skipped.err);
  assert.deepEqual(ask(paths, 'status').blocked, []);
});

test('a named pipe among the job files, or for a key, is told of and stops nothing', async (t) => {
  const { dir, sandbox } = await world(t);
  const to = lastSlot(10);
  const paths = writeConfig(dir, sandbox, { from: to, to });
  const daemon = startDaemon(t, dir, paths);
  await daemon.ready();
  const pipe = join(paths.jobs, 'x.yaml');
  execFileSync('mkfifo', [pipe]);
  const asked = (...args) => sluice([...args, '--socket', paths.socket], { timeout: 10_000 });
  const reloaded = asked('reload', '--dry-run');
  assert.equal(reloaded.code, 2, reloaded.err + reloaded.out);
  assert.match(reloaded.err, /x\.yaml:1:1: error: read \S+x\.yaml: it is no regular file/);
  assert.equal(asked('status').code, 0);

  rmSync(pipe);
  const key = join(dir, 'key');
  execFileSync('mkfifo', [key]);
  writeFileSync(paths.config, readFileSync(paths.config, 'utf8').replace(/accessKey: "[^"]*"/, `accessKey: "file:${key}"`));
  const ran = sluice(['run', paths.jobFile, '--config', paths.config], { timeout: 10_000 });
  assert.notEqual(ran.code, 0);
  assert.match(ran.err, /accessKey: read \S+key: it is no regular file/);
});
