// Windows go to an S3 server as they go to OSS: the same names, the same bytes, the same promises.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { SLUICE, oss, sluice, startProcess, startSandbox, until, workDir } from './support.mjs';
import { S3_KEY, askS3, openUploads, startS3 } from './s3_server.mjs';
import { assertSame, fillTable, filesBelow, objectsOf, ossTarget, slowDown, windowJob } from './window_jobs.mjs';

const s3Target = (s3, more = {}) => ({ type: 's3', endpoint: s3.endpoint, bucket: 'exports', accessId: S3_KEY.id,
  accessKey: S3_KEY.secret, ...more });

// S3Proxy keeps parts that wait in files of the bucket's folder, under names that are nobody's.
const objectsIn = (s3) => Object.fromEntries(
  Object.entries(filesBelow(s3.folder)).filter(([name]) => name.startsWith('demo/')));

async function worldOf(t, rows) {
  const dir = workDir(t);
  const sandbox = await startSandbox(t, dir);
  const s3 = await startS3(t, dir);
  await fillTable(sandbox, rows);
  const job = (more, options) => windowJob(dir, sandbox, 's3', s3Target(s3, more), options);
  return { dir, sandbox, s3, job };
}

test('S3 gets the objects that OSS gets, whole and in parts, and a rerun writes them again', async (t) => {
  const { dir, sandbox, s3, job } = await worldOf(t, 50_000);
  t.diagnostic(`server: ${s3.kind}`);
  for (const compress of ['', '"compress": "gzip",']) {
    const toOss = sluice(windowJob(dir, sandbox, 'oss', ossTarget(sandbox), { keys: compress }));
    assert.equal(toOss.code, 0, toOss.err);
    const args = job({}, { keys: `${compress} "metadata": {"origin": "sluice"},` });
    const toS3 = sluice(args);
    assert.equal(toS3.code, 0, toS3.err);
    assert.match(toS3.err, /write demo\/orders\/\d+ in bucket exports at http/);
    const expected = await objectsOf(oss(sandbox, 'exports'));
    assertSame(objectsIn(s3), expected);
    const again = sluice(args);
    assert.equal(again.code, 0, again.err);
    assertSame(objectsIn(s3), expected);
  }
  assert.deepEqual(await openUploads(s3), []);
  const objects = objectsIn(s3);
  const plain = Object.keys(objects).filter((name) => name.endsWith('.csv'));
  assert.equal(plain.length, 2);
  for (const name of plain) {
    assert.ok(objects[name].length > 5 * 1024 * 1024, `${name} is more than one part: ${objects[name].length}`);
    if (s3.kind !== 'versitygw') continue;  // the other one keeps neither
    const { headers } = await askS3(s3, 'HEAD', `/exports/${name}`);
    assert.match(headers.get('etag'), /^"[0-9a-f]{32}-[2-9]"$/);
    assert.equal(headers.get('content-type'), 'text/csv');
    assert.equal(headers.get('x-amz-meta-origin'), 'sluice');
  }
});

test('S3: a program killed in the middle leaves nothing to see, and the next run takes its upload away', async (t) => {
  const { dir, sandbox, s3, job } = await worldOf(t, 50_000);
  await slowDown(sandbox, 600);  // what is left to read when an upload is open must outlast the kill
  const args = job();
  const run = startProcess(t, 'run', SLUICE, args, dir);
  await until('an upload to be open', async () => {
    assert.equal(run.child.exitCode, null, run.text());
    return (await openUploads(s3)).length > 0;
  });
  await run.kill('SIGKILL');
  assert.deepEqual(Object.keys(objectsIn(s3)), []);
  assert.notEqual((await openUploads(s3)).length, 0);
  await slowDown(sandbox, 0);
  const next = sluice(args);
  assert.equal(next.code, 0, next.err);
  assert.match(next.err, /aborted an unfinished upload of demo\/orders/);
  assert.deepEqual(await openUploads(s3), []);
  assert.equal(Object.keys(objectsIn(s3)).length, 2);

  // Stopped politely it takes its own upload away.
  await slowDown(sandbox, 150);
  const stopped = startProcess(t, 'stopped', SLUICE, args, dir);
  await until('another upload to be open', async () => (await openUploads(s3)).length > 0);
  assert.equal((await stopped.kill('SIGTERM')).code, 143, stopped.text());
  assert.deepEqual(await openUploads(s3), []);
});

test('S3: what cannot work is said with the way out, and without the key', async (t) => {
  const { s3, job } = await worldOf(t, 20);
  const wrong = sluice(job({ accessKey: 'another-canary' }));
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /list objects of bucket exports: 403 SignatureDoesNotMatch.*; correct accessId and accessKey/);
  assert.doesNotMatch(wrong.err + wrong.out, /canary/);
  const bucket = sluice(job({ bucket: 'nowhere' }));
  assert.equal(bucket.code, 3);
  assert.match(bucket.err, /404 NoSuchBucket.*; create the bucket or correct `bucket`/);
  if (s3.kind === 'versitygw') {  // the other one takes any
    const region = sluice(job({ region: 'eu-west-9' }));
    assert.notEqual(region.code, 0);
    assert.match(region.err, /correct `region` and `endpoint`/);
  }
  assert.deepEqual(objectsIn(s3), {});
});

test('S3: nonConflict leaves what another has written', async (t) => {
  const { s3, job } = await worldOf(t, 20);
  const first = sluice(job());
  assert.equal(first.code, 0, first.err);
  const before = objectsIn(s3);
  const [name] = Object.keys(before).sort();
  const strict = job({}, { edit: (text) => text.replace('"writeMode": "truncate"', '"writeMode": "nonConflict"') });
  const refused = sluice(strict);
  assert.equal(refused.code, 5);
  assert.ok(refused.err.includes(`write ${name}: exists already in bucket exports`), refused.err);
  assertSame(objectsIn(s3), before);
  assert.deepEqual(await openUploads(s3), []);
  const fresh = sluice([...strict, '-p', 'date=fresh']);
  assert.equal(fresh.code, 0, fresh.err);
  assert.equal(Object.keys(objectsIn(s3)).length, 4);
});
