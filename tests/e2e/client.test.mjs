// How sluice reaches the services: certificates, signatures, a machine's RAM role, proxies, compression, Retry-After.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificates, noProxies, startProxy } from './network.mjs';
import { SLUICE, ask, downloadRows, fillSeed, lastSlot, localSlot, oss, startDaemon, startProcess, startSandbox,
  sluice, until, workDir, writeConfig } from './support.mjs';

// For the test's own requests to sandboxes with certificates of ours. sluice has its own idea of whom to trust.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';

// The slot whose window the tests export, the same from beginning to end.
const slot = lastSlot();

// A bucket, and a table with `rows` changes spread evenly, by default over the window that runOnce() exports.
async function fillWorld(sandbox, { rows = 20, to = slot - 300_000, from = to - 300_000 } = {}) {
  await sandbox.admin('create_table', { instance: 'demo', table: 'orders',
    primary_key: [{ name: 'uid', type: 'STRING' }], stream_hours: 24 });
  await sandbox.admin('create_bucket', { bucket: 'exports' });
  await sandbox.admin('fill', { instance: 'demo', table: 'orders', rows, columns: ['name'], kinds: ['integer'],
    actions: { put: 1 }, from_ms: from, to_ms: to, seed: 7 });
}

// A job whose connections say `keys` instead of the permanent key, with more lines for sluice.yaml.
function configure(dir, sandbox, { keys, more = '', script = '', retries = 30, options = {} } = {}) {
  const paths = writeConfig(dir, sandbox, { ...options, script: fillSeed({ table: 'orders' })
    .replace('"dataTable"', `${script} "dataTable"`).replace('"maxRetries": 30', `"maxRetries": ${retries}`) });
  let text = readFileSync(paths.config, 'utf8');
  if (keys) text = text.replaceAll(/accessId: "[^"]*", accessKey: "[^"]*"/g, keys);
  writeFileSync(paths.config, `${text}${more}\n`);
  return paths;
}

const runOnce = (paths) => sluice(['run', paths.jobFile, '--config', paths.config, '--at', localSlot(slot)],
  { env: { ...process.env, ...noProxies } });

// The same without standing still, so that servers inside this process can answer.
async function runBeside(t, dir, paths, env = {}) {
  const run = startProcess(t, `run-${runs++}`, SLUICE,
    ['run', paths.jobFile, '--config', paths.config, '--at', localSlot(slot)], dir, { ...noProxies, ...env });
  const { code } = await run.ended;
  return { code, text: run.text() };
}
let runs = 0;

async function rowsIn(sandbox) {
  return (await downloadRows(oss(sandbox, 'exports'))).flatMap((object) => object.rows).length;
}

test('servers are verified against the authority that is configured, and by their name', async (t) => {
  const dir = workDir(t);
  const { ca, options } = certificates(dir);
  const sandbox = await startSandbox(t, dir, options);
  await fillWorld(sandbox);
  const unknown = runOnce(configure(dir, sandbox));
  assert.equal(unknown.code, 1);
  assert.match(unknown.err, /verify certificate of 127\.0\.0\.1: unable to get local issuer certificate/);
  const keys = 'accessId: "sandbox-id", accessKey: "sandbox-secret", region: cn-hangzhou';
  const run = runOnce(configure(dir, sandbox, { keys, more: `tls: {caFile: ${ca}}` }));
  assert.equal(run.code, 0, run.err + run.out);
  assert.equal(await rowsIn(sandbox), 20);

  const other = workDir(t);
  const wrong = certificates(other, 'DNS:elsewhere.example');
  const impostor = await startSandbox(t, other, wrong.options);
  const refused = runOnce(configure(other, impostor, { more: `tls: {caFile: ${wrong.ca}}` }));
  assert.equal(refused.code, 1);
  assert.match(refused.err, /verify certificate of 127\.0\.0\.1: IP address mismatch/);
  const missing = runOnce(configure(other, impostor, { more: 'tls: {caFile: nowhere.pem}' }));
  assert.match(missing.err, /load certificates .*nowhere\.pem: /);
});

