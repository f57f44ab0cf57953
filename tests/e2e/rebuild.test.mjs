// The state file is gone, or too old, and there is no backup: what manifests and objects prove is put into a new one,
// and every row arrives exactly once all the same.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SLUICE, TableStore, ask, createTable, downloadRows, fillSeed, lastSlot, localSlot, pause, sluice, startDaemon, until, world,
  writeConfig } from './support.mjs';

const minute = 60_000;
const windows = 6;
const any = () => new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);

const done = (paths) => (ask(paths, 'instances', 'orders', '--limit', '100') ?? { instances: [] }).instances
  .filter((instance) => instance.state === 'SUCCESS').length;

// Six windows of ten rows each that are due, and one more slot, which comes after the trouble.
async function prepared(t, { manifest = true, keys = '' } = {}) {
  const w = await world(t, { table: false });
  const to = lastSlot(windows * 5);
  const first = to - (windows + 1) * 5 * minute;
  const script = fillSeed({ table: 'orders' })
    .replace('"fileFormat":', `${manifest ? '"manifest": "proof/orders", ' : ''}${keys}"fileFormat":`);
  const paths = writeConfig(w.dir, w.sandbox, { from: first + 10 * minute, to, script });
  await w.sandbox.admin('clock', { offset_us: (first - minute - Date.now()) * 1000 });
  await createTable(w.client, 'orders');
  const expected = [];
  for (let window = 0; window < windows; window++) {
    await w.sandbox.admin('clock', { offset_us: (first + window * 5 * minute + minute - Date.now()) * 1000 });
    const rows = Array.from({ length: 10 }, (_, i) => ({ type: 'PUT', condition: any(),
      primaryKey: [{ uid: `u${window}-${i}` }], attributeColumns: [{ name: `n${i}` }] }));
    await w.client.batchWriteRow({ tables: [{ tableName: 'orders', rows }] });
    expected.push(...rows.map((_, i) => `u${window}-${i}`));
  }
  await w.sandbox.admin('clock', { offset_us: 0 });
  const slot = (number) => first + (number + 2) * 5 * minute;
  return { ...w, to, paths, expected, slot, file: join(paths.stateDir, 'sluice.db') };
}

async function exported(t, w, until_ = windows) {
  const daemon = startDaemon(t, w.dir, w.paths);
  await daemon.ready();
  await until('the windows', () => done(w.paths) >= until_);
  return daemon;
}

const stop = async (daemon) => assert.equal((await daemon.kill('SIGTERM')).code, 0);
const rebuild = (w, ...more) => sluice(['state', 'rebuild', '--config', w.paths.config, ...more]);
const json = (result) => JSON.parse(result.out);
const lose = (w) => { for (const part of ['', '-wal', '-shm']) rmSync(w.file + part, { force: true }); };

async function manifestsOf(w) {
  return ((await w.store.list({ prefix: 'proof/', 'max-keys': 1000 })).objects ?? []).map(({ name }) => name).sort();
}

// Every row exactly once, as the ledger says.
async function checkAll(w) {
  const rows = (await downloadRows(w.store, 'demo/')).flatMap((object) => object.rows.map((row) => row[0]));
  assert.deepEqual(rows.sort(), [...w.expected].sort());
  const verified = sluice(['verify', 'orders', '--socket', w.paths.socket]);
  assert.equal(verified.code, 0, verified.out + verified.err);
}

// Goes on with rows that came after the trouble.
async function goOn(t, w, expected) {
  const daemon = startDaemon(t, w.dir, w.paths);
  await daemon.ready();
  await until('the windows again', () => done(w.paths) >= expected);
  await checkAll(w);
  return daemon;
}

