// What sluice sends to OSS: both signatures, temporary keys, every form of address, TLS; what it says when it is
// refused; and that the official SDKs read what it wrote.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { certificates, noProxies, startProxy } from './network.mjs';
import { KEY, OSS, SLUICE, ask, fillSeed, lastSlot, localSlot, parseCsv, sluice, startDaemon, startProcess,
  startSandbox, until, workDir, writeConfig } from './support.mjs';

process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; // for the test's own requests; sluice has its own idea of whom to trust

// The slot whose window the tests export, the same from beginning to end.
const slot = lastSlot();
const ROWS = 60_000; // more than two MiB: an upload in parts
const REQUEST = /request [0-9A-F]{24}\b/;
const PYTHON = fileURLToPath(new URL('../../build/python-sdks/bin/python', import.meta.url));

// CRC-64/XZ, byte by byte.
const TABLE = Array.from({ length: 256 }, (_, byte) => {
  let crc = BigInt(byte);
  for (let i = 0; i < 8; i++) crc = crc & 1n ? (crc >> 1n) ^ 0xC96C5795D7870F42n : crc >> 1n;
  return crc;
});
function crc64(bytes) {
  let crc = 0xFFFFFFFFFFFFFFFFn;
  for (const byte of bytes) crc = TABLE[Number((crc ^ BigInt(byte)) & 0xFFn)] ^ (crc >> 8n);
  return (crc ^ 0xFFFFFFFFFFFFFFFFn).toString();
}

async function fillWorld(sandbox, rows = 20) {
  await sandbox.admin('create_table', { instance: 'demo', table: 'orders',
    primary_key: [{ name: 'uid', type: 'STRING' }], stream_hours: 24 });
  await sandbox.admin('create_bucket', { bucket: 'exports' });
  await sandbox.admin('fill', { instance: 'demo', table: 'orders', rows, columns: ['name'], kinds: ['string'],
    actions: { put: 1 }, from_ms: slot - 600_000, to_ms: slot - 300_000, seed: 7 });
}

const NAMES = { access_id: 'accessId', access_key: 'accessKey', security_token: 'securityToken' };
const KEYS = { access_id: KEY.id, access_key: KEY.secret };

// A job whose target is `target` (keys of the data source beside the bucket) with these access keys. It has one slot.
function configure(dir, sandbox, { target = {}, keys = KEYS, more = '' }) {
  const paths = writeConfig(dir, sandbox, { from: slot, to: slot, script: fillSeed({ table: 'orders' }) });
  const all = { type: 'oss', endpoint: sandbox.endpoint, bucket: 'exports', ...target };
  for (const [name, value] of Object.entries(keys)) all[NAMES[name]] = value;
  const text = readFileSync(paths.config, 'utf8').replace(/target: .*/, `target: ${JSON.stringify(all)}`);
  writeFileSync(paths.config, `${text}${more}\n`);
  return paths;
}

// One window beside this process, so that a proxy in it can answer.
let runs = 0;
async function run(t, dir, paths, env = {}) {
  const one = startProcess(t, `run-${runs++}`, SLUICE,
    ['run', paths.jobFile, '--config', paths.config, '--at', localSlot(slot)], dir, { ...noProxies, ...env });
  const { code } = await one.ended;
  return { code, text: one.text() };
}

// The official client reads every object: whole, and with the checksum that the server keeps of it.
async function readBack(sandbox, authorizationV4, rows) {
  const store = new OSS({ accessKeyId: KEY.id, accessKeySecret: KEY.secret, endpoint: sandbox.endpoint,
    region: 'oss-cn-hangzhou', sldEnable: true, bucket: 'exports', authorizationV4 });
  let count = 0;
  const objects = (await store.list({ 'max-keys': 1000 })).objects ?? [];
  for (const { name } of objects) {
    const { content, res } = await store.get(name);
    assert.equal(res.headers['x-oss-hash-crc64ecma'], crc64(content), name);
    count += parseCsv(content.toString()).length;
  }
  assert.equal(count, rows);
  const stats = await sandbox.admin('stats');
  assert.equal(stats.open_uploads, 0);
  for (const { name } of objects) await store.delete(name);
  return stats.requests;
}

test('OSS: both signatures, with the permanent and with temporary keys, write what the SDKs read', async (t) => {
  const dir = workDir(t);
  const sandbox = await startSandbox(t, dir);
  await fillWorld(sandbox, ROWS);
  const temporary = await sandbox.admin('keys', {});
  for (const region of ['', 'oss-cn-hangzhou']) {
    for (const keys of [KEYS, temporary]) {
      await t.test(`${region ? 'V4' : 'V1'}, ${keys === KEYS ? 'permanent' : 'temporary'} keys`, async () => {
        const target = region ? { region } : {};
        const { code, text } = await run(t, dir, configure(dir, sandbox, { target, keys }));
        assert.equal(code, 0, text);
        const requests = await readBack(sandbox, Boolean(region), ROWS);
        assert.ok(requests['oss.UploadPart'] >= 2, 'in parts');
        for (const secret of Object.values(keys).slice(1)) assert.ok(!text.includes(secret));
      });
    }
  }
});

