// What the end-to-end tests share: real processes in a directory of their own, ended whatever happens.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
export const TableStore = require('tablestore');
export const OSS = require('ali-oss');

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const SLUICE = process.env.SLUICE ?? join(root, 'build/dev/sluice');
export const SANDBOX = process.env.SLUICE_SANDBOX ?? join(root, 'build/dev/tests/sandbox/sluice-sandbox');
export const SEED_JOB = join(root, 'etc/jobs.d/seed-job.json');
export const KEY = { id: 'sandbox-id', secret: 'sandbox-secret' };

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// A small generator of numbers in [0, 1), so that a failing run can be repeated with its seed.
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

// Waits until probe() gives something true; fails with `what` after `limit` ms.
export async function until(what, probe, limit = 60_000) {
  const end = performance.now() + limit;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (performance.now() > end) throw new Error(`waited ${limit} ms for ${what}`);
    await pause(50);
  }
}

// What a test leaves behind. When it has ended its processes are killed, the last one first, and then its directories
// are removed: nothing writes into them any more. KEEP keeps them.
const left = new WeakMap();
function leftBy(t) {
  if (!left.has(t)) {
    const mine = { processes: [], dirs: [] };
    left.set(t, mine);
    t.after(async () => {
      for (const process of mine.processes.reverse()) await process.kill('SIGKILL');
      if (!process.env.KEEP) for (const dir of mine.dirs) rmSync(dir, { recursive: true, force: true });
    });
  }
  return left.get(t);
}

// A directory for one test.
export function workDir(t) {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-e2e-'));
  leftBy(t).dirs.push(dir);
  return dir;
}

export function startProcess(t, name, program, args, dir, env = {}) {
  const log = join(dir, `${name}.log`);
  const out = openSync(log, 'a');
  const child = spawn(program, args, { stdio: ['ignore', out, out], env: { ...process.env, ...env } });
  const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
  const handle = { child, ended, log, text: () => readFileSync(log, 'utf8'),
    kill: async (signal) => { child.kill(signal); return ended; } };
  leftBy(t).processes.push(handle);
  return handle;
}

