// Whole windows by `sluice run`, from one sandbox to another over loopback: what they cost each of the three, and
// whether every row arrived. Writes build/bench/windows.json, one entry for each part; `tests/bench/run --help`.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PARTS, diskNeeded } from './cases.mjs';
import { load, machine } from './machine.mjs';
import { countObjects, deleteObjects } from './objects.mjs';
import { beginCount, makeCertificate, startSandbox } from './sandboxes.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const SLUICE = process.env.SLUICE ?? join(ROOT, 'build/release/sluice');
const SANDBOX = process.env.SLUICE_SANDBOX ?? join(ROOT, 'build/release/tests/sandbox/sluice-sandbox');
const OUT = join(ROOT, 'build/bench/windows.json');
const BUCKET = 'exports';

// The window of the run's slot is full; it stays the same for the whole bench, so that a fill serves all its cases.
const SLOT = Math.floor(Date.now() / 300_000) * 300_000;
const slotText = new Date(SLOT + 8 * 3_600_000).toISOString().slice(0, 16) + '+08:00';

async function fillOnce(source, fill) {
  const table = { instance: 'demo', table: 'orders' };
  const made = await source.admin('create_table',
    { ...table, primary_key: [{ name: 'uid', type: 'STRING' }], stream_hours: 24 });
  if (!made.created) return;
  await source.admin('fill', { ...table, rows: fill.records, cells: fill.cells, shards: fill.shards, seed: 1,
    stream_only: true, from_ms: SLOT - 600_000, to_ms: SLOT - 300_000, actions: { put: 100, update: 0, delete: 0 },
    ...fill.more });
}

// JSON is YAML: the files of a run need no writer of their own.
function writeJob(dir, { fill, compress }, source, target, object, tls) {
  const key = { accessId: 'sandbox-id', accessKey: 'sandbox-secret' };
  const column = ['uid', ...Array.from({ length: fill.cells }, (_, i) => `c${i + 1}`)].map((name) => ({ name }));
  const reader = { endpoint: source.endpoint, instanceName: 'demo', ...key, dataTable: 'orders', column,
    startTimeString: '${start_time}', endTimeString: '${end_time}', mode: 'single_version_and_update_only' };
  const writer = { endpoint: target.endpoint, bucket: BUCKET, ...key, object, writeMode: 'truncate', fileFormat: 'csv',
    ...(compress ? { compress } : {}) };
  writeFileSync(join(dir, 'sluice.yaml'), JSON.stringify(
    { stateDir: join(dir, 'state'), jobsDir: join(dir, 'jobs.d'), ...(tls ? { tls: { caFile: tls.cert } } : {}) }));
  writeFileSync(join(dir, 'job.yaml'), JSON.stringify({
    name: 'bench',
    schedule: { cycle: 'minute', start: '00:00', end: '23:59', interval: '5m' },
    parameters: 'start_time=$[yyyymmddhh24miss-10/24/60] end_time=$[yyyymmddhh24miss-5/24/60]',
    script: { inline: { job: { setting: { speed: { channel: 32 } }, content: [
      { reader: { name: 'otsstreamreader', parameter: reader }, writer: { name: 'osswriter', parameter: writer } }] } } },
  }));
}