test('a state file that is gone is rebuilt from manifests, and nothing is exported twice', async (t) => {
  const w = await prepared(t);
  await stop(await exported(t, w));
  const before = json(rebuild(w, '--dry-run', '--output', 'json'));
  lose(w);
  // Two of the manifests are taken away, so that their windows are still to come.
  const manifests = await manifestsOf(w);
  for (const name of manifests.slice(4)) await w.store.delete(name);
  const objects = (await w.store.list({ prefix: 'demo/', 'max-keys': 1000 })).objects;

  const planned = rebuild(w, '--dry-run');
  assert.equal(planned.code, 0, planned.out + planned.err);
  assert.match(planned.out, /orders: manifests prove 4 windows, .*; the next one begins where it ended, /);
  assert.equal(existsSync(w.file), false);
  assert.deepEqual(readdirSync(w.paths.stateDir).filter((name) => name.includes('rebuild')), []);

  const rebuilt = rebuild(w, '--output', 'json');
  assert.equal(rebuilt.code, 0, rebuilt.out + rebuilt.err);
  const [job] = json(rebuilt).jobs;
  assert.equal(before.jobs[0].by, 'state_file');
  assert.equal(json(rebuilt).changed, true);
  assert.equal(job.by, 'manifests');
  assert.equal(job.windows, 4);
  assert.equal(job.last, `orders@${localSlot(w.slot(3))}`);
  assert.deepEqual(job.differences, []);
  assert.equal(sluice(['state', 'check', '--config', w.paths.config]).code, 0);

  const daemon = await goOn(t, w, windows);
  for (const { name, lastModified } of objects.slice(0, 4)) {
    const now = (await w.store.list({ prefix: name, 'max-keys': 1 })).objects[0];
    assert.equal(now.lastModified, lastModified, 'a proven window is not written again');
  }
  assert.match(sluice(['audit', '--socket', w.paths.socket]).out, /rebuild/);
  const rerun = sluice(['rerun', `orders@${localSlot(w.slot(2))}`, '--socket', w.paths.socket]);
  assert.equal(rerun.code, 0, rerun.err);
  await until('the rerun', () => ask(w.paths, 'show', `orders@${localSlot(w.slot(2))}`).state === 'SUCCESS');
  await checkAll(w);
  assert.equal(rebuild(w, '--dry-run').code, 5, 'a daemon has the file');
  await stop(daemon);
});

test('a backup from the middle is brought up to what the manifests prove', async (t) => {
  const w = await prepared(t);
  const backup = join(w.dir, 'copy.db');
  // Slow enough that the copy is of the middle.
  await w.sandbox.admin('faults', [{ service: 'ots', operation: 'GetStreamRecord', every: 1, action: 'delay_ms', value: 400 }]);
  let daemon = await exported(t, w, 2);
  assert.equal(sluice(['backup', backup, '--socket', w.paths.socket]).code, 0);
  assert.ok(done(w.paths) < windows, 'some windows were still to come when the copy was made');
  await w.sandbox.admin('faults', []);
  await until('all windows', () => done(w.paths) === windows);
  await stop(daemon);
  writeFileSync(w.file, Buffer.alloc(8192, 0xff));
  const damaged = rebuild(w);
  assert.equal(damaged.code, 7, damaged.err);
  assert.match(damaged.err, /is damaged: .*sluice state restore/);
  assert.equal(sluice(['state', 'restore', backup, '--config', w.paths.config]).code, 0);
  const rebuilt = rebuild(w, '--output', 'json');
  assert.equal(rebuilt.code, 0, rebuilt.out + rebuilt.err);
  assert.equal(json(rebuilt).jobs[0].last, `orders@${localSlot(w.slot(windows - 1))}`);
  assert.match(json(rebuilt).kept, /sluice\.db\.until-/);
  daemon = await goOn(t, w, windows);
  await stop(daemon);
  const again = rebuild(w);
  assert.equal(again.code, 0);
  assert.match(again.out, /is as it was: there is nothing to put into it/);
});