// The sandbox on a port of its own choice.
export async function startSandbox(t, dir, args = []) {
  const ready = join(dir, 'sandbox.ready');
  rmSync(ready, { force: true });
  const process = startProcess(t, 'sandbox', SANDBOX,
    ['--dir', join(dir, 'sandbox'), ...(args.includes('--port') ? [] : ['--port', '0']), '--ready-file', ready, ...args], dir);
  await until('the sandbox to listen', () => {
    if (process.child.exitCode !== null) throw new Error(`the sandbox ended: ${process.text()}`);
    return existsSync(ready) && readFileSync(ready, 'utf8').includes('http');
  });
  const [endpoint, metadata] = readFileSync(ready, 'utf8').trim().split('\n');
  const admin = async (path, body) => {
    const answer = await fetch(`${endpoint}/_sandbox/${path}`, body === undefined ? {} :
      { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : {};
  };
  return { ...process, endpoint, metadata, port: new URL(endpoint).port, admin };
}

export function tableStore(sandbox, instance = 'demo', key = KEY) {
  return new TableStore.Client({ accessKeyId: key.id, secretAccessKey: key.secret, endpoint: sandbox.endpoint,
    instancename: instance, maxRetries: 5 });
}

export function oss(sandbox, bucket, key = KEY) {
  return new OSS({ accessKeyId: key.id, accessKeySecret: key.secret, endpoint: sandbox.endpoint, bucket,
    sldEnable: true, region: 'oss-cn-hangzhou' });
}

export async function createTable(client, tableName, stream = true) {
  const params = {
    tableMeta: { tableName, primaryKey: [{ name: 'uid', type: TableStore.PrimaryKeyType.STRING }] },
    reservedThroughput: { capacityUnit: { read: 0, write: 0 } },
    tableOptions: { timeToLive: -1, maxVersions: 1 },
  };
  if (stream) params.streamSpecification = { enableStream: true, expirationTime: 24 };
  await client.createTable(params);
}

// Half a day back, for the making of a table: no window that begins before its stream was switched on is whole.
export const longAgo = (sandbox) => sandbox.admin('clock', { offset_us: -12 * 3600 * 1e6 });

// A sandbox with a table `orders` and a bucket `exports`, and the official SDKs' clients for them, in `dir`.
export async function world(t, { dir = workDir(t), table = true, stream = true, bucket = true } = {}) {
  const sandbox = await startSandbox(t, dir);
  const client = tableStore(sandbox);
  const store = oss(sandbox, 'exports');
  if (bucket) await store.putBucket('exports');
  if (table) {
    await longAgo(sandbox);
    await createTable(client, 'orders', stream);
    await sandbox.admin('clock', { offset_us: 0 });
  }
  return { dir, sandbox, client, store };
}

// The users' job file with nothing changed but its blanks.
export function fillSeed({ table, object = 'demo/orders/{date}' }) {
  return readFileSync(SEED_JOB, 'utf8')
    .replace(/"dataTable": "[^"]*"/, `"dataTable": "${table}"`)
    .replace(/"object": "[^"]*"/, `"object": "${object}"`)
    .replace(/("plugin": "otsstream"[^]*?"datasource": )"[^"]*"/, '$1"source"')
    .replace(/("plugin": "oss"[^]*?"datasource": )"[^"]*"/, '$1"target"');
}

// Writes a configuration with one job and returns its paths. With `from` and `to`, in ms and of one local day as
// lastSlot() gives them, exactly the slots from the one to the other exist, however long the test takes.
export function writeConfig(dir, sandbox, options = {}) {
  const { job = 'orders', table = 'orders', from, to, key = KEY, bucket = 'exports', instance = 'demo',
    stateDir = join(dir, 'state'), interval = '5m',
    start = '10', end = '5', rerun = '{times: 3, interval: 2m}', script } = options;
  const jobs = join(dir, 'jobs.d');
  mkdirSync(jobs, { recursive: true });
  mkdirSync(stateDir, { recursive: true });
  const config = join(dir, 'sluice.yaml');
  const socket = join(dir, 'sluice.sock');
  writeFileSync(config, [
    `stateDir: ${stateDir}`,
    `jobsDir: ${jobs}`,
    'logs:',
    `  dir: ${join(dir, 'logs')}`,
    'listen:',
    `  socket: ${socket}`,
    '  tcp: none',
    'drainLimit: 10s',
    'dataSources:',
    `  source: {type: ots, endpoint: "${sandbox.endpoint}", instanceName: ${instance}, accessId: "${key.id}", accessKey: "${key.secret}"}`,
    `  target: {type: oss, endpoint: "${sandbox.endpoint}", bucket: ${bucket}, accessId: "${key.id}", accessKey: "${key.secret}"}`,
    ''].join('\n'));
  writeFileSync(join(jobs, 'seed-job.json'), script ?? fillSeed({ table }));
  writeFileSync(join(jobs, `${job}.yaml`), [
    `name: ${job}`,
    'schedule:',
    '  cycle: minute',
    '  start: "00:00"',
    `  end: "${to === undefined ? '23:59' : localSlot(to).slice(11, 16)}"`,
    `  interval: ${interval}`,
    ...(from === undefined ? [] : [`  from: "${localSlot(from)}"`]),
    ...(to === undefined ? [] : [`  effectiveTo: "${localSlot(to).slice(0, 10)}"`]),
    `rerun: ${rerun}`,
    `parameters: "start_time=$[yyyymmddhh24miss-${start}/24/60] end_time=$[yyyymmddhh24miss-${end}/24/60] ` +
      'date=${bdp.system.bizdate}"',
    'script: {file: seed-job.json}',
    ''].join('\n'));
  return { config, socket, jobs, stateDir, jobFile: join(jobs, `${job}.yaml`) };
}

// The daemon. It answers before it has planned what is due: ready() waits for that.
export function startDaemon(t, dir, paths, env = {}) {
  const earlier = existsSync(join(dir, 'daemon.log')) ? readFileSync(join(dir, 'daemon.log'), 'utf8').length : 0;
  const daemon = startProcess(t, 'daemon', SLUICE, ['daemon', '--config', paths.config], dir, env);
  const ready = () => until('the daemon to be ready', () => {
    if (daemon.child.exitCode !== null) throw new Error(`the daemon ended: ${daemon.text()}`);
    return / ready jobs=\d/.test(daemon.text().slice(earlier));
  });
  return { ...daemon, ready };
}

// Runs one command of the command line to its end.
export function sluice(args, options = {}) {
  const result = spawnSync(SLUICE, args, { encoding: 'utf8', timeout: 120_000, ...options });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

// A command with --output json against the daemon, or null when it cannot be reached.
export function ask(paths, ...args) {
  const result = sluice([...args, '--output', 'json', '--socket', paths.socket]);
  if (result.code === 4) return null;
  if (result.code !== 0) throw new Error(`sluice ${args.join(' ')}: ${result.code} ${result.err}`);
  return JSON.parse(result.out);
}

// A strict RFC 4180 parser: rows of fields, nothing trimmed, a last line end required.
export function parseCsv(text) {
  const rows = [];
  let row = [], field = '', i = 0;
  while (i < text.length) {
    if (text[i] === '"') {
      for (i++; ; i++) {
        if (i >= text.length) throw new Error('open quote');
        if (text[i] === '"' && text[i + 1] === '"') { field += '"'; i++; } else if (text[i] === '"') break;
        else field += text[i];
      }
      i++;
      if (text[i] !== ',' && text[i] !== '\n') throw new Error(`text after a closing quote at ${i}`);
    } else if (text[i] === ',') { row.push(field); field = ''; i++; }
    else if (text[i] === '\n') { row.push(field); rows.push(row); row = []; field = ''; i++; }
    else { field += text[i]; i++; }
  }
  if (row.length || field) throw new Error('no line end after the last row');
  return rows;
}

// All objects of the bucket in order of name: [{name, rows}].
export async function downloadRows(client, prefix = '') {
  const objects = [];
  let marker;
  do {
    const page = await client.list({ prefix, 'max-keys': 500, marker });
    for (const found of page.objects ?? []) {
      const got = await client.get(found.name);
      objects.push({ name: found.name, size: found.size, rows: parseCsv(got.content.toString('utf8')) });
    }
    marker = page.nextMarker;
  } while (marker);
  return objects;
}

// The newest slot of the 5-minute grid that is due, in ms, if the slots down to `minutes` before it are of the same
// local day; else the last slot of the day before. A test asks once and counts from there, because the next slot may
// be due at any moment.
export function lastSlot(minutes = 0) {
  const local = (ms) => ms + 8 * 3_600_000;
  const slot = Math.floor(Date.now() / 300_000) * 300_000;
  const sinceMidnight = local(slot) % 86_400_000;
  return sinceMidnight >= minutes * 60_000 ? slot : slot - sinceMidnight - 300_000;
}

// Waits, seldom, until the local day has changed if that is about to happen.
export async function untilDayIsLong(seconds = 20) {
  const left = 86_400_000 - (Date.now() + 8 * 3_600_000) % 86_400_000;
  if (left < seconds * 1000) await pause(left + 100);
}

// "2018-10-16T00:15+08:00" of an epoch in ms, minutes cut down to the 5-minute grid.
export function localSlot(ms) {
  const grid = Math.floor(ms / 300_000) * 300_000;
  return new Date(grid + 8 * 3_600_000).toISOString().slice(0, 16) + '+08:00';
}
