// What attackers send to the TCP door, byte by byte, and what the daemon answers. docs/security.md says what holds.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import { daemonWithTokens } from './door_world.mjs';
import { ask, sluice, until, workDir } from './support.mjs';

const run = (...args) => {
  const done = spawnSync('openssl', args, { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
};

// Everything the peer sends until it closes, or until `enough` (a regular expression) is in it.
function talk(socket, pieces, { enough, limit = 20_000 } = {}) {
  return new Promise((resolve) => {
    let text = '';
    const end = () => { clearTimeout(timer); socket.destroy(); resolve(text); };
    const timer = setTimeout(() => { text += '(silence)'; end(); }, limit);
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (enough?.test(text)) end();
    });
    socket.on('error', (failure) => { text += `(${failure.code})`; });
    socket.on('close', end);
    for (const piece of [pieces].flat()) socket.write(piece);
  });
}

const statusOf = (answer) => Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? 0);

const resident = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
const descriptors = (pid) => readdirSync(`/proc/${pid}/fd`).length;

test('the TCP door withstands', async (t) => {
  const world = daemonWithTokens(t, { listen: ['  hosts: [sluice.example.com]'] });
  const port = await world.port();
  const pid = world.daemon.child.pid;
  const host = `127.0.0.1:${port}`;
  const open = () => connect(port, '127.0.0.1');
  const raw = (text, options) => talk(open(), text, options);
  const head = (line, fields = {}) => `${line} HTTP/1.1\r\n` + Object.entries({ Host: host, Connection: 'close', ...fields })
    .map(([name, value]) => `${name}: ${value}\r\n`).join('') + '\r\n';
  const status = async (line, fields, body = '') => statusOf(await raw(head(line, fields) + body));
  const bearer = (token) => ({ Authorization: `Bearer ${token}` });
  const post = (path, fields, body = '{}') => status(`POST ${path}`,
    { 'Content-Type': 'application/json', 'Content-Length': body.length, ...fields }, body);

  // Once through, so that what is loaded once is loaded.
  assert.equal(await status('GET /api/v1/status'), 200);
  assert.equal(await status('GET /api/v1/status', bearer('wrong')), 401);
  const before = { resident: resident(pid), descriptors: descriptors(pid) };

  await t.test('another Host: a page whose name was rebound to this address gets nothing', async () => {
    for (const name of ['evil.example', `evil.example:${port}`, '127.0.0.1', `localhost.evil.example:${port}`, ''])
      assert.equal(await status('GET /api/v1/status', { Host: name }), 421, name);
    assert.equal(await status('GET /api/v1/status', { Host: 'sluice.example.com' }), 200);
  });

  await t.test('two Hosts, and none', async () => {
    assert.equal(statusOf(await raw(`GET / HTTP/1.1\r\nHost: ${host}\r\nHost: evil.example\r\n\r\n`)), 400);
    assert.equal(statusOf(await raw('GET / HTTP/1.1\r\nConnection: close\r\n\r\n')), 400);
    assert.equal(statusOf(await raw('GET / HTTP/1.0\r\n\r\n')), 421);
  });

  await t.test('a foreign Origin, whatever the method', async () => {
    for (const method of ['GET', 'POST', 'HEAD', 'OPTIONS'])
      assert.equal(await status(`${method} /api/v1/status`, { Origin: 'http://evil.example' }), 403, method);
    assert.equal(await status('GET /api/v1/status', { Origin: 'null' }), 403);
    assert.equal(await status('GET /api/v1/status', { Origin: `http://${host}` }), 200);
  });

  await t.test('a form of another site: no JSON, no action; and never a CORS header', async () => {
    const token = bearer(world.tokens.admin.token);
    assert.equal(await post('/api/v1/reload', { ...token, 'Content-Type': 'text/plain' }), 415);
    assert.equal(await post('/api/v1/reload', { ...token, 'Content-Type': 'application/x-www-form-urlencoded' }), 415);
    assert.equal(await post('/api/v1/reload', { ...token, 'Sec-Fetch-Site': 'cross-site' }), 403);
    const preflight = await raw(head('OPTIONS /api/v1/reload', { Origin: `http://${host}`,
      'Access-Control-Request-Method': 'POST' }));
    assert.equal(statusOf(preflight), 405);
    assert.doesNotMatch(preflight, /access-control/i);
  });

  await t.test('acting without a token, or with one whose role is too low', async () => {
    assert.equal(await status('GET /api/v1/status'), 200);
    const anonymous = await raw(head('POST /api/v1/reload'));
    assert.equal(statusOf(anonymous), 401);
    assert.match(anonymous, /WWW-Authenticate: Bearer realm="sluice"/);
    assert.equal(await post('/api/v1/jobs/none/pause', bearer(world.tokens.viewer.token)), 403);
    const low = await raw(head('POST /api/v1/reload', bearer(world.tokens.operator.token)));
    assert.equal(statusOf(low), 403);
    assert.match(low, /takes the role admin, and token a-operator \(127\.0\.0\.1\) has the role operator/);
    assert.equal(await post('/api/v1/jobs/none/pause', bearer(world.tokens.operator.token)), 404);
    assert.equal(await post('/api/v1/reload', bearer(world.tokens.admin.token)), 200);
    const [entry] = ask(world.paths, 'audit', '--action', 'reload').entries ?? [];
    assert.equal(entry?.actor, 'token a-admin (127.0.0.1)');
  });

  await t.test('guessing tokens: late answers, a count, a line in the log, and never the token', async () => {
    const guess = `sluice_${'0123456789abcdef'.repeat(4)}`;
    const begun = performance.now();
    assert.equal(await status('GET /healthz', bearer(guess)), 401);
    assert.ok(performance.now() - begun >= 200);
    for (const wrong of ['Basic YTpi', 'Bearer', 'Bearer a b', `Bearer ${'a'.repeat(9000)}`])
      assert.equal(await status('GET /api/v1/status', { Authorization: wrong }), 401, wrong.slice(0, 20));
    assert.equal(statusOf(await raw(head('GET /').replace('\r\n\r\n', '\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n'))), 400);
    const metrics = await raw(head('GET /metrics'));
    assert.ok(Number(/sluice_http_refusals_total\{reason="token"\} (\d+)/.exec(metrics)[1]) >= 5);
    assert.match(world.daemon.text(), /refused GET \/\S* from=127\.0\.0\.1: no such token/);
    assert.ok(!world.daemon.text().includes(guess.slice(0, 20)));
  });

  await t.test('two lengths, a length beside chunks, and chunks: no request hides in another', async () => {
    const smuggled = 'GET /api/v1/version HTTP/1.1\r\nHost: x\r\n\r\n';
    for (const [fields, answer] of [
      ['Content-Length: 4\r\nContent-Length: 5', 400], ['Content-Length: 4\r\nContent-Length: 4', 400],
      ['Content-Length: 4, 4', 400], ['Content-Length: -1', 400], ['Content-Length: +4', 400],
      ['Content-Length: 0x4', 400], ['Content-Length : 4', 400],
      ['Content-Length: 4\r\nTransfer-Encoding: chunked', [400, 411]],
      ['Transfer-Encoding: chunked', 411], ['Transfer-Encoding: chunked, identity', 411],
      ['Transfer-Encoding: \tchunked', 411], ['Transfer-Encoding: xchunked', 411],
      ['Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', [400, 411]],
    ]) {
      const got = await raw(`POST /api/v1/reload HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n` +
        `${fields}\r\n\r\n1;ext=a\r\nZ\r\n0\r\n\r\n${smuggled}`);
      assert.ok([answer].flat().includes(statusOf(got)), `${JSON.stringify(fields)}: ${got.split('\r\n')[0]}`);
      assert.equal(got.match(/HTTP\/1\.1 \d/g).length, 1, fields);
    }
  });

  await t.test('bare line feeds, NUL, folded headers, empty lines and control characters', async () => {
    for (const bytes of [`GET / HTTP/1.1\nHost: ${host}\n\n`, `GET / HTTP/1.1\r\nHost: ${host}\nX: y\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: ${host}\rX: y\r\n\r\n`, `GET /\0 HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: ${host}\r\nX: a\r\n b\r\n\r\n`, `GET / HTTP/1.1\r\nHost: ${host}\r\nX: a\x07\r\n\r\n`,
      `\r\nGET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, `GET / HTTP/1.1\r\nHost: ${host}\r\nX y: a\r\n\r\n`,
      `GET / HTTP/2.0\r\nHost: ${host}\r\n\r\n`, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'])
      assert.equal(statusOf(await raw(bytes)), 400, JSON.stringify(bytes));
  });

  await t.test('targets that are no path, methods that are none of ours, and paths that climb', async () => {
    for (const target of [`http://${host}/`, 'http://evil.example/', '*', 'evil.example:443', '/%00', '/%zz'])
      assert.equal(await status(`GET ${target}`), 400, target);
    assert.equal(await status('CONNECT evil.example:443'), 400);
    for (const method of ['TRACE', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'QUERY', 'PROPFIND'])
      assert.ok([400, 405].includes(await status(`${method} /`)), method);
    for (const path of ['/../etc/passwd', '/%2e%2e/etc/passwd', '//etc/passwd', '/api/v1/instances/..%2f..%2fetc%2fpasswd/logs'])
      assert.ok([400, 404].includes(await status(`GET ${path}`)), path);
  });

  await t.test('Expect and Upgrade: nothing is promised, nothing is switched', async () => {
    assert.equal(await status('POST /api/v1/reload', { Expect: '100-continue', 'Content-Length': 2 }), 417);
    const upgrade = await raw(head('GET /healthz', { Connection: 'Upgrade, close', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAAP__' }));
    assert.equal(statusOf(upgrade), 200);
    const socket = await raw(head('GET /healthz', { Connection: 'Upgrade, close', Upgrade: 'websocket',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': 13 }));
    assert.equal(statusOf(socket), 200);
  });

  await t.test('too long a line, too many fields, too large a head, too large a body', async () => {
    assert.equal(await status(`GET /${'a'.repeat(9000)}`), 414);
    assert.equal(await status('GET /', Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`X-${i}`, 'y']))), 431);
    assert.equal(await status('GET /', { 'X-Large': 'y'.repeat(17_000) }), 431);
    assert.equal(await post('/api/v1/reload', { 'Content-Length': 70_000 }), 413);
    assert.equal(await post('/api/v1/reload', { 'Content-Length': '18446744073709551617' }), 400);
    assert.equal(await post('/api/v1/reload', bearer(world.tokens.admin.token), '['.repeat(60_000)), 400);
  });

  await t.test('a head and a body that never end are given up, an idle connection too', async () => {
    const begun = performance.now();
    const slow = [raw('GET / HTTP/1.1\r\nHost: '), raw(''),
      raw(head('POST /api/v1/reload', { 'Content-Type': 'application/json', 'Content-Length': 9, Connection: 'keep-alive' }) + '{')];
    const dripping = open();
    const drip = setInterval(() => dripping.write('X'), 1000);
    slow.push(talk(dripping, 'GET / HTTP/1.1\r\nX: '));
    for (const answer of await Promise.all(slow)) assert.doesNotMatch(answer, /silence|HTTP/);
    clearInterval(drip);
    assert.ok(performance.now() - begun < 19_000);
  });

  await t.test('many connections of one address: the rest is turned away, and others are served', async () => {
    const held = Array.from({ length: 60 }, open);
    const refused = held.map((socket) => new Promise((resolve) => {
      socket.on('data', (data) => resolve(statusOf(data.toString('latin1'))));
      socket.on('error', () => resolve(0));
      socket.on('close', () => resolve(0));
    }));
    assert.equal(await Promise.race(refused), 503);
    assert.notEqual(ask(world.paths, 'status'), null);
    for (const socket of held) socket.destroy();
    await until('the connections to be gone', async () => await status('GET /healthz') === 200);
  });

  await t.test('many requests at once on one connection are answered in order', async () => {
    const one = `GET /healthz HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    const answers = await raw(one.repeat(200) + head('GET /nothing'));
    assert.equal(answers.match(/HTTP\/1\.1 200/g).length, 200);
    assert.equal(answers.match(/HTTP\/1\.1 404/g).length, 1);
  });

  await t.test('every answer is strict, and names no program', async () => {
    for (const line of ['GET /', 'GET /nothing', 'GET /api/v1/status']) {
      const answer = await raw(head(line));
      for (const wanted of [/Content-Security-Policy: default-src 'none'/, /X-Content-Type-Options: nosniff/,
        /X-Frame-Options: DENY/, /Referrer-Policy: no-referrer/, /Cache-Control: (private, )?no-/]) assert.match(answer, wanted, line);
      assert.doesNotMatch(answer.split('\r\n\r\n')[0], /^(server|x-powered-by|access-control)/im);
    }
  });

  await t.test('random bytes', async () => {
    let state = 1;
    const random = () => { state = (Math.imul(state, 1103515245) + 12345) >>> 0; return state >>> 24; };
    for (let i = 0; i < 50; i++)
      assert.ok([0, 400, 414, 431].includes(statusOf(await raw(Buffer.from([...Array.from({ length: 300 }, random), 10, 13, 10])))));
  });

  await t.test('after all that the daemon answers, and has not grown', async () => {
    assert.equal(await status('GET /api/v1/status'), 200);
    assert.equal(ask(world.paths, 'status').jobs.length, 0);
    await until('the descriptors to be given back', () => descriptors(pid) <= before.descriptors + 2);
    // ThreadSanitizer keeps several bytes of its own for each that was used.
    const room = process.env.TSAN_OPTIONS ? 32768 : 8192;
    assert.ok(resident(pid) < before.resident + room, `${before.resident} KiB before, ${resident(pid)} now`);
  });
});

test('without anonymous reading only the page, health and the session are open, also to the command line', async (t) => {
  const world = daemonWithTokens(t, { access: ['  anonymous: none'] });
  const base = `http://127.0.0.1:${await world.port()}`;
  const get = async (path, headers = {}) => (await fetch(base + path, { headers })).status;
  for (const path of ['/', '/app.js', '/healthz', '/api/v1/session']) assert.equal(await get(path), 200, path);
  for (const path of ['/metrics', '/readyz', '/api/v1/status', '/api/v1/audit']) {
    assert.equal(await get(path), 401, path);
    assert.notEqual(await get(path, { Authorization: `Bearer ${world.tokens.viewer.token}` }), 401, path);
  }
  const session = await (await fetch(`${base}/api/v1/session`)).json();
  assert.deepEqual(session, { role: 'none', actor: 'anonymous (127.0.0.1)', can_sign_in: true });

  const remote = (role, ...args) => sluice(args, { env: { ...process.env, SLUICE_SERVER: base, SLUICE_TOKEN: world.tokens[role].token } });
  assert.equal(remote('viewer', 'status').code, 0);
  const refused = remote('viewer', 'reload');
  assert.equal(refused.code, 1);
  assert.match(refused.err, /takes the role admin, and token a-viewer \(127\.0\.0\.1\) has the role viewer/);
  assert.equal(remote('admin', 'reload').code, 0);

  // A token that is withdrawn is refused from the reload on.
  writeFileSync(world.paths.config, readFileSync(world.paths.config, 'utf8').replace(/ {4}a-viewer: .*\n/, ''));
  assert.equal(sluice(['reload', '--socket', world.paths.socket]).code, 0);
  assert.equal(await get('/api/v1/status', { Authorization: `Bearer ${world.tokens.viewer.token}` }), 401);
});

test('the TLS door withstands', async (t) => {
  const pki = workDir(t);
  const file = (name) => join(pki, name);
  const certificate = (name, subject, signed) => run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
    '-nodes', '-days', '2', '-subj', `/CN=${subject}`, '-keyout', file(`${name}.key`), '-out', file(`${name}.pem`),
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', ...(signed ? ['-CA', file('ca.pem'), '-CAkey', file('ca.key')] : []));
  certificate('ca', 'authority');
  certificate('server', 'first', true);
  certificate('client', 'laptop', true);
  certificate('stranger', 'stranger');
  chmodSync(file('server.key'), 0o600);
  const world = daemonWithTokens(t, { listen: ['  tls:', `    certFile: ${file('server.pem')}`, `    keyFile: ${file('server.key')}`,
    `    clientCaFile: ${file('ca.pem')}`] });
  const port = await world.port();
  const read = (name) => readFileSync(file(name));
  const own = { port, host: '127.0.0.1', ca: read('ca.pem') };
  const known = { ...own, cert: read('client.pem'), key: read('client.key') };
  const request = `GET /api/v1/session HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n`;
  const secured = (options, text = `${request}\r\n`) => talk(tls.connect(options), text);

  const answer = await secured(known);
  assert.equal(statusOf(answer), 200);
  assert.match(answer, /Strict-Transport-Security: max-age=31536000/);
  assert.match(answer, /"role":"viewer","actor":"certificate laptop \(127\.0\.0\.1\)"/);
  const both = await secured(known, `${request}Authorization: Bearer ${world.tokens.operator.token}\r\n\r\n`);
  assert.match(both, /"role":"operator","actor":"token a-operator \(127\.0\.0\.1, certificate laptop\)"/);
  const plainOrigin = await secured(known, `${request}Origin: http://localhost:${port}\r\n\r\n`);
  assert.equal(statusOf(plainOrigin), 403);

  await t.test('clients without a certificate, or with a stranger\'s', async () => {
    assert.equal(statusOf(await secured(own)), 0);
    assert.equal(statusOf(await secured({ ...own, cert: read('stranger.pem'), key: read('stranger.key') })), 0);
  });
  await t.test('old versions, weak ciphers, and no TLS at all', async () => {
    for (const options of [{ maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }, { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:@SECLEVEL=0' }])
      assert.equal(statusOf(await secured({ ...known, ...options })), 0);
    assert.equal(statusOf(await secured({ ...known, maxVersion: 'TLSv1.2' })), 200);
    assert.equal(statusOf(await talk(connect(port, '127.0.0.1'), `${request}\r\n`)), 0);
  });
  await t.test('a handshake that never ends, while others are served', async () => {
    const silent = talk(connect(port, '127.0.0.1'), '\x16\x03\x01');
    assert.equal(statusOf(await secured(known)), 200);
    assert.doesNotMatch(await silent, /silence/);
  });
  await t.test('a renewed certificate is used after a reload, a broken one is not', async () => {
    const shown = () => new Promise((resolve, reject) => {
      const socket = tls.connect(known, () => { resolve(socket.getPeerCertificate().subject.CN); socket.destroy(); });
      socket.on('error', reject);
    });
    assert.equal(await shown(), 'first');
    certificate('server', 'second', true);
    assert.equal(await shown(), 'first');
    sluice(['reload', '--socket', world.paths.socket]);
    assert.equal(await shown(), 'second');
    writeFileSync(file('server.key'), 'nonsense');
    const refused = sluice(['reload', '--socket', world.paths.socket]);
    assert.match(refused.out + refused.err, /server\.key: it holds no private key in PEM/);
    assert.equal(await shown(), 'second');
  });
  await t.test('a peer that cuts a stream off, while another one is told that the daemon stops', async () => {
    const follow = request.replace('/session', '/events').replace('Connection: close\r\n', '') + '\r\n';
    assert.match(await talk(tls.connect(known), follow, { enough: /event: hello/ }), /event: hello/);
    const other = tls.connect(known);
    const greeted = new Promise((resolve) => other.once('data', resolve));
    const told = talk(other, follow);
    await greeted;
    const stopped = new Promise((resolve) => world.daemon.child.once('exit', resolve));
    world.daemon.child.kill('SIGTERM');
    assert.match(await told, /event: hello[^]*event: bye[^]*\r\n0\r\n\r\n$/);
    assert.equal(await stopped, 0);
  });
});

test('beyond loopback the daemon does not start without TLS and a token, and says what to add', (t) => {
  const dir = workDir(t);
  const config = join(dir, 'sluice.yaml');
  writeFileSync(config, 'listen: {tcp: "0.0.0.0:0"}\n');
  const refused = sluice(['daemon', '--config', config]);
  assert.equal(refused.code, 2);
  assert.match(refused.err, /add listen\.tls\.certFile and listen\.tls\.keyFile; and add a token under access\.tokens/);
});