// `sluice run` to its end: what it says of the window, and its cost as the kernel counted it.
async function exportWindow(dir) {
  const cost = join(dir, 'cost');
  const child = spawn('/usr/bin/time', ['-f', '%U %S %M %R %e', '-o', cost, SLUICE, 'run', join(dir, 'job.yaml'),
    '--config', join(dir, 'sluice.yaml'), '--at', slotText, '--output', 'json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '', log = '';
  child.stdout.on('data', (part) => { out += part; });
  child.stderr.on('data', (part) => { log += part; });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`sluice run ended with ${code}: ${log.slice(-4000)}`);
  const [user, sys, peak, faults, wall] = readFileSync(cost, 'utf8').trim().split('\n').pop().split(' ').map(Number);
  return { said: JSON.parse(out).statistics,
    cost: { user_s: user, sys_s: sys, peak_rss_bytes: peak * 1024, minor_faults: faults, wall_s: wall } };
}

async function runOnce(work, one, source, target, tls, number) {
  const dir = mkdtempSync(join(work, 'run-'));
  const object = `bench/${number}/rows`;
  writeJob(dir, one, source, target, object, tls);
  const loadBefore = load();
  const ends = [await beginCount(source), await beginCount(target)];
  const { said, cost } = await exportWindow(dir);
  const [sourceCost, targetCost] = [await ends[0](), await ends[1]()];
  const found = await countObjects(target, BUCKET, `${object}_`, one.compress);
  await deleteObjects(target, BUCKET, `${object}_`);
  rmSync(dir, { recursive: true });
  return { daemon: cost, source: sourceCost, target: targetCost, read_bytes: said.read_bytes, requests: said.requests,
    retries: said.retries, rows_reported: said.rows, rows_counted: found.rows, objects: found.objects,
    object_bytes: found.bytes, load_before: loadBefore };
}

const mib = (bytes) => (bytes / 1048576).toFixed(1);
function line(one, run) {
  const cpu = (of) => `${(of.user_s + of.sys_s).toFixed(2)} s`;
  return `${one.name}: sluice ${cpu(run.daemon)} CPU (user ${run.daemon.user_s}, sys ${run.daemon.sys_s}), ` +
    `source ${cpu(run.source)}, target ${cpu(run.target)}, peak ${mib(run.daemon.peak_rss_bytes)} MiB, ` +
    `read ${mib(run.read_bytes)} MiB, wrote ${mib(run.object_bytes)} MiB in ${run.objects} objects, ` +
    `rows ${run.rows_counted ?? 'not counted: install zstd'} of ${one.fill.records}`;
}

// All cases of one fill, which is removed afterwards. A run that lost or doubled rows is kept in the results.
async function runFill(work, cases, tls, results) {
  const dir = join(work, cases[0].fill.name);
  for (const one of cases) {
    const source = await startSandbox(SANDBOX, join(dir, 'source'), one.sourceTls ? tls : undefined);
    const target = await startSandbox(SANDBOX, join(dir, 'target'), one.targetTls ? tls : undefined);
    try {
      await fillOnce(source, one.fill);
      await target.admin('create_bucket', { bucket: BUCKET });
      const runs = [];
      results.push({ ...one.fill, name: one.name, compress: one.compress, source_tls: one.sourceTls,
        target_tls: one.targetTls, runs });
      for (let number = 1; number <= one.repeat; number++) {
        runs.push(await runOnce(work, one, source, target, one.sourceTls || one.targetTls ? tls : undefined, number));
        console.log(line(one, runs.at(-1)));
      }
    } finally {
      await source.stop();
      await target.stop();
    }
  }
  rmSync(dir, { recursive: true });
}

function wrongRuns(results) {
  return results.flatMap((one) => one.runs.filter((run) => run.rows_reported !== one.records ||
    (run.rows_counted !== null && run.rows_counted !== one.records)).map((run) =>
    `${one.name}: ${one.records} rows were filled, ${run.rows_reported} reported, ${run.rows_counted} are in the objects`));
}

async function runPart(name) {
  const cases = PARTS[name]();
  const work = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const results = [];
  const part = { at: new Date().toISOString(), machine: machine(), load_before: load() };
  try {
    const needed = Math.max(...cases.map(diskNeeded));
    const { bavail, bsize } = statfsSync(work);
    console.log(`${name}: needs up to ${mib(needed)} MiB in ${tmpdir()} (TMPDIR), free are ${mib(bavail * bsize)} MiB`);
    if (bavail * bsize < needed) throw new Error('not enough room on the disk: name another folder by TMPDIR');
    const tls = makeCertificate(work);
    const fills = new Map();
    for (const one of cases) fills.set(one.fill.name, [...(fills.get(one.fill.name) ?? []), one]);
    for (const group of fills.values()) await runFill(work, group, tls, results);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  const before = existsSync(OUT) ? JSON.parse(readFileSync(OUT, 'utf8')) : {};
  mkdirSync(dirname(OUT), { recursive: true });
  writeFileSync(OUT, JSON.stringify({ ...before, [name]: { ...part, load_after: load(), cases: results } }, null, 1) + '\n');
  return wrongRuns(results);
}

async function main(asked) {
  const unknown = asked.find((name) => !PARTS[name]);
  if (unknown) throw new Error(`there is no part ${unknown}: name ${Object.keys(PARTS).join(', ')}`);
  if (spawnSync('/usr/bin/time', ['true']).status !== 0) throw new Error('there is no /usr/bin/time: install the package time');
  const wrong = [];
  for (const name of asked) wrong.push(...await runPart(name));
  if (wrong.length) throw new Error(['rows are missing or doubled', ...wrong].join('\n  '));
}

try {
  await main(process.argv.slice(2));
} catch (failure) {
  console.error(`measure whole windows: ${failure.message}`);
  process.exitCode = 1;
}
