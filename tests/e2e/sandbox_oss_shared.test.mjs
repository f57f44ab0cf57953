// The operations that all official OSS SDKs share (oss_operations.json), here with the one for Node; those for Python
// run the same list in sandbox_oss_check.py.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { KEY, OSS, startSandbox, workDir } from './support.mjs';

const NAMES = JSON.parse(readFileSync(new URL('oss_operations.json', import.meta.url), 'utf8'));
const BLOCK = 102_400;

const client = (sandbox, more = {}) => new OSS({ accessKeyId: KEY.id, accessKeySecret: KEY.secret,
  endpoint: sandbox.endpoint, region: 'oss-cn-hangzhou', sldEnable: true, bucket: 'exports', ...more });
const refused = (status, code) => (error) => {
  assert.equal(error.status, status, String(error));
  assert.equal(error.code, code, String(error));
  return true;
};
const header = (name, value) => ({ headers: { [name]: value } });
const md5 = (content) => createHash('md5').update(content).digest('hex').toUpperCase();
const names = (page) => (page.objects ?? []).map((one) => one.name);
const text = async (store, key, options) => (await store.get(key, options)).content.toString();
const part = async (store, key, uploadId, number, content) => ({ number, etag: (await store._uploadPart(key, uploadId, number,
  { stream: Readable.from([content]), size: content.length })).etag });

// An address signed by the SDK: it signs none for an IP endpoint, and the signature does not depend on the host.
async function signed(sandbox, authorizationV4, method, key, headers = {}) {
  const named = client(sandbox, { authorizationV4, endpoint: sandbox.endpoint.replace('127.0.0.1', 'localhost') });
  const url = authorizationV4 ? await named.signatureUrlV4(method, 60, { headers }, key)
    : named.signatureUrl(key, { method, expires: 60, ...headers });
  return sandbox.endpoint + url.replace(/^https?:\/\/[^/]+/, '');
}

