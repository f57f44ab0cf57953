// The sandbox's temporary keys: the metadata service that gives them out, and both services that check them, with
// the official SDKs; and what else only a special client asks for.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { answerIsSigned, message, post } from './sandbox_ots_client.mjs';
import { KEY, OSS, TableStore, createTable, pause, startSandbox, tableStore, workDir } from './support.mjs';

const ROLES = '/latest/meta-data/ram/security-credentials/';
const refused = (pattern) => (error) => {
  assert.match(`${error.status ?? ''} ${error.code ?? ''} ${error.message}`, pattern);
  return true;
};

async function ask(sandbox, path, options = {}) {
  const answer = await fetch(sandbox.metadata + path, options);
  return { status: answer.status, text: await answer.text() };
}
const keysOf = async (sandbox, role = 'reader') => JSON.parse((await ask(sandbox, ROLES + role)).text);

const otsWith = (sandbox, keys, more = {}) => new TableStore.Client({ accessKeyId: keys.AccessKeyId,
  secretAccessKey: keys.AccessKeySecret, stsToken: keys.SecurityToken, endpoint: sandbox.endpoint, instancename: 'demo',
  ...more });
const ossWith = (sandbox, keys, more = {}) => new OSS({ accessKeyId: keys.AccessKeyId,
  accessKeySecret: keys.AccessKeySecret, stsToken: keys.SecurityToken, endpoint: sandbox.endpoint, bucket: 'exports',
  sldEnable: true, region: 'oss-cn-hangzhou', ...more });

