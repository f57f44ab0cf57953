// The sandbox's OSS as the official SDK sees it, with both signature versions.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { KEY, OSS, startSandbox, workDir } from './support.mjs';

const client = (sandbox, more = {}) => new OSS({ accessKeyId: KEY.id, accessKeySecret: KEY.secret,
  endpoint: sandbox.endpoint, region: 'oss-cn-hangzhou', sldEnable: true, bucket: 'exports', ...more });
const refused = (status, code) => (error) => {
  assert.equal(error.status, status, String(error));
  assert.equal(error.code, code, String(error));
  return true;
};
const etagOf = (content) => `"${createHash('md5').update(content).digest('hex').toUpperCase()}"`;

const sendPart = async (store, key, uploadId, number, content) => (await store._uploadPart(key, uploadId, number,
  { stream: Readable.from([content]), size: content.length })).etag;

async function objects(t, sandbox, store) {
  await t.test('objects are put, read in whole and in ranges, described and deleted', async () => {
    const key = 'dir/a b+中文.csv';
    const done = await store.put(key, Buffer.from('hello world'), { headers: { 'Content-Type': 'text/csv' }, meta: { who: 'me' } });
    assert.equal(done.res.headers.etag, etagOf('hello world'));
    assert.equal(done.res.headers['x-oss-hash-crc64ecma'], '5981764153023615706');
    assert.equal((await store.get(key)).content.toString(), 'hello world');
    const part = await store.get(key, { headers: { Range: 'bytes=0-4' } });
    assert.equal(part.res.status, 206);
    assert.equal(part.content.toString(), 'hello');
    assert.equal(part.res.headers['content-range'], 'bytes 0-4/11');
    assert.equal((await store.get(key, { headers: { Range: 'bytes=6-' } })).content.toString(), 'world');
    assert.equal((await store.get(key, { headers: { Range: 'bytes=99-' } })).res.status, 200);
    const head = await store.head(key);
    assert.equal(head.meta.who, 'me');
    assert.equal(head.res.headers['content-length'], '11');
    assert.equal(head.res.headers['x-oss-object-type'], 'Normal');
    assert.equal((await store.getObjectMeta(key)).res.headers.etag, etagOf('hello world'));
    await store.delete(key);
    await store.delete(key);
    await assert.rejects(store.get(key), refused(404, 'NoSuchKey'));
    await assert.rejects(store.head(key), (error) => error.status === 404);
  });

  await t.test('a stream of unknown length, an empty object and no overwriting', async () => {
    await store.putStream('chunked', Readable.from([Buffer.from('one '), Buffer.from('two')]));
    assert.equal((await store.get('chunked')).content.toString(), 'one two');
    const empty = await store.put('empty', Buffer.alloc(0));
    assert.equal(empty.res.headers['x-oss-hash-crc64ecma'], '0');
    await assert.rejects(store.put('empty', Buffer.from('x'), { headers: { 'x-oss-forbid-overwrite': 'true' } }), refused(409, 'FileAlreadyExists'));
    await assert.rejects(store.put('md5', Buffer.from('x'), { headers: { 'Content-MD5': '1B2M2Y8AsgTpgAmY7PhCfg==' } }), refused(400, 'InvalidDigest'));
    await store.deleteMulti(['chunked', 'empty', 'never there']);
    await assert.rejects(store.get('chunked'), refused(404, 'NoSuchKey'));
  });

  await t.test('appends go to the end only', async () => {
    const first = await store.append('log', Buffer.from('abc'));
    assert.equal(first.nextAppendPosition, '3');
    await store.append('log', Buffer.from('def'), { position: 3 });
    assert.equal((await store.get('log')).content.toString(), 'abcdef');
    await assert.rejects(store.append('log', Buffer.from('x'), { position: 3 }), refused(409, 'PositionNotEqualToLength'));
    await store.put('normal', Buffer.from('x'));
    await assert.rejects(store.append('normal', Buffer.from('x'), { position: 1 }), refused(409, 'ObjectNotAppendable'));
    await store.deleteMulti(['log', 'normal'], { quiet: true });
  });

  await t.test('copies, also over themselves', async () => {
    await store.put('from', Buffer.from('content'), { meta: { v: '1' } });
    await store.copy('to', 'from');
    assert.equal((await store.get('to')).content.toString(), 'content');
    await store.putMeta('to', { v: '2' });
    assert.equal((await store.head('to')).meta.v, '2');
    await assert.rejects(store.copy('to', 'nowhere'), refused(404, 'NoSuchKey'));
    await store.deleteMulti(['from', 'to']);
  });

  await t.test('lists page by page, fold at the delimiter and start where told', async () => {
    for (const name of ['a/1', 'a/2', 'b/1', 'c', 'd&e<f>']) await store.put(`list/${name}`, Buffer.from(name));
    const names = (page) => (page.objects ?? []).map((one) => one.name);
    const first = await store.list({ prefix: 'list/', 'max-keys': 2 });
    assert.deepEqual(names(first), ['list/a/1', 'list/a/2']);
    assert.equal(first.isTruncated, true);
    const second = await store.list({ prefix: 'list/', marker: first.nextMarker, 'max-keys': 100 });
    assert.deepEqual(names(second), ['list/b/1', 'list/c', 'list/d&e<f>']);
    const folded = await store.list({ prefix: 'list/', delimiter: '/' });
    assert.deepEqual(folded.prefixes, ['list/a/', 'list/b/']);
    assert.deepEqual(names(folded), ['list/c', 'list/d&e<f>']);
    const v2 = await store.listV2({ prefix: 'list/', 'max-keys': '4' });
    assert.equal(names(v2).length, 4);
    const rest = await store.listV2({ prefix: 'list/', 'continuation-token': v2.nextContinuationToken });
    assert.deepEqual(names(rest), ['list/d&e<f>']);
    assert.deepEqual(names(await store.listV2({ prefix: 'list/', 'start-after': 'list/b/1' })), ['list/c', 'list/d&e<f>']);
  });

  await t.test('presigned addresses work until they expire', async () => {
    await store.put('signed', Buffer.from('open sesame'));
    const { authorizationV4 } = store.options;
    // The SDK signs no address for an IP endpoint; the signature does not depend on the host.
    const named = client(sandbox, { authorizationV4, endpoint: sandbox.endpoint.replace('127.0.0.1', 'localhost') });
    const url = authorizationV4 ? await named.signatureUrlV4('GET', 60, {}, 'signed')
      : named.signatureUrl('signed', { expires: 60 });
    const path = url.replace(/^https?:\/\/[^/]+/, '');
    assert.match(path, /^\/exports\/signed\?/);
    const answer = await fetch(sandbox.endpoint + path);
    assert.equal(await answer.text(), 'open sesame');
    const spoiled = await fetch(sandbox.endpoint + path.replace('signed', 'spoiled'));
    assert.equal(spoiled.status, 403);
  });
}

