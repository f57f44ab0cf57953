// Windows go to a directory as they go to OSS: the same names, the same bytes; and to standard output.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SLUICE, oss, sluice, startProcess, startSandbox, until, workDir } from './support.mjs';
import { assertSame, fillTable, filesBelow, hiddenBelow, objectsOf, ossTarget, slowDown, windowJob }
  from './window_jobs.mjs';

async function worldOf(t, rows) {
  const dir = workDir(t);
  const sandbox = await startSandbox(t, dir);
  await fillTable(sandbox, rows);
  const folder = join(dir, 'exports');
  mkdirSync(folder);
  const job = (options) => windowJob(dir, sandbox, 'localfile', { type: 'localfile', directory: folder }, options);
  return { dir, sandbox, folder, job };
}

test('localfile gets the files that OSS gets as objects, whole, in parts and as one', async (t) => {
  const { dir, sandbox, folder, job } = await worldOf(t, 50_000);
  for (const [keys, date] of [['', 'plain'], ['"compress": "zstd",', 'zstd'], ['"writeSingleObject": true,', 'single']]) {
    const value = ['-p', `date=${date}`];
    const toOss = sluice([...windowJob(dir, sandbox, 'oss', ossTarget(sandbox), { keys }), ...value]);
    assert.equal(toOss.code, 0, toOss.err);
    const toFiles = sluice([...job({ keys }), ...value]);
    assert.equal(toFiles.code, 0, toFiles.err);
    assert.ok(toFiles.err.includes(`write demo/orders/${date} below ${folder}`), toFiles.err);
    assertSame(filesBelow(folder), await objectsOf(oss(sandbox, 'exports')));
    const again = sluice([...job({ keys }), ...value]);
    assert.equal(again.code, 0, again.err);
    assertSame(filesBelow(folder), await objectsOf(oss(sandbox, 'exports')));
  }
  assert.deepEqual(hiddenBelow(folder), []);
  assert.equal(Object.keys(filesBelow(folder)).length, 5);
});

test('localfile: a program killed in the middle leaves no visible file, and the next run removes what is hidden',
  async (t) => {
    const { dir, sandbox, folder, job } = await worldOf(t, 50_000);
    await slowDown(sandbox, 150);
    const args = job();
    const run = startProcess(t, 'run', SLUICE, args, dir);
    await until('a hidden file', () => {
      assert.equal(run.child.exitCode, null, run.text());
      return hiddenBelow(folder).length > 0;
    });
    await run.kill('SIGKILL');
    assert.deepEqual(filesBelow(folder), {});
    assert.match(hiddenBelow(folder)[0], /^\.sluice-[0-9a-f]{16}-\d+__/);
    await slowDown(sandbox, 0);
    const next = sluice(args);
    assert.equal(next.code, 0, next.err);
    assert.match(next.err, /aborted an unfinished upload of demo\/orders/);
    assert.deepEqual(hiddenBelow(folder), []);
    assert.equal(Object.keys(filesBelow(folder)).length, 2);
  });

test('localfile: nonConflict leaves what another has written', async (t) => {
  const { folder, job } = await worldOf(t, 20);
  const first = sluice(job());
  assert.equal(first.code, 0, first.err);
  const before = filesBelow(folder);
  const strict = job({ edit: (text) => text.replace('"writeMode": "truncate"', '"writeMode": "nonConflict"') });
  const refused = sluice(strict);
  assert.equal(refused.code, 5);
  assert.ok(refused.err.includes(`exists already in directory ${folder}`), refused.err);
  assertSame(filesBelow(folder), before);
  const fresh = sluice([...strict, '-p', 'date=fresh']);
  assert.equal(fresh.code, 0, fresh.err);
  assert.deepEqual(hiddenBelow(folder), []);
});

test('localfile: a disk that is full is named, and nothing is left on it', async (t) => {
  const { folder, job } = await worldOf(t, 50_000);
  const limited = spawnSync('bash', ['-c', 'ulimit -f 2048; exec "$@"', 'bash', SLUICE, ...job()],
    { encoding: 'utf8' });
  assert.equal(limited.status, 1, limited.stderr);
  assert.match(limited.stderr, /write file .*: File too large; raise the limit of this process .*LimitFSIZE/);
  assert.deepEqual(filesBelow(folder), {});
  assert.deepEqual(hiddenBelow(folder), []);

  const tiny = spawnSync('unshare', ['-m', 'bash', '-c',
    'mount -t tmpfs -o size=4m tmpfs "$0" && { "$@"; status=$?; find "$0" -type f; exit $status; }', folder, SLUICE,
    ...job()], { encoding: 'utf8' });
  if (/unshare|mount/.test(tiny.stderr.split('\n')[0])) return t.diagnostic('no tmpfs without root');
  assert.equal(tiny.status, 1, tiny.stderr);
  assert.match(tiny.stderr, /write file .*: No space left on device; free space there/);
  assert.doesNotMatch(tiny.stdout, /__/, 'no file is left');
});

test('localfile: a directory that is missing or closed is named with the way out', async (t) => {
  const { dir, sandbox } = await worldOf(t, 20);
  const job = (directory) => windowJob(dir, sandbox, 'localfile', { type: 'localfile', directory });
  const gone = sluice(job(join(dir, 'gone')));
  assert.equal(gone.code, 3);
  assert.match(gone.err, /open directory .*\/gone: No such file or directory; create it or correct `directory`/);
  const file = sluice(job(join(dir, 'sandbox.log')));
  assert.equal(file.code, 1);
  assert.match(file.err, /open directory .*: Not a directory/);
  assert.notEqual(sluice(job('relative')).code, 0);
});

const printing = (format) => ({ edit: (text) => text.replace(/("plugin": "stream"[^]*?"parameter": )\{[^]*?\n\}/,
  `$1{${format}}`) });

test('stream prints the rows and nothing else on standard output', async (t) => {
  const { dir, sandbox, folder, job } = await worldOf(t, 300);
  assert.equal(sluice(job()).code, 0);
  const expected = Object.values(filesBelow(folder)).map(String).join('');
  const run = sluice(windowJob(dir, sandbox, 'stream', null, printing('"fileFormat": "csv", "fieldDelimiter": ","')));
  assert.equal(run.code, 0, run.err);
  assert.match(run.err, /write standard output/);
  assert.match(run.err, /printed 300 rows/);
  assert.equal(run.out.length, expected.length);
  assert.deepEqual(run.out.split('\n').sort(), expected.split('\n').sort());
});

test('stream: a reader that goes away ends the run with an error', async (t) => {
  const { dir, sandbox } = await worldOf(t, 50_000);
  const args = windowJob(dir, sandbox, 'stream', null, printing('"fileFormat": "jsonl"'));
  const run = spawnSync('bash', ['-c', '"$@" | head -n 1; exit ${PIPESTATUS[0]}', 'bash', SLUICE, ...args],
    { encoding: 'utf8' });
  assert.equal(run.status, 1, run.stderr);
  assert.ok(JSON.parse(run.stdout).uid);
  assert.match(run.stderr, /print rows: nobody reads standard output any more/);
});
