// What goes wrong in real life gives one clear message with the way out, the right code or state, and no loss.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SLUICE, TableStore, ask, downloadRows, fillSeed, lastSlot, localSlot, startDaemon, sluice, until, workDir, world,
  writeConfig } from './support.mjs';

const any = () => new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);

async function writeOne({ sandbox, client }, uid, ms) {
  await sandbox.admin('clock', { offset_us: (ms - Date.now()) * 1000 });
  await client.putRow({ tableName: 'orders', condition: any(), primaryKey: [{ uid }],
    attributeColumns: [{ name: `n-${uid}` }] });
}

// One window in the foreground that must fail with this exit code and message.
function runFails(paths, code, message, slot = lastSlot()) {
  const result = sluice(['run', paths.jobFile, '--config', paths.config, '--at', localSlot(slot)]);
  assert.equal(result.code, code, `${result.code}: ${result.err}${result.out}`);
  assert.match(result.err, message);
  assert.doesNotMatch(result.err + result.out, /sandbox-secret|wrong-secret/, 'no secret in any text');
  return result;
}

test('a wrong access key is named as such, by both services', async (t) => {
  const w = await world(t);
  const key = { id: 'sandbox-id', secret: 'wrong-secret' };
  runFails(writeConfig(w.dir, w.sandbox, { key }), 1, /OTSAuthFailed.*accessKey/s);
});