async function multipart(t, sandbox, store, dir) {
  await t.test('multipart uploads: parts, listing, completion, order, abort', async () => {
    const parts = [Buffer.alloc(102_400, 'a'), Buffer.alloc(102_400, 'b'), Buffer.from('tail')];
    const { uploadId } = await store.initMultipartUpload('big');
    const done = [];
    for (const [i, part] of parts.entries())
      done.push({ number: i + 1, etag: await sendPart(store, 'big', uploadId, i + 1, part) });
    const listed = await store.listParts('big', uploadId);
    assert.deepEqual(listed.parts.map((part) => Number(part.Size)), parts.map((part) => part.length));
    assert.equal((await store.listUploads({ 'max-uploads': 10 })).uploads[0].name, 'big');
    assert.equal((await sandbox.admin('stats')).open_uploads, 1);
    await assert.rejects(store.completeMultipartUpload('big', uploadId, [{ number: 1, etag: '"00"' }]), refused(400, 'InvalidPart'));
    const complete = await store.completeMultipartUpload('big', uploadId, done);
    const whole = Buffer.concat(parts);
    const got = await store.get('big');
    assert.ok(got.content.equals(whole));
    assert.equal(got.res.headers['x-oss-object-type'], 'Multipart');
    assert.equal(complete.res.headers['x-oss-hash-crc64ecma'], (await store.put('same', whole)).res.headers['x-oss-hash-crc64ecma']);
    await assert.rejects(store.completeMultipartUpload('big', uploadId, done), refused(404, 'NoSuchUpload'));
    const small = (await store.initMultipartUpload('small')).uploadId;
    const etags = [];
    for (const number of [1, 2]) etags.push({ number, etag: await sendPart(store, 'small', small, number, Buffer.from('x')) });
    await assert.rejects(store.completeMultipartUpload('small', small, etags), refused(400, 'EntityTooSmall'));
    await store.abortMultipartUpload('small', small);
    await assert.rejects(store.listParts('small', small), refused(404, 'NoSuchUpload'));
    assert.equal((await sandbox.admin('stats')).open_uploads, 0);
  });

  await t.test('the SDK\'s own multipart upload and copy of a file', async () => {
    const file = join(dir, 'upload.bin');
    const content = Buffer.alloc(1_500_000, 'sluice');
    writeFileSync(file, content);
    await store.multipartUpload('file.bin', file, { partSize: 102_400 * 5, parallel: 2 });
    assert.ok((await store.get('file.bin')).content.equals(content));
    await store.multipartUploadCopy('copy.bin', { sourceKey: 'file.bin', sourceBucketName: 'exports' }, { partSize: 512_000 });
    assert.ok((await store.get('copy.bin')).content.equals(content));
  });
}