test('a proxy that wants a login passes on plain requests: signature V4, compressed answers', async (t) => {
  const dir = workDir(t);
  const sandbox = await startSandbox(t, dir);
  const proxy = await startProxy(t, 'me:p@ss');
  await fillWorld(sandbox, { rows: 2000 });
  const keys = 'accessId: "sandbox-id", accessKey: "sandbox-secret", region: cn-hangzhou';
  const paths = configure(dir, sandbox, { keys, script: '"compressAnswers": true,',
    more: `proxy: "http://me:\${env:PROXY_PASSWORD}@127.0.0.1:${proxy.port}"` });
  const run = await runBeside(t, dir, paths, { PROXY_PASSWORD: 'p@ss' });
  assert.equal(run.code, 0, run.text);
  assert.equal(await rowsIn(sandbox), 2000);
  const { requests, answers } = proxy.seen;
  const toTables = requests.filter(({ headers }) => headers['x-ots-date']);
  assert.ok(toTables.length > 3);
  for (const { headers, url } of toTables) {
    assert.ok(headers['x-ots-signaturev4'] && !headers['x-ots-signature']);
    assert.equal(headers['x-ots-signregion'], 'cn-hangzhou');
    assert.equal(url.port, sandbox.port);
  }
  const toObjects = requests.filter(({ headers }) => !headers['x-ots-date']);
  assert.ok(toObjects.length > 1);
  for (const { headers } of toObjects) assert.match(headers.authorization, /^OSS4-HMAC-SHA256 .*\/cn-hangzhou\/oss\//);
  assert.ok(answers.some((headers) => headers['x-ots-response-compress-type'] === 'deflate' &&
    Number(headers['x-ots-response-compress-size']) > 2 * Number(headers['content-length'])));

  const refused = await runBeside(t, dir, paths, { PROXY_PASSWORD: 'canary-441' });
  assert.equal(refused.code, 1);
  assert.match(refused.text, /through proxy 127\.0\.0\.1 port \d+: 407, it does not accept user and password/);
  assert.doesNotMatch(refused.text, /canary/);
  assert.equal(proxy.seen.refused, 1, 'a login that is refused is not tried again');
});

test('TLS goes through the tunnel of a proxy from the environment, which resolves the names', async (t) => {
  const dir = workDir(t);
  const { ca, options } = certificates(dir, 'DNS:sandbox.invalid,DNS:exports.sandbox.invalid');
  const sandbox = await startSandbox(t, dir, options);
  const proxy = await startProxy(t, 'me:pass');
  await fillWorld(sandbox);
  const named = { ...sandbox, endpoint: `https://sandbox.invalid:${sandbox.port}` };
  const paths = configure(dir, named, { more: `tls: {caFile: ${ca}}`, retries: 0 });
  const https_proxy = `http://me:pass@127.0.0.1:${proxy.port}`;
  const run = await runBeside(t, dir, paths, { https_proxy });
  assert.equal(run.code, 0, run.text);
  assert.equal(await rowsIn(sandbox), 20);
  const hosts = new Set(proxy.seen.connects);
  assert.deepEqual([...hosts].sort(), [`exports.sandbox.invalid:${sandbox.port}`, `sandbox.invalid:${sandbox.port}`]);
  const tunnels = proxy.seen.connects.length;
  const stats = await sandbox.admin('stats');
  const requests = Object.values(stats.requests).reduce((sum, n) => sum + n, 0);
  assert.ok(tunnels <= 4 && tunnels < requests / 2, `${tunnels} tunnels for ${requests} requests`);

  const without = await runBeside(t, dir, paths, { https_proxy: `http://127.0.0.1:${proxy.port}` });
  assert.match(without.text, /connect to sandbox\.invalid port \d+ through proxy .*: 407, it wants a user and password/);
  const excepted = await runBeside(t, dir, paths, { https_proxy, no_proxy: '.invalid' });
  assert.match(excepted.text, /resolve sandbox\.invalid: /);
  const off = await runBeside(t, dir, configure(dir, named, { more: 'proxy: none', retries: 0 }), { https_proxy });
  assert.match(off.text, /resolve sandbox\.invalid: /);
  const local = await runBeside(t, dir, configure(dir, sandbox, { more: 'proxy: ""' }), { https_proxy });
  assert.match(local.text, /verify certificate of 127\.0\.0\.1/, 'loopback addresses are reached directly');
  assert.equal(proxy.seen.connects.length, tunnels, 'none of these went through a tunnel');
});

test('the keys of a RAM role are renewed while the daemon runs, for both services, and shown nowhere', async (t) => {
  const dir = workDir(t);
  const sandbox = await startSandbox(t, dir, ['--ram-role', 'reader', '--ram-seconds', '3']);
  const rows = 600;
  const windows = 12;
  const to = lastSlot(windows * 5);
  const first = to - (windows + 1) * 300_000;
  await fillWorld(sandbox, { rows, from: first, to: first + windows * 300_000 });
  // Slow enough that several keys expire on the way.
  await sandbox.admin('faults', [{ service: 'oss', operation: 'PutObject', action: 'delay_ms', value: 800 }]);
  const keys = `ramRole: auto, metadataEndpoint: "${sandbox.metadata}"`;
  const paths = configure(dir, sandbox, { keys, options: { from: first + 600_000, to } });
  const daemon = startDaemon(t, dir, paths);
  const secrets = new Set();
  const done = await until('the windows', async () => {
    assert.equal(daemon.child.exitCode, null, daemon.text());
    const answer = await fetch(`${sandbox.metadata}/latest/meta-data/ram/security-credentials/reader`);
    const given = await answer.json();
    secrets.add(given.AccessKeySecret).add(given.SecurityToken);
    const list = ask(paths, 'instances', 'orders', '--state', 'SUCCESS', '--limit', '100');
    return list && list.instances.length === windows ? list.instances : null;
  });
  assert.ok(done.every((instance) => instance.attempt_count === 1), 'no attempt failed');
  assert.equal(await rowsIn(sandbox), rows);
  assert.ok(secrets.size >= 6, `keys expired while it ran: ${secrets.size / 2} of them were seen`);
  const stats = await sandbox.admin('stats');
  assert.ok(stats.requests['metadata.GetToken'] <= secrets.size / 2 + 8, 'keys are kept as long as they are good');
  const logs = readdirSync(join(dir, 'logs'), { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
    .map((one) => readFileSync(join(one.parentPath ?? one.path, one.name), 'utf8'));
  assert.ok(logs.length >= windows);
  for (const text of [...logs, daemon.text(), readFileSync(join(paths.stateDir, 'sluice.db'), 'latin1')])
    for (const secret of secrets) assert.ok(!text.includes(secret));
});

test('keys that the services no longer know are replaced at once', async (t) => {
  const dir = workDir(t);
  const role = ['--ram-role', 'reader'];
  const sandbox = await startSandbox(t, dir, role);
  await fillWorld(sandbox);
  const keys = `ramRole: reader, metadataEndpoint: "${sandbox.metadata}"`;
  const paths = configure(dir, sandbox, { keys, options: { from: slot, to: slot } });
  const daemon = startDaemon(t, dir, paths);
  const instance = `orders@${localSlot(slot)}`;
  await until('the window', () => ask(paths, 'instances', 'orders', '--state', 'SUCCESS')?.instances[0]?.id === instance);
  // The same ports, but a machine that was given other keys.
  await sandbox.kill('SIGTERM');
  const again = await startSandbox(t, dir, [...role, '--port', sandbox.port, '--metadata-port',
    new URL(sandbox.metadata).port]);
  assert.equal(sluice(['rerun', instance, '--socket', paths.socket]).code, 0);
  const rerun = await until('the rerun', () => {
    const shown = ask(paths, 'show', instance);
    return shown.attempts.length === 2 && shown.state !== 'RUNNING' && shown;
  });
  assert.equal(rerun.state, 'SUCCESS', daemon.text());
  assert.match(sluice(['logs', instance, '--attempt', '2', '--socket', paths.socket]).out,
    /403 InvalidAccessKeyId: .*; attempt 2 in 0 ms/);
  assert.equal((await again.admin('stats')).requests['metadata.GetKeys'], 1);
});

test('a machine without the role, or without metadata, says so and what to do', async (t) => {
  const dir = workDir(t);
  const sandbox = await startSandbox(t, dir, ['--ram-role', 'reader']);
  const withKeys = (keys) => runOnce(configure(dir, sandbox, { keys }));
  const missing = withKeys(`ramRole: writer, metadataEndpoint: "${sandbox.metadata}"`);
  assert.equal(missing.code, 3, missing.err);
  assert.match(missing.err, /get keys of RAM role writer from 127\.0\.0\.1:\d+: this machine has no RAM role writer; attach it to the machine, or give accessId and accessKey/);
  const away = withKeys('ramRole: auto, metadataEndpoint: "http://127.0.0.1:1"');
  assert.equal(away.code, 1, away.err);
  assert.match(away.err, /Connection refused; only cloud servers \(ECS\) have this address: elsewhere give accessId and accessKey instead of ramRole/);
});

test('a server that says when to come back is believed, and the retry budget ends what goes on too long', async (t) => {
  const dir = workDir(t);
  const sandbox = await startSandbox(t, dir);
  await fillWorld(sandbox);
  await sandbox.admin('faults', [
    { service: 'ots', operation: 'GetStreamRecord', nth: 1, action: 'status', value: 503, retry_after: 2 },
    { service: 'oss', operation: 'PutObject', nth: 1, action: 'status', value: 503, retry_after: 1 },
  ]);
  const begin = Date.now();
  const run = runOnce(configure(dir, sandbox));
  assert.equal(run.code, 0, run.err + run.out);
  assert.ok(Date.now() - begin >= 3000, 'both waits were kept');
  assert.equal(await rowsIn(sandbox), 20);
  await sandbox.admin('faults', [{ service: 'ots', operation: 'GetStreamRecord', action: 'status', value: 503 }]);
  const ended = runOnce(configure(dir, sandbox, { script: '"retryBudget": "1s",' }));
  assert.equal(ended.code, 1);
  assert.match(ended.err, /503 OTSServerBusy: .*gave up after \d+ tries: the attempt's retry budget of 1 s is used up/);
});