test('OSS: every form of address reaches the bucket', async (t) => {
  const dir = workDir(t);
  const { ca, options } = certificates(dir, 'IP:127.0.0.1,DNS:localhost,DNS:oss.invalid,DNS:*.oss.invalid,DNS:*.oss-cn-hangzhou-internal.invalid,DNS:exports.example.invalid');
  const sandbox = await startSandbox(t, dir, options);
  await fillWorld(sandbox);
  const proxy = await startProxy(t);
  const https_proxy = `http://127.0.0.1:${proxy.port}`;
  const more = `tls: {caFile: ${ca}}`;
  const forms = [
    ['path style on an address', { endpoint: sandbox.endpoint }, []],
    ['path style on localhost', { endpoint: `https://localhost:${sandbox.port}` }, []],
    ['path style on a name', { endpoint: `https://oss.invalid:${sandbox.port}`, addressing: 'path' }, ['oss.invalid']],
    ['the bucket in front of a name', { endpoint: `https://oss.invalid:${sandbox.port}` }, ['exports.oss.invalid']],
    ['the same, internal and with V4', { endpoint: `https://oss-cn-hangzhou-internal.invalid:${sandbox.port}`, region: 'cn-hangzhou' }, ['exports.oss-cn-hangzhou-internal.invalid']],
    ['a domain of one\'s own', { endpoint: `https://exports.example.invalid:${sandbox.port}`, cname: 'true' }, ['exports.example.invalid']],
    ['the same with V4', { endpoint: `https://exports.example.invalid:${sandbox.port}`, cname: 'true', region: 'cn-hangzhou' }, ['exports.example.invalid']],
  ];
  for (const [name, target, hosts] of forms) {
    await t.test(name, async () => {
      proxy.seen.connects.length = 0;
      const done = await run(t, dir, configure(dir, sandbox, { target, more }), { https_proxy });
      assert.equal(done.code, 0, done.text);
      assert.deepEqual([...new Set(proxy.seen.connects)], hosts.map((host) => `${host}:${sandbox.port}`));
      await readBack(sandbox, false, 20);
    });
  }

  await t.test('what cannot work is refused before anything is sent', async () => {
    const before = Object.keys((await sandbox.admin('stats')).requests).length;
    for (const [target, message] of [
      [{ endpoint: 'oss://exports' }, /the scheme oss:\/\/ is not supported; write https:\/\/HOST/],
      [{ endpoint: `https://exports.oss.invalid:${sandbox.port}` }, /contains the bucket name; write oss\.invalid/],
      [{ addressing: 'virtual' }, /a bucket cannot stand in front of an IP address; give `endpoint` a name, or leave out `addressing`/],
      [{ endpoint: 'https://exports.example.invalid', cname: 'true', addressing: 'path' }, /addressing.*cannot be had with cname: true/],
      [{ bucket: 'Exports_1' }, /use bucket "Exports_1": a name has 3 to 63 of a-z, 0-9 and "-"/],
      [{ region: 'cn hangzhou' }, /use region "cn hangzhou": .*correct `region`/],
    ]) {
      const refused = await run(t, dir, configure(dir, sandbox, { target, more }), { https_proxy });
      assert.ok([1, 2].includes(refused.code), refused.text);
      assert.match(refused.text, message);
    }
    assert.equal(Object.keys((await sandbox.admin('stats')).requests).length, before);
  });
});