test('sandbox: a machine with a RAM role has its metadata on a port of its own', async (t) => {
  const sandbox = await startSandbox(t, workDir(t), ['--ram-role', 'reader', '--ram-seconds', '600']);

  await t.test('with a session token, as hardened machines want it', async () => {
    const header = 'X-aliyun-ecs-metadata-token';
    const session = await ask(sandbox, '/latest/api/token', { method: 'PUT', headers: { [`${header}-ttl-seconds`]: '60' } });
    assert.equal(session.status, 200);
    const headers = { [header]: session.text };
    assert.deepEqual(await ask(sandbox, ROLES, { headers }), { status: 200, text: 'reader' });
    const keys = JSON.parse((await ask(sandbox, `${ROLES}reader`, { headers })).text);
    assert.equal(keys.Code, 'Success');
    assert.match(keys.AccessKeyId, /^STS\./);
    assert.match(keys.Expiration, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const life = Date.parse(keys.Expiration) - Date.now();
    assert.ok(life > 590_000 && life <= 601_000, String(life));
    assert.equal((await ask(sandbox, ROLES, { headers: { [header]: 'forged' } })).status, 401);
  });

  await t.test('without one, and with errors for what is not there', async () => {
    assert.equal((await keysOf(sandbox)).Code, 'Success');
    assert.equal((await ask(sandbox, `${ROLES}writer`)).status, 404);
    assert.equal((await ask(sandbox, '/latest/meta-data/instance-id')).status, 404);
    assert.equal((await ask(sandbox, '/latest/api/token')).status, 405);
    assert.equal((await ask(sandbox, '/latest/api/token', { method: 'PUT' })).status, 400);
  });

  await t.test('the same keys while they are young, and counted', async () => {
    assert.equal((await keysOf(sandbox)).AccessKeyId, (await keysOf(sandbox)).AccessKeyId);
    assert.equal((await sandbox.admin('stats')).requests['metadata.GetToken'], 3);
  });
});

test('sandbox: the official SDKs work with temporary keys, until these expire', async (t) => {
  const sandbox = await startSandbox(t, workDir(t), ['--ram-role', 'reader', '--ram-seconds', '8']);
  const permanent = { AccessKeyId: KEY.id, AccessKeySecret: KEY.secret };
  await ossWith(sandbox, permanent).putBucket('exports');
  await createTable(tableStore(sandbox), 'orders');
  const keys = await keysOf(sandbox);

  assert.deepEqual((await otsWith(sandbox, keys).listTable({})).tableNames, ['orders']);
  await assert.rejects(otsWith(sandbox, { ...keys, SecurityToken: undefined }).listTable({}),
    refused(/403.*OTSAuthFailed.*The security token is missing/s));
  await assert.rejects(otsWith(sandbox, { ...keys, SecurityToken: 'CAISforged' }).listTable({}),
    refused(/403.*OTSAuthFailed.*The security token is invalid/s));
  await assert.rejects(otsWith(sandbox, { ...permanent, SecurityToken: keys.SecurityToken }).listTable({}),
    refused(/403.*OTSAuthFailed.*The security token is invalid/s));
  await assert.rejects(otsWith(sandbox, { ...keys, AccessKeySecret: 'wrong' }).listTable({}),
    refused(/403.*OTSAuthFailed.*Signature mismatch/s));

  for (const authorizationV4 of [false, true]) {
    const store = (changed) => ossWith(sandbox, { ...keys, ...changed }, { authorizationV4 });
    await store({}).put('x', Buffer.from('with a token'));
    assert.equal((await store({}).get('x')).content.toString(), 'with a token');
    await assert.rejects(store({ SecurityToken: undefined }).get('x'), refused(/403 InvalidAccessKeyId/));
    await assert.rejects(store({ SecurityToken: 'CAISforged' }).get('x'), refused(/403 InvalidSecurityToken/));
    await assert.rejects(store({ AccessKeySecret: 'wrong' }).get('x'), refused(/403 SignatureDoesNotMatch/));
    await assert.rejects(ossWith(sandbox, { ...permanent, SecurityToken: 'x' }, { authorizationV4 }).get('x'),
      refused(/403 InvalidSecurityToken/));
  }

  await pause(Date.parse(keys.Expiration) - Date.now() + 50);
  await assert.rejects(otsWith(sandbox, keys).listTable({}), refused(/403.*OTSAuthFailed.*The security token has expired/s));
  await assert.rejects(ossWith(sandbox, keys).get('x'), refused(/403 SecurityTokenExpired/));
  const next = await keysOf(sandbox);
  assert.notEqual(next.AccessKeyId, keys.AccessKeyId);
  assert.deepEqual((await otsWith(sandbox, next).listTable({})).tableNames, ['orders']);
  assert.equal((await ossWith(sandbox, next).get('x')).content.toString(), 'with a token');
});

test('sandbox: an answer is compressed for whom asks, and signed as it is', async (t) => {
  const sandbox = await startSandbox(t, workDir(t));
  await createTable(tableStore(sandbox), 'orders');
  const change = (headers) => { headers['x-ots-response-compress-type'] = 'deflate'; };
  const body = message('DescribeTableRequest').encode({ table_name: 'orders' }).finish();
  const answer = await post(sandbox.endpoint, 'DescribeTable', body, { change });
  assert.equal(answer.headers.get('x-ots-response-compress-type'), 'deflate');
  const inflated = inflateSync(answer.bytes);
  assert.equal(answer.headers.get('x-ots-response-compress-size'), String(inflated.length));
  assert.equal(answer.headers.get('x-ots-contentmd5'), createHash('md5').update(inflated).digest('base64'));
  assert.ok(answerIsSigned({ ...answer, bytes: inflated }, 'DescribeTable'));
  assert.equal(message('DescribeTableResponse').decode(inflated).table_meta.table_name, 'orders');
  const plain = await post(sandbox.endpoint, 'DescribeTable', body);
  assert.equal(plain.headers.get('x-ots-response-compress-type'), null);
});

test('sandbox: an injected status may say when to come back', async (t) => {
  const sandbox = await startSandbox(t, workDir(t));
  await sandbox.admin('faults', [
    { service: 'ots', times: 1, action: 'status', value: 503, retry_after: 7 },
    { service: 'oss', times: 1, action: 'status', value: 429, retry_after: 'Tue, 16 Oct 2018 00:00:09 GMT' },
  ]);
  const answer = await post(sandbox.endpoint, 'ListTable', Buffer.alloc(0));
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('retry-after'), '7');
  assert.ok(answerIsSigned(answer, 'ListTable'));
  const object = await fetch(`${sandbox.endpoint}/exports/x`);
  assert.equal(object.status, 429);
  assert.equal(object.headers.get('retry-after'), 'Tue, 16 Oct 2018 00:00:09 GMT');
});
