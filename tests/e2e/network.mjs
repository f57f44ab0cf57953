// Certificates and proxies for the tests that look at how sluice reaches the services.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';

// An environment that says nothing of proxies.
export const noProxies = { HTTPS_PROXY: '', https_proxy: '', http_proxy: '', NO_PROXY: '', no_proxy: '' };

function openssl(...args) {
  const made = spawnSync('openssl', args, { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
}

// An authority, and the sandbox's options for a certificate that it signed for `names`.
export function certificates(dir, names = 'IP:127.0.0.1') {
  const file = (name) => join(dir, name);
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj',
    '/CN=sluice test authority', '-keyout', file('ca.key'), '-out', file('ca.pem'));
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=sandbox', '-keyout',
    file('server.key'), '-out', file('server.csr'));
  writeFileSync(file('names'), `subjectAltName=${names}`);
  openssl('x509', '-req', '-in', file('server.csr'), '-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-days', '2',
    '-extfile', file('names'), '-out', file('server.pem'));
  return { ca: file('ca.pem'), options: ['--tls-cert', file('server.pem'), '--tls-key', file('server.key')] };
}

// An HTTP proxy that resolves every name to 127.0.0.1 and wants `login`, if any. Keeps what it saw.
export function startProxy(t, login) {
  const seen = { connects: [], requests: [], answers: [], refused: 0 };
  const wanted = login && `Basic ${Buffer.from(login).toString('base64')}`;
  const admits = (request) => {
    if (!wanted || request.headers['proxy-authorization'] === wanted) return true;
    seen.refused++;
    return false;
  };
  const server = http.createServer((request, response) => {
    if (!admits(request)) return response.writeHead(407, { 'proxy-authenticate': 'Basic' }).end();
    const url = new URL(request.url);
    seen.requests.push({ url, headers: request.headers });
    const headers = { ...request.headers };
    delete headers['proxy-authorization'];
    const onward = http.request({ host: '127.0.0.1', port: url.port, path: url.pathname + url.search, headers,
      method: request.method }, (answer) => {
      seen.answers.push(answer.headers);
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  server.on('connect', (request, socket) => {
    if (!admits(request)) return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    seen.connects.push(request.url);
    const onward = net.connect(request.url.split(':').pop(), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  t.after(() => server.close());
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve({ seen, port: server.address().port })));
}