test('OSS: what is refused is named with its request and the way out, and no secret', async (t) => {
  const dir = workDir(t);
  const sandbox = await startSandbox(t, dir);
  await fillWorld(sandbox);
  const temporary = await sandbox.admin('keys', {});
  const canary = 'canary-secret-5521';
  const v4 = { region: 'cn-hangzhou' };
  const refusals = [
    ['a wrong key', { keys: { ...KEYS, access_key: canary } }, /403 SignatureDoesNotMatch: .*correct accessId and accessKey/],
    ['a wrong key, V4', { keys: { ...KEYS, access_key: canary }, target: v4 }, /403 SignatureDoesNotMatch: .*correct accessId and accessKey/],
    ['an unknown key', { keys: { access_id: 'nobody', access_key: canary } }, /403 InvalidAccessKeyId: /],
    ['a wrong token', { keys: { ...temporary, security_token: canary } }, /403 InvalidSecurityToken: .*get a new security token/],
    ['temporary keys without their token', { keys: { ...temporary, security_token: '' } }, /403 InvalidAccessKeyId: /],
    ['another bucket', { target: { bucket: 'nowhere' } }, /404 NoSuchBucket: .*create the bucket or correct `bucket`/],
  ];
  for (const [name, options, message] of refusals) {
    await t.test(name, async () => {
      const { code, text } = await run(t, dir, configure(dir, sandbox, options));
      assert.notEqual(code, 0);
      assert.match(text, message);
      assert.match(text, REQUEST);
      assert.ok(![canary, KEY.secret, temporary.access_key].some((secret) => text.includes(secret)), text);
    });
  }

  await t.test('a bucket in another region', async () => {
    await sandbox.admin('faults', [{ service: 'oss', action: 'status', value: 403, code: 'PermanentRedirect' }]);
    const { text } = await run(t, dir, configure(dir, sandbox, {}));
    assert.match(text, /403 PermanentRedirect: .*correct `endpoint`: it must be the one of the bucket's region/);
    await sandbox.admin('faults', []);
  });

  for (const region of ['', 'cn-hangzhou']) {
    await t.test(`a clock three hours off is corrected by the server's, ${region ? 'V4' : 'V1'}`, async () => {
      await sandbox.admin('oss_clock', { offset_us: 3 * 3_600_000_000 });
      const { code, text } = await run(t, dir, configure(dir, sandbox, { target: region ? { region } : {} }));
      assert.equal(code, 0, text);
      assert.match(text, /403 RequestTimeTooSkewed: .*request [0-9A-F]{24}, cause 0002-00000504; .*; attempt 2 in 0 ms/);
      await sandbox.admin('oss_clock', { offset_us: 0 });
      await readBack(sandbox, false, 20);
    });
  }
});

test('OSS: the log of an attempt names the request of every repeat', async (t) => {
  const dir = workDir(t);
  const sandbox = await startSandbox(t, dir);
  await fillWorld(sandbox);
  const keys = await sandbox.admin('keys', {});
  await sandbox.admin('faults', [
    { service: 'oss', operation: 'PutObject', nth: 1, action: 'status', value: 503, code: 'SlowDown' },
    { service: 'oss', operation: 'PutObject', nth: 2, action: 'spoil_request' },
  ]);
  const paths = configure(dir, sandbox, { keys });
  const daemon = startDaemon(t, dir, paths);
  const id = `orders@${localSlot(slot)}`;
  await until('the window', () => {
    assert.equal(daemon.child.exitCode, null, daemon.text());
    return ask(paths, 'instances', 'orders', '--state', 'SUCCESS')?.instances.some((one) => one.id === id);
  });
  const log = sluice(['logs', id, '--socket', paths.socket]).out;
  assert.match(log, /put object .*: 503 SlowDown: .*, request [0-9A-F]{24}; attempt 2 in \d+ ms/);
  assert.match(log, /put object .*: 400 InvalidCRC64: .*, request [0-9A-F]{24}; attempt 3 in \d+ ms/);
  const files = readdirSync(join(dir, 'logs'), { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
    .map((one) => readFileSync(join(one.parentPath ?? one.path, one.name), 'utf8'));
  for (const text of [...files, daemon.text(), readFileSync(join(paths.stateDir, 'sluice.db'), 'latin1')])
    for (const secret of [keys.access_key, keys.security_token]) assert.ok(!text.includes(secret));
});

const READ = `
import sys, oss2
auth = oss2.AuthV4("sandbox-id", "sandbox-secret")
bucket = oss2.Bucket(auth, sys.argv[1], "exports", region="cn-hangzhou", enable_crc=True)
for one in oss2.ObjectIterator(bucket):
    got = bucket.get_object(one.key)
    body = got.read()
    assert got.client_crc == got.server_crc == bucket.head_object(one.key).server_crc
    print(one.key, len(body))
`;
test('OSS: the Python SDK reads what sluice wrote, checking every CRC-64',
  { skip: existsSync(PYTHON) ? false : '.ci/python-sdks has not been run' }, async (t) => {
    const dir = workDir(t);
    const sandbox = await startSandbox(t, dir);
    await fillWorld(sandbox, ROWS);
    const { code, text } = await run(t, dir, configure(dir, sandbox, { target: { region: 'cn-hangzhou' } }));
    assert.equal(code, 0, text);
    const python = spawnSync(PYTHON, ['-c', READ, sandbox.endpoint], { encoding: 'utf8' });
    assert.equal(python.status, 0, python.stderr);
    const { bytes, objects } = (await sandbox.admin('stats')).buckets.exports;
    const read = python.stdout.trim().split('\n').map((line) => Number(line.split(' ').pop()));
    assert.deepEqual([read.length, read.reduce((sum, n) => sum + n, 0)], [objects, bytes]);
  });
