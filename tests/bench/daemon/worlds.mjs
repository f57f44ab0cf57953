// The worlds that several parts measure in, and how they ask the daemon.
import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { ask, lastSlot, startDaemon, until, world, writeConfig } from '../../e2e/support.mjs';
import { addHistory } from '../../e2e/year_history.mjs';

// Runs `part` in a test's place: what it starts is ended and removed afterwards.
export async function within(part) {
  const endings = [];
  try {
    return await part({ after: (ending) => endings.push(ending) });
  } finally {
    for (const ending of endings.reverse()) await ending();
  }
}

export const edit = (file, change) => writeFileSync(file, change(readFileSync(file, 'utf8')));

// A state file with a year of windows of `orders`, behind which one slot of today is done and no more follow today.
// The daemon is not running.
export async function yearWorld(t) {
  const w = await world(t);
  const slot = lastSlot();
  const paths = writeConfig(w.dir, w.sandbox, { from: slot, to: slot });
  edit(paths.config, (text) => text.replace('tcp: none', 'tcp: "127.0.0.1:0"'));
  const daemon = startDaemon(t, w.dir, paths);
  await daemon.ready();
  await until('the window to be done', () => ask(paths, 'jobs')?.jobs[0].counts.SUCCESS === 1);
  await daemon.kill('SIGTERM');
  const database = join(paths.stateDir, 'sluice.db');
  addHistory(database, slot);
  return { ...w, paths, slot, database };
}

// Makes a certificate for loopback and lets the configuration use it. Returns the certificate.
export function useTls(dir, paths) {
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
  edit(paths.config, (text) => text.replace('tcp: "127.0.0.1:0"', `tcp: "127.0.0.1:0"\n  tls: {certFile: ${cert}, keyFile: ${key}}`));
  return readFileSync(cert, 'utf8');
}

// Access for a viewer, which TLS does not give without a token.
export function giveToken(paths, made) {
  appendFileSync(paths.config, `access:\n  tokens:\n    bench: {role: viewer, sha256: ${made.sha256}}\n`);
  return made.token;
}

// Where the daemon's TCP door is.
export const doorOf = (daemon) => [...daemon.text().matchAll(/dashboard=(https?:\/\/[^/]+)\//g)].pop()[1];

// One GET, its body read to the end. `target` is {base} or {socketPath}, with `agent`, `ca` and `token` as needed.
export function get(target, path) {
  const url = new URL(path, target.base ?? 'http://localhost');
  const { base, token, ...options } = target;
  if (token) options.headers = { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const outgoing = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('error', reject);
      answer.on('end', () => {
        const body = Buffer.concat(pieces);
        if (answer.statusCode === 200) resolve(body);
        else reject(new Error(`GET ${path}: ${answer.statusCode} ${body}`));
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