test('a restore that was cut off is completed by the rebuild, which takes it for no change by others', async (t) => {
  const w = await prepared(t);
  const backup = join(w.dir, 'copy.db');
  await w.sandbox.admin('faults', [{ service: 'ots', operation: 'GetStreamRecord', every: 1, action: 'delay_ms', value: 400 }]);
  const daemon = await exported(t, w, 2);
  assert.equal(sluice(['backup', backup, '--socket', w.paths.socket]).code, 0);
  await w.sandbox.admin('faults', []);
  await until('all windows', () => done(w.paths) === windows);
  await stop(daemon);
  copyFileSync(backup, `${w.file}.restored`);  // the kill came before the copy took the file's place
  const rebuilt = rebuild(w, '--output', 'json');
  assert.equal(rebuilt.code, 0, rebuilt.out + rebuilt.err);
  assert.equal(json(rebuilt).changed, true);
  assert.equal(json(rebuilt).jobs[0].last, `orders@${localSlot(w.slot(windows - 1))}`);
  assert.equal(existsSync(`${w.file}.restored`), false);
  await stop(await goOn(t, w, windows));
});

test('a job without manifests goes on by time behind its last window but one', async (t) => {
  const w = await prepared(t, { manifest: false });
  await stop(await exported(t, w));
  lose(w);
  // The newest window was half written.
  const names = (await w.store.list({ prefix: 'demo/', 'max-keys': 1000 })).objects.map(({ name }) => name).sort();
  await w.store.put(names.at(-1), Buffer.from('half'));
  const rebuilt = rebuild(w);
  assert.equal(rebuilt.code, 0, rebuilt.out + rebuilt.err);
  assert.match(rebuilt.out, /names of objects tell that it came to .*; what changed from there on is exported again, by time/);
  const daemon = await goOn(t, w, 2);
  const known = `orders@${localSlot(w.slot(windows - 2))}`;
  const rerun = sluice(['rerun', known, '--socket', w.paths.socket]);
  assert.equal(rerun.code, 5, rerun.err);
  assert.match(rerun.err, /where it began is not known since the state was rebuilt/);
  assert.equal(ask(w.paths, 'show', known).state, 'SUCCESS');
  await stop(daemon);
});

test('what is missing, changed or forged in the middle is told, and put right', async (t) => {
  const w = await prepared(t);
  await stop(await exported(t, w));
  const names = (await w.store.list({ prefix: 'demo/', 'max-keys': 1000 })).objects.map(({ name }) => name).sort();
  const manifests = await manifestsOf(w);
  assert.equal(manifests.length, windows);
  await w.store.delete(names[2]);
  const content = (await w.store.get(names[3])).content;
  await w.store.put(names[3], Buffer.from(content.toString().replace('u', 'x')));
  lose(w);
  const told = json(rebuild(w, '--dry-run', '--output', 'json')).jobs[0];
  assert.equal(told.windows, windows);
  assert.deepEqual(told.differences.map(({ kind, rerun }) => [kind, rerun]), [['missing', false], ['checksum', false]]);

  // One that names what is not its own breaks the chain: the windows from there on are exported again.
  const forged = JSON.parse((await w.store.get(manifests[4])).content);
  forged.objects[0].name = names[0];
  await w.store.put(manifests[4], Buffer.from(JSON.stringify(forged)));
  const rebuilt = rebuild(w, '--rerun');
  assert.equal(rebuilt.code, 0, rebuilt.out + rebuilt.err);
  assert.match(rebuilt.out, new RegExp(`${manifests[4]}: it names ${names[0]}, which is no object of its window: ` +
    'windows from there on are exported again'));
  assert.equal(rebuilt.out.match(/; runs again$/gm).length, 2);
  const daemon = startDaemon(t, w.dir, w.paths);
  await daemon.ready();
  await until('the windows again', () => done(w.paths) === windows);
  await checkAll(w);
  await stop(daemon);
});