for (const authorizationV4 of [false, true]) {
  test(`sandbox: the official OSS SDK works against it, signature ${authorizationV4 ? 'V4' : 'V1'}`, async (t) => {
    const dir = workDir(t);
    const sandbox = await startSandbox(t, dir);
    const store = client(sandbox, { authorizationV4 });

    await t.test('buckets', async () => {
      await assert.rejects(store.put('x', Buffer.from('x')), refused(404, 'NoSuchBucket'));
      await store.putBucket('exports');
      await store.putBucket('exports');
      assert.equal((await store.getBucketInfo('exports')).bucket.Name, 'exports');
      assert.equal((await store.getBucketLocation('exports')).location, 'oss-cn-hangzhou');
      assert.equal((await store.getBucketACL('exports')).acl, 'private');
      assert.deepEqual((await store.listBuckets()).buckets.map((bucket) => bucket.name), ['exports']);
      await assert.rejects(store.putBucket('Wrong_Name'), () => true);
      await store.putBucket('other');
      await store.deleteBucket('other');
    });
    await objects(t, sandbox, store);
    await multipart(t, sandbox, store, dir);

    await t.test('wrong keys are refused, and the string that was signed is told', async () => {
      await assert.rejects(client(sandbox, { authorizationV4, accessKeyId: 'nobody' }).list(), refused(403, 'InvalidAccessKeyId'));
      const liar = client(sandbox, { authorizationV4, accessKeySecret: 'wrong' });
      await assert.rejects(liar.put('x', Buffer.from('x')), refused(403, 'SignatureDoesNotMatch'));
      const answer = await fetch(`${sandbox.endpoint}/exports/x`);
      assert.equal(answer.status, 403);
      assert.match(await answer.text(), /<Code>AccessDenied<\/Code>/);
      const late = client(sandbox, { authorizationV4, amendTimeSkewed: -16 * 60_000 });
      await assert.rejects(late.put('x', Buffer.from('x')), refused(403, 'RequestTimeTooSkewed'));
      await assert.rejects(store.deleteBucket('exports'), refused(409, 'BucketNotEmpty'));
    });

    await t.test('virtual-hosted addresses name the bucket in the host', async () => {
      const url = new URL(sandbox.endpoint);
      const status = await new Promise((resolve, reject) => request({ host: url.hostname, port: url.port, path: '/signed',
        headers: { host: `exports.localhost:${url.port}`, authorization: 'OSS sandbox-id:AAAA', date: new Date().toUTCString() } },
      (answer) => { let text = ''; answer.on('data', (data) => { text += data; }).on('end', () => resolve(text)); }).on('error', reject).end());
      assert.match(status, /<StringToSign>GET\n[^<]*\/exports\/signed<\/StringToSign>/);
    });

    await t.test('all of it is still there after kill -9', async (inner) => {
      const { uploadId } = await store.initMultipartUpload('open');
      const etag = await sendPart(store, 'open', uploadId, 1, Buffer.from('kept'));
      await sandbox.kill('SIGKILL');
      const again = client(await startSandbox(inner, dir), { authorizationV4 });
      assert.equal((await again.get('file.bin')).content.length, 1_500_000);
      await again.completeMultipartUpload('open', uploadId, [{ number: 1, etag }]);
      assert.equal((await again.get('open')).content.toString(), 'kept');
    });
  });
}
