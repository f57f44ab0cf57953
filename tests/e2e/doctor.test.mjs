// sluice doctor against the sandbox: all well, and each thing that can be wrong.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { KEY, SLUICE, createTable, oss, sluice, startDaemon, startSandbox, tableStore, workDir, world, writeConfig } from './support.mjs';

function doctor(paths, ...more) {
  const result = sluice(['doctor', '--config', paths.config, '--output', 'json', ...more]);
  const answer = JSON.parse(result.out);
  assert.equal(result.code, answer.well ? 0 : 1, result.err);
  return { ...answer, of: (check) => answer.findings.filter((finding) => finding.check === check) };
}
const folders = (w) => mkdirSync(join(w.dir, 'logs'), { recursive: true });

test('all is well: machine, endpoints, clock, stream, bucket, and an upload that leaves nothing', async (t) => {
  const w = await world(t);
  const paths = writeConfig(w.dir, w.sandbox);
  folders(w);
  await startDaemon(t, w.dir, paths).ready();
  const found = doctor(paths, '--write');
  assert.deepEqual(found.findings.filter(({ health }) => health === 'bad'), []);
  for (const check of ['configuration', 'version', 'rights', 'disk', 'socket', 'endpoint', 'clock', 'table', 'stream', 'target'])
    assert.ok(found.of(check).length > 0, check);
  assert.match(found.of('target')[0].said, /can be written$/);
  assert.equal((await w.store.listUploads({ 'max-uploads': 10 })).uploads.length, 0);
  const text = sluice(['doctor', '--config', paths.config]);
  assert.equal(text.code, 0);
  assert.match(text.out, /^ok +stream +orders: on, keeps 24 hours$/m);
});

test('a wrong key, a stream that is off and a missing bucket are told apart, with what to do', async (t) => {
  const dir = workDir(t);
  const sandbox = await startSandbox(t, dir);
  await createTable(tableStore(sandbox), 'orders', false);
  folders({ dir });
  const off = doctor(writeConfig(dir, sandbox));
  assert.equal(off.of('stream')[0].health, 'bad');
  assert.match(off.of('stream')[0].advice, /switch it on/);
  assert.equal(off.of('target')[0].health, 'bad');
  assert.match(off.of('target')[0].said, /NoSuchBucket/);
  const wrong = doctor(writeConfig(dir, sandbox, { key: { id: KEY.id, secret: 'wrong' } }));
  assert.match(wrong.of('table')[0].advice, /accessKey/);
  assert.match(wrong.of('target')[0].advice, /accessKey/);
  assert.equal(wrong.of('stream').length, 0);
  const gone = doctor(writeConfig(dir, sandbox, { key: { id: KEY.id, secret: `file:${join(dir, 'nope')}` } }));
  assert.match(gone.of('table')[0].said, /nope: No such file/);
  assert.match(gone.of('table')[0].advice, /the table was not asked$/);
  assert.match(gone.of('target')[0].advice, /the target was not asked$/);
  await oss(sandbox, 'exports').putBucket('exports');
  assert.equal(doctor(writeConfig(dir, sandbox)).of('target')[0].health, 'good');
  await sandbox.kill('SIGKILL');
  assert.match(doctor(writeConfig(dir, sandbox)).of('endpoint')[0].advice, /network/);
});

test('a full disk is told', { skip: spawnSync('unshare', ['-m', 'true']).status !== 0 && 'needs root' }, async (t) => {
  const w = await world(t);
  const paths = writeConfig(w.dir, w.sandbox);
  folders(w);
  const result = spawnSync('unshare', ['-m', 'bash', '-c', `mount -t tmpfs -o size=1m tmpfs '${w.dir}/logs' && exec "$0" "$@"`,
    SLUICE, 'doctor', '--config', paths.config, '--output', 'json'], { encoding: 'utf8' });
  assert.equal(result.status, 1, result.stderr);
  const disk = JSON.parse(result.stdout).findings.filter(({ check, health }) => check === 'disk' && health === 'bad');
  assert.deepEqual(disk.map(({ subject }) => subject), [join(w.dir, 'logs')]);
});