test('a rebuild that is killed leaves the state file as it was, and the next one completes', async (t) => {
  const w = await prepared(t);
  await stop(await exported(t, w));
  lose(w);
  await w.sandbox.admin('faults', [{ service: 'oss', operation: 'HeadObject', every: 1, action: 'delay_ms', value: 400 }]);
  for (const wait of [300, 1200]) {
    const child = spawn(SLUICE, ['state', 'rebuild', '--config', w.paths.config], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    await pause(wait);
    child.kill('SIGKILL');
    await ended;
  }
  await w.sandbox.admin('faults', []);
  const rebuilt = rebuild(w);
  assert.equal(rebuilt.code, 0, rebuilt.out + rebuilt.err);
  assert.deepEqual(readdirSync(w.paths.stateDir).filter((name) => name.includes('rebuild')), []);
  const daemon = await goOn(t, w, windows);
  await stop(daemon);
});

test('what is not known is said, and refused is what a backup knows better', async (t) => {
  const w = await prepared(t, { manifest: false });
  const nothing = rebuild(w);
  assert.equal(nothing.code, 1, nothing.out);
  assert.match(nothing.out, /orders: nothing is known\n {2}neither manifests nor objects of it were found: it begins with its next slot/);
  assert.equal(existsSync(w.file), false);
  assert.equal(rebuild(w, 'refunds').code, 3);
  const daemon = await exported(t, w);
  await stop(daemon);
  const file = readFileSync(w.file);
  sluice(['state', 'check', '--config', w.paths.config]);
  const backups = join(w.paths.stateDir, 'backups');
  assert.equal(existsSync(backups), false);
  lose(w);
  mkdirSync(backups);
  writeFileSync(join(backups, 'sluice-20181015T161500Z.db'), file);
  const refused = rebuild(w);
  assert.equal(refused.code, 5, refused.err);
  assert.match(refused.err, /there are backups in .*sluice state restore/);
  const anew = rebuild(w, '--new');
  assert.equal(anew.code, 0, anew.out + anew.err);
});

test('a job that cannot be looked at keeps the state file from being replaced', async (t) => {
  const w = await prepared(t);
  await stop(await exported(t, w));
  lose(w);
  const config = readFileSync(w.paths.config, 'utf8');
  writeFileSync(w.paths.config, `${config}  nowhere: {type: oss, endpoint: "http://127.0.0.1:9", bucket: b, accessId: i, accessKey: k}\n`);
  writeFileSync(join(w.paths.jobs, 'other.json'), readFileSync(join(w.paths.jobs, 'seed-job.json'), 'utf8').replace('"target"', '"nowhere"'));
  writeFileSync(join(w.paths.jobs, 'other.yaml'),
    readFileSync(w.paths.jobFile, 'utf8').replace('name: orders', 'name: other').replace('seed-job.json', 'other.json'));
  const refused = rebuild(w);
  assert.equal(refused.code, 1, refused.out + refused.err);
  assert.match(refused.out, /orders: manifests prove 6 windows/);
  assert.match(refused.out, /is as it was: not every job could be looked at/);
  assert.equal(existsSync(w.file), false);
  const named = rebuild(w, 'orders');
  assert.equal(named.code, 0, named.out + named.err);
  assert.match(named.out, /start the daemon now/);
  assert.equal(existsSync(w.file), true);
});

test('a state file that changed meanwhile is not replaced', async (t) => {
  const w = await prepared(t);
  await stop(await exported(t, w));
  const before = readFileSync(w.file);
  await w.sandbox.admin('faults', [{ service: 'oss', operation: 'HeadObject', every: 1, action: 'delay_ms', value: 400 }]);
  const child = spawn(SLUICE, ['state', 'rebuild', '--new', '--config', w.paths.config]);
  let said = '';
  child.stderr.on('data', (bytes) => { said += bytes; });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  await until('the copy', () => existsSync(`${w.file}.rebuild`));
  await pause(300);
  utimesSync(w.file, new Date(), new Date());
  const code = await ended;
  assert.equal(code, 5, said);
  assert.match(said, /was changed meanwhile, by a daemon or a restore/);
  assert.deepEqual(readFileSync(w.file), before);
});
