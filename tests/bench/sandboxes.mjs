// Sandboxes as processes of their own, with what they cost: CPU seconds, peak resident memory, requests.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { join } from 'node:path';

const TICKS = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// CPU seconds of a process since its start, all threads, in steps of one tick (10 ms).
export function cpuOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { user: Number(fields[11]) / TICKS, sys: Number(fields[12]) / TICKS };
}

// The highest resident memory in bytes since the start of a process or since forgetPeak().
export function peakOf(pid) {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
}

export function forgetPeak(pid) {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

// A certificate for 127.0.0.1 that signs itself.
export function makeCertificate(dir) {
  const tls = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') };
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
    '-days', '2', '-subj', '/CN=sandbox', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', tls.key, '-out', tls.cert],
  { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`make a certificate with openssl: ${made.stderr ?? made.error}`);
  return { ...tls, ca: readFileSync(tls.cert) };
}

// An answer as a stream of its body; `ca` for https.
export function open(url, { method = 'GET', headers = {}, body, ca } = {}) {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? tlsRequest : plainRequest;
    const sent = send(url, { method, headers, ca }, resolve);
    sent.on('error', reject);
    sent.end(body);
  });
}

export async function textOf(answer) {
  const parts = [];
  for await (const part of answer) parts.push(part);
  const text = Buffer.concat(parts).toString('utf8');
  if (answer.statusCode >= 300) throw new Error(`the sandbox answered ${answer.statusCode}: ${text}`);
  return text;
}

// Starts a sandbox on the data in `dir`, made if absent; `tls` of makeCertificate(), or undefined for plain HTTP.
// stop() ends it and keeps the data.
export async function startSandbox(program, dir, tls) {
  mkdirSync(dir, { recursive: true });
  const ready = join(dir, 'ready');
  rmSync(ready, { force: true });
  const log = openSync(join(dir, 'log'), 'a');
  const child = spawn(program, ['--dir', join(dir, 'data'), '--port', '0', '--ready-file', ready,
    ...(tls ? ['--tls-cert', tls.cert, '--tls-key', tls.key] : [])], { stdio: ['ignore', log, log] });
  const ended = new Promise((resolve) => {
    child.on('exit', resolve);
    child.on('error', resolve);
  });
  while (!existsSync(ready) || !readFileSync(ready, 'utf8').includes('http')) {
    if (child.pid === undefined || child.exitCode !== null)
      throw new Error(`start ${program}: it ended; build the target sluice-sandbox. ${readFileSync(join(dir, 'log'), 'utf8')}`);
    await pause(20);
  }
  const endpoint = readFileSync(ready, 'utf8').split('\n')[0].replace(/\/$/, '');
  const ca = tls?.ca;
  return {
    pid: child.pid, endpoint, ca,
    async admin(call, body) {
      const answer = await open(`${endpoint}/_sandbox/${call}`,
        body === undefined ? { ca } : { method: 'POST', body: JSON.stringify(body), ca });
      return JSON.parse(await textOf(answer));
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

// What one sandbox did between two calls: the function that beginCount() gives is the second one.
export async function beginCount(sandbox) {
  forgetPeak(sandbox.pid);
  const requests = (await sandbox.admin('stats')).requests;
  const cpu = cpuOf(sandbox.pid);
  return async () => {
    const used = cpuOf(sandbox.pid);
    const peak = peakOf(sandbox.pid);
    const now = (await sandbox.admin('stats')).requests;
    const difference = {};
    for (const [name, count] of Object.entries(now))
      if (count > (requests[name] ?? 0)) difference[name] = count - (requests[name] ?? 0);
    return { user_s: used.user - cpu.user, sys_s: used.sys - cpu.sys, peak_rss_bytes: peak, requests: difference };
  };
}