test('an unknown table is named, with the way out', async (t) => {
  const w = await world(t, { table: false });
  runFails(writeConfig(w.dir, w.sandbox), 3, /orders.*OTSObjectNotExist.*table's name/s);
});

test('a table without a stream says how to switch it on', async (t) => {
  const w = await world(t, { stream: false });
  runFails(writeConfig(w.dir, w.sandbox), 3, /orders.*stream is off; switch it on/s);
});

test('a bucket that does not exist is named, and nothing is created', async (t) => {
  const w = await world(t, { bucket: false });
  const slot = lastSlot();
  await writeOne(w, 'a', slot - 8 * 60_000);
  const result = runFails(writeConfig(w.dir, w.sandbox), 3, /exports.*NoSuchBucket.*bucket/s, slot);
  assert.doesNotMatch(result.err, /take everything back/, 'nothing was sent');
});

test('bad YAML gives file, line and column, every problem at once, and exit code 2', async (t) => {
  const dir = workDir(t);
  const job = join(dir, 'bad.yaml');
  writeFileSync(join(dir, 'seed-job.json'), fillSeed({ table: 'orders' }).replace('"dataTable"', '"dateTable"'));
  writeFileSync(job, 'name: orders\nschedul: {cycle: minute}\nparameters: "start_time=$[yyyymmdd"\n' +
    'script: {file: seed-job.json}\n');
  const result = sluice(['check', job]);
  assert.equal(result.code, 2);
  const text = result.out + result.err;
  assert.match(text, /bad\.yaml:2:1: error: .*schedul.*schedule/);
  assert.match(text, /bad\.yaml:3:\d+: error: .*start_time/);
  assert.match(text, /seed-job\.json:\d+:\d+: error: .*dateTable.*dataTable/);
  const broken = join(dir, 'broken.yaml');
  writeFileSync(broken, 'name: [orders\n');
  const second = sluice(['check', broken]);
  assert.equal(second.code, 2);
  assert.match(second.out + second.err, /broken\.yaml:\d+:\d+: error: /);
});

test('truncated answers and lost answers are tried again and cost nothing', async (t) => {
  const w = await world(t);
  const slot = lastSlot();
  const from = slot - 8 * 60_000;
  for (let i = 0; i < 20; i++) await writeOne(w, `r${i}`, from + i * 1000);
  await w.sandbox.admin('faults', [
    { service: 'ots', operation: 'GetStreamRecord', nth: 1, action: 'truncate_body', value: 40 },
    { service: 'ots', operation: 'DescribeStream', nth: 1, action: 'reset_before' },
    { service: 'oss', operation: 'PutObject', nth: 1, action: 'reset_after' },
    { service: 'oss', operation: 'PutObject', nth: 2, action: 'status', value: 503 },
  ]);
  const paths = writeConfig(w.dir, w.sandbox);
  const result = sluice(['run', paths.jobFile, '--config', paths.config, '--at', localSlot(slot)]);
  assert.equal(result.code, 0, result.err + result.out);
  const objects = await downloadRows(w.store);
  assert.equal(objects.length, 1);
  assert.deepEqual(objects[0].rows.map((row) => row[0]), Array.from({ length: 20 }, (_, i) => `r${i}`));
});

test('an instance that keeps failing is rerun, then FAILURE with its reason; a rerun by hand succeeds', async (t) => {
  const w = await world(t, { bucket: false });
  const to = lastSlot(20);
  const from = to - 20 * 60_000;
  await writeOne(w, 'a', from + 1000);
  const paths = writeConfig(w.dir, w.sandbox, { from: from + 600_000, to, rerun: '{times: 1, interval: 1s}' });
  await startDaemon(t, w.dir, paths).ready();
  const first = `orders@${localSlot(from + 600_000)}`;
  await until('the first instance to fail for good', () => ask(paths, 'show', first).state === 'FAILURE');
  const shown = ask(paths, 'show', first);
  assert.equal(shown.attempts.length, 2);
  assert.match(shown.reason, /NoSuchBucket/);
  const why = sluice(['why', `orders@${localSlot(from + 900_000)}`, '--socket', paths.socket]);
  assert.match(why.out, /NoSuchBucket/, 'the successor names the root cause');
  const log = sluice(['logs', first, '--socket', paths.socket]);
  assert.match(log.out, /NoSuchBucket/);
  await w.store.putBucket('exports');
  const rerun = sluice(['rerun', first, '--socket', paths.socket]);
  assert.equal(rerun.code, 0, rerun.err);
  await until('the chain to go on', () => ask(paths, 'show', first).state === 'SUCCESS' &&
    ask(paths, 'show', `orders@${localSlot(from + 900_000)}`).state === 'SUCCESS');
  assert.deepEqual((await downloadRows(w.store)).flatMap((object) => object.rows), [['a', 'n-a']]);
});

test('a full disk under the state file stops nothing for good and loses nothing', async (t) => {
  const w = await world(t);
  const stateDir = mkdtempSync(join(tmpdir(), 'sluice-small-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', stateDir]);
  if (mounted.status !== 0) {
    rmdirSync(stateDir);
    return t.skip('needs root to mount a small file system');
  }
  t.after(() => {
    spawnSync('umount', ['-l', stateDir]);
    rmdirSync(stateDir);
  });
  const to = lastSlot(30);
  const from = to - 40 * 60_000;
  for (let i = 0; i < 25; i++) await writeOne(w, `r${i}`, from + i * 60_000);
  const paths = writeConfig(w.dir, w.sandbox, { from: from + 600_000, to, stateDir });
  await w.sandbox.admin('faults', [{ service: 'oss', every: 1, action: 'delay_ms', value: 300 }]);
  const daemon = startDaemon(t, w.dir, paths);
  await until('the first window', () => {
    const list = ask(paths, 'instances', 'orders', '--state', 'SUCCESS');
    return list && list.instances.length >= 1;
  });
  spawnSync('sh', ['-c', `cat /dev/zero > ${stateDir}/filler 2>/dev/null`]);
  await until('the message', () => /disk_full|full|no space/i.test(daemon.text()), 30_000);
  assert.equal(daemon.child.exitCode, null, 'the daemon stays up');
  // What is looked at first says so too, while nothing of it can be written down.
  const told = (...args) => sluice([...args, '--socket', paths.socket]).out;
  const notWorking = /not fresh\n\nSTORE the state store has not worked since \S+: [^]*; nothing new is started/;
  await until('the next thing that is to be stored', () => notWorking.test(told('status')), 30_000);
  await until('the incident', () => ask(paths, 'incidents').incidents.some(({ rule, id }) => rule === 'store' && id === null));
  assert.match(told('incidents'), /^ *- .* store .* open /m);
  spawnSync('rm', [join(stateDir, 'filler')]);
  await w.sandbox.admin('faults', []);
  await until('the rest of the windows', () => {
    const list = ask(paths, 'instances', 'orders', '--state', 'SUCCESS', '--limit', '100');
    return list && list.instances.length === 7;
  }, 120_000);
  const rows = (await downloadRows(w.store)).flatMap((object) => object.rows.map((row) => row[0]));
  assert.deepEqual(rows, Array.from({ length: 25 }, (_, i) => `r${i}`));
  assert.doesNotMatch(told('status'), /STORE/);
  await until('its end to be written down', () =>
    ask(paths, 'incidents', '--all').incidents.some(({ rule, open, id }) => rule === 'store' && !open && id > 0));
});

test('commands say what they cannot do: no daemon is 4, no such instance is 3, wrong state is 5', async (t) => {
  const w = await world(t);
  const paths = writeConfig(w.dir, w.sandbox);
  assert.equal(sluice(['status', '--socket', paths.socket]).code, 4);
  assert.equal(sluice(['frobnicate']).code, 2);
  await startDaemon(t, w.dir, paths).ready();
  assert.equal(sluice(['show', 'orders@2001-01-01T00:00+08:00', '--socket', paths.socket]).code, 3);
  // Tomorrow's last: others may be due by now.
  const waiting = ask(paths, 'instances', 'orders', '--state', 'NOT_RUN', '--limit', '1000').instances
    .map(({ id }) => id).sort().at(-1);
  const unfreeze = sluice(['unfreeze', waiting, '--socket', paths.socket]);
  assert.equal(unfreeze.code, 5, unfreeze.err);
  assert.equal(sluice(['freeze', waiting, '--socket', paths.socket]).code, 0);
  assert.equal(sluice(['set-success', waiting, '--reason', 'by hand', '--socket', paths.socket]).code, 0);
  assert.match(sluice(['why', waiting, '--socket', paths.socket]).out, /was set to success by .*by hand/);
  assert.ok(!readFileSync(join(w.dir, 'daemon.log'), 'utf8').includes('sandbox-secret'));
});

test('a demo that is interrupted says so by its exit code, and claims no difference', async (t) => {
  const demo = spawn(SLUICE, ['demo', '--once', '--dir', join(workDir(t), 'demo'), '--port', '0']);
  let out = '';
  demo.stdout.on('data', (part) => {
    if (!out.includes('WINDOW') && `${out}${part}`.includes('WINDOW')) demo.kill('SIGINT');
    out += part;
  });
  const code = await new Promise((done) => demo.on('close', done));
  assert.equal(code, 130, out);
  assert.doesNotMatch(out, /DIFFERENT/);
});

test('a run that is interrupted while a service is silent ends with the exit code of the signal', async (t) => {
  const silent = createServer(() => {});
  await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${silent.address().port}`;
  t.after(() => silent.close());
  const paths = writeConfig(workDir(t), { endpoint });
  const run = spawn(SLUICE, ['run', paths.jobFile, '--config', paths.config, '--at', localSlot(lastSlot())]);
  let err = '';
  run.stderr.on('data', (part) => { err += part; });
  silent.once('connection', (socket) => {
    t.after(() => socket.destroy());
    run.kill('SIGINT');
  });
  const code = await new Promise((done) => run.on('close', done));
  assert.equal(code, 130, err);
});