const operations = {
  'put and get': async ({ store }) => {
    await store.put('dir/a b+中文.csv', Buffer.from('hello world'));
    assert.equal(await text(store, 'dir/a b+中文.csv'), 'hello world');
  },
  'get a range': async ({ store }) => {
    await store.put('range', Buffer.from('hello world'));
    const got = await store.get('range', header('Range', 'bytes=6-8'));
    assert.deepEqual([got.res.status, got.content.toString(), got.res.headers['content-range']], [206, 'wor', 'bytes 6-8/11']);
    await assert.rejects(store.get('range', { headers: { Range: 'bytes=99-', 'x-oss-range-behavior': 'standard' } }), refused(416, 'InvalidRange'));
  },
  'head and metadata': async ({ store }) => {
    await store.put('meta', Buffer.from('x'), { meta: { who: 'me' }, headers: { 'Content-Type': 'text/csv' } });
    const head = await store.head('meta');
    assert.deepEqual([head.meta.who, head.res.headers['content-type'], head.res.headers['content-length']], ['me', 'text/csv', '1']);
    await assert.rejects(store.put('much', Buffer.from('x'), { meta: { a: 'x'.repeat(8 * 1024) } }), refused(400, 'InvalidArgument'));
  },
  'list, first version': async ({ store }) => {
    for (const name of ['1', '2', 'd/3', 'd/4', '5']) await store.put(`list/${name}`, Buffer.from('x'));
    const first = await store.list({ prefix: 'list/', delimiter: '/', 'max-keys': 2 });
    assert.deepEqual(names(first), ['list/1', 'list/2']);
    const rest = await store.list({ prefix: 'list/', delimiter: '/', marker: first.nextMarker });
    assert.deepEqual([names(rest), rest.prefixes], [['list/5'], ['list/d/']]);
  },
  'list, second version': async ({ store }) => {
    for (const name of ['1', '2', '3']) await store.put(`v2/${name}`, Buffer.from('x'));
    const first = await store.listV2({ prefix: 'v2/', 'max-keys': '2' });
    assert.deepEqual(names(first), ['v2/1', 'v2/2']);
    assert.deepEqual(names(await store.listV2({ prefix: 'v2/', 'continuation-token': first.nextContinuationToken })), ['v2/3']);
    assert.deepEqual(names(await store.listV2({ prefix: 'v2/', 'start-after': 'v2/1' })), ['v2/2', 'v2/3']);
  },
  delete: async ({ store }) => {
    await store.put('gone', Buffer.from('x'));
    await store.delete('gone');
    await store.delete('gone');
    await assert.rejects(store.get('gone'), refused(404, 'NoSuchKey'));
  },
  'delete many': async ({ store }) => {
    await store.put('many/1', Buffer.from('x'));
    await store.put('many/<2>&', Buffer.from('x'));
    await store.deleteMulti(['many/1', 'many/<2>&', 'many/never there']);
    assert.deepEqual(names(await store.list({ prefix: 'many/' })), []);
  },
  append: async ({ store }) => {
    const first = await store.append('log', Buffer.from('abc'), header('x-oss-storage-class', 'IA'));
    await store.append('log', Buffer.from('def'), { position: first.nextAppendPosition });
    assert.equal(await text(store, 'log'), 'abcdef');
    assert.equal((await store.head('log')).res.headers['x-oss-next-append-position'], '6');
    await assert.rejects(store.append('log', Buffer.from('x'), { position: 1 }), refused(409, 'PositionNotEqualToLength'));
    await assert.rejects(store.copy('log2', 'log'), refused(400, 'OperationNotSupported'));
  },
  copy: async ({ store }) => {
    await store.put('from', Buffer.from('content'), { meta: { v: '1' } });
    await store.copy('to', 'from');
    assert.deepEqual([await text(store, 'to'), (await store.head('to')).meta.v], ['content', '1']);
    await store.copy('to', 'from', { meta: { v: '2' } });
    assert.equal((await store.head('to')).meta.v, '2');
    const etag = `"${md5('content')}"`;
    await assert.rejects(store.copy('to', 'from', header('x-oss-copy-source-if-match', '"00"')), refused(412, 'PreconditionFailed'));
    assert.equal((await store.copy('to', 'from', header('x-oss-copy-source-if-none-match', etag))).res.status, 304);
  },
  'multipart upload': async ({ store }) => {
    const blocks = [Buffer.alloc(BLOCK, 'a'), Buffer.from('tail')];
    const { uploadId } = await store.initMultipartUpload('big', header('x-oss-storage-class', 'IA'));
    const parts = [];
    for (const [i, block] of blocks.entries()) parts.push(await part(store, 'big', uploadId, i + 1, block));
    assert.deepEqual((await store.listParts('big', uploadId)).parts.map((one) => Number(one.Size)), [BLOCK, 4]);
    await store.completeMultipartUpload('big', uploadId, parts);
    assert.ok((await store.get('big')).content.equals(Buffer.concat(blocks)));
    assert.equal((await store.head('big')).res.headers['x-oss-storage-class'], 'IA');
  },
  'multipart upload, resumed': async ({ store, dir }) => {
    const file = join(dir, 'resumed.bin');
    writeFileSync(file, Buffer.alloc(5 * BLOCK, 'sluice'));
    let checkpoint;
    await assert.rejects(store.multipartUpload('resumed', file, { partSize: BLOCK, parallel: 1,
      progress: (done, point) => { checkpoint = point; if (point.doneParts.length === 2) throw new Error('enough'); } }));
    const before = checkpoint.doneParts.length;
    await store.multipartUpload('resumed', file, { checkpoint: JSON.parse(JSON.stringify(checkpoint)) });
    assert.ok(before >= 1 && before < 5, String(before));
    assert.ok((await store.get('resumed')).content.equals(readFileSync(file)));
  },
  'multipart upload, aborted': async ({ store }) => {
    const { uploadId } = await store.initMultipartUpload('folder/never');
    const small = [await part(store, 'folder/never', uploadId, 1, Buffer.from('x')), await part(store, 'folder/never', uploadId, 2, Buffer.from('x'))];
    await assert.rejects(store.completeMultipartUpload('folder/never', uploadId, small), refused(400, 'EntityTooSmall'));
    await assert.rejects(store.completeMultipartUpload('folder/never', uploadId, small.map((one) => ({ ...one, etag: '"00"' }))), refused(400, 'InvalidPart'));
    assert.deepEqual((await store.listUploads({ prefix: 'folder/', 'max-uploads': 10 })).uploads.map((one) => one.name), ['folder/never']);
    await store.abortMultipartUpload('folder/never', uploadId);
    await assert.rejects(store.listParts('folder/never', uploadId), refused(404, 'NoSuchUpload'));
  },
  'temporary keys': async ({ store, sandbox, authorizationV4 }) => {
    const keys = await sandbox.admin('keys', {});
    const more = { authorizationV4, accessKeyId: keys.access_id, accessKeySecret: keys.access_key };
    await client(sandbox, { ...more, stsToken: keys.security_token }).put('sts', Buffer.from('by a role'));
    assert.equal(await text(store, 'sts'), 'by a role');
    await assert.rejects(client(sandbox, { ...more, stsToken: 'wrong' }).get('sts'), refused(403, 'InvalidSecurityToken'));
    await assert.rejects(client(sandbox, more).get('sts'), refused(403, 'InvalidAccessKeyId'));
  },
  'presigned get': async ({ store, sandbox, authorizationV4 }) => {
    await store.put('signed', Buffer.from('open sesame'));
    const url = await signed(sandbox, authorizationV4, 'GET', 'signed');
    assert.equal(await (await fetch(url)).text(), 'open sesame');
    assert.equal((await fetch(url.replace('/signed', '/spoiled'))).status, 403);
  },
  'presigned put': async ({ store, sandbox, authorizationV4 }) => {
    const url = await signed(sandbox, authorizationV4, 'PUT', 'by address');
    assert.equal((await fetch(url, { method: 'PUT', body: Buffer.from('put') })).status, 200);
    assert.equal(await text(store, 'by address'), 'put');
    assert.equal((await fetch(url)).status, 403);
  },
  'storage class': async ({ store }) => {
    await store.put('class', Buffer.from('x'), header('x-oss-storage-class', 'IA'));
    assert.equal((await store.head('class')).res.headers['x-oss-storage-class'], 'IA');
    assert.equal((await store.list({ prefix: 'class' })).objects[0].storageClass, 'IA');
    await assert.rejects(store.put('class', Buffer.from('x'), header('x-oss-storage-class', 'Cheap')), refused(400, 'InvalidArgument'));
    await store.put('cold', Buffer.from('x'), header('x-oss-storage-class', 'Archive'));
    await assert.rejects(store.get('cold'), refused(403, 'InvalidObjectState'));
  },
  'server-side encryption': async ({ store }) => {
    await store.put('aes', Buffer.from('x'), header('x-oss-server-side-encryption', 'AES256'));
    const aes = (await store.head('aes')).res.headers;
    assert.deepEqual([aes['x-oss-server-side-encryption'], aes.etag], ['AES256', `"${md5('x')}"`]);
    await store.put('kms', Buffer.from('x'), { headers: { 'x-oss-server-side-encryption': 'KMS', 'x-oss-server-side-encryption-key-id': 'k-1' } });
    const kms = (await store.head('kms')).res.headers;
    assert.deepEqual([kms['x-oss-server-side-encryption'], kms['x-oss-server-side-encryption-key-id']], ['KMS', 'k-1']);
    assert.notEqual(kms.etag, `"${md5('x')}"`);
    await assert.rejects(store.put('bad', Buffer.from('x'), header('x-oss-server-side-encryption', 'ROT13')), refused(400, 'InvalidEncryptionAlgorithmError'));
  },
  'forbid overwrite': async ({ store }) => {
    const forbid = header('x-oss-forbid-overwrite', 'true');
    const exists = refused(409, 'FileAlreadyExists');
    const { uploadId } = await store.initMultipartUpload('once', forbid);
    const done = [await part(store, 'once', uploadId, 1, Buffer.from('part'))];
    await store.put('once', Buffer.from('first'), forbid);
    await assert.rejects(store.put('once', Buffer.from('second'), forbid), exists);
    await assert.rejects(store.copy('once', 'class', forbid), exists);
    await assert.rejects(store.initMultipartUpload('once', forbid), exists);
    await assert.rejects(store.completeMultipartUpload('once', uploadId, done, forbid), exists);
    await store.abortMultipartUpload('once', uploadId);
    assert.equal(await text(store, 'once'), 'first');
    await assert.rejects(store.put('x', Buffer.from('x'), header('x-oss-forbid-overwrite', 'maybe')), refused(400, 'InvalidArgument'));
  },
  checksums: async ({ store }) => {
    const crc = '11051210869376104954'; // of 123456789
    const put = await store.put('sum', Buffer.from('123456789'), header('x-oss-hash-crc64ecma', crc));
    assert.equal(put.res.headers['x-oss-hash-crc64ecma'], crc);
    assert.equal((await store.head('sum')).res.headers['x-oss-hash-crc64ecma'], crc);
    await assert.rejects(store.put('sum', Buffer.from('x'), header('x-oss-hash-crc64ecma', crc)), refused(400, 'InvalidCRC64'));
    await assert.rejects(store.put('sum', Buffer.from('x'), header('Content-MD5', '1B2M2Y8AsgTpgAmY7PhCfg==')), refused(400, 'InvalidDigest'));
    assert.equal(await text(store, 'sum'), '123456789');
  },
  'what is not there': async ({ store }) => {
    await assert.rejects(store.getBucketLifecycle('exports'), refused(501, 'NotImplemented'));
    await assert.rejects(store.getObjectTagging('sum'), refused(501, 'NotImplemented'));
    await assert.rejects(store.put('tagged', Buffer.from('x'), header('x-oss-tagging', 'a=b')), refused(501, 'NotImplemented'));
    await assert.rejects(store.put('conditional', Buffer.from('x'), header('If-None-Match', '*')), refused(400, 'NotImplemented'));
  },
};

for (const authorizationV4 of [false, true]) {
  test(`sandbox: the operations that all OSS SDKs share, Node, signature ${authorizationV4 ? 'V4' : 'V1'}`, async (t) => {
    const dir = workDir(t);
    const sandbox = await startSandbox(t, dir);
    const store = client(sandbox, { authorizationV4 });
    await store.putBucket('exports');
    assert.deepEqual(Object.keys(operations), NAMES);
    for (const name of NAMES) await t.test(name, () => operations[name]({ store, sandbox, dir, authorizationV4 }));
    assert.equal((await sandbox.admin('stats')).open_uploads, 0);
  });
}
