// A campaign of faults on real processes and the real clock: `tests/soak/run chaos` starts it in namespaces of its own. The
// order of the faults follows from the seed; what the daemon was doing when they came does not.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createTable, oss, pause, startSandbox, tableStore } from '../e2e/support.mjs';
import { kinds } from './faults.mjs';
import { Figures } from './figures.mjs';
import { JOBS } from './jobs.mjs';
import { Oracle } from './oracle.mjs';
import { Daemon, Disk, Network, abilities, command, whatIsNeeded, writeSettings } from './place.mjs';
import { rounds } from './schedule.mjs';
import { Repartition, Writer } from './writer.mjs';

const MINUTE = 60_000;
const RECOVERY = 240_000;
// From here on there is time for faults of minutes.
const LONG = 1200;
const { values: options } = parseArgs({ options: {
  seconds: { type: 'string', default: '3600' }, seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  kinds: { type: 'string', default: '' }, kills: { type: 'string', default: '0' }, report: { type: 'string', default: '' },
  check: { type: 'string', default: '600' }, weight: { type: 'string', multiple: true, default: [] },
  calm: { type: 'boolean', default: false } } });
const seed = Number(options.seed);

async function makePlace(t, dir) {
  const able = abilities();
  command('ip', 'link', 'set', 'lo', 'up');
  const place = { dir, able, counts: {}, state: new Disk(dir, 'state', 160, able.loop), logs: new Disk(dir, 'logs', 16, false) };
  place.sandbox = await startSandbox(t, dir);
  await place.sandbox.admin('create_bucket', { bucket: 'exports' });
  place.client = tableStore(place.sandbox);
  place.store = oss(place.sandbox, 'exports');
  for (const { table } of JOBS) await createTable(place.client, table);
  place.network = new Network(dir, seed, place.sandbox.port, able.network);
  await place.network.ready();
  const tables = JOBS.map(({ table }) => table);
  place.writer = new Writer({ client: place.client, tables, seed: seed + 1, file: join(dir, 'history.jsonl') });
  place.repartition = new Repartition({ sandbox: place.sandbox, tables, seed: seed + 2 });
  // The first window begins in a while, before anything is written.
  place.first = Math.ceil(Date.now() / MINUTE) * MINUTE;
  place.firstSlot = place.first + 2 * MINUTE;
  const paths = writeSettings({ dir, state: place.state.path, logs: place.logs.path, endpoint: place.network.endpoint,
    from: place.firstSlot });
  place.daemon = new Daemon({ t, dir, paths, network: place.network });
  place.restartSandbox = (down) => place.writer.without(() => place.repartition.without(async () => {
    await place.sandbox.kill('SIGKILL');
    await pause(down);
    Object.assign(place.sandbox, await startSandbox(t, dir, ['--port', place.sandbox.port]));
  }));
  // Repeats a command until it is done: what undoes a deed must not be lost with a daemon that was killed.
  place.surely = async (work) => {
    for (let i = 0; i < 60; i++) {
      const { code } = await work();
      if (code === 0 || code === 3) return;
      await pause(1000);
    }
  };
  return place;
}

// Until every job is durable up to `instant`; the ms it took, or null after RECOVERY.
async function recovered(place, instant) {
  const began = Date.now();
  while (Date.now() - began < RECOVERY) {
    const durable = await place.daemon.durable();
    if (durable && JOBS.every(({ job }) => durable[job] >= instant)) return Date.now() - began;
    await byHand(place);
    await pause(250);
  }
  return null;
}

// Whatever waits for a person is run again, and counted: faults are meant to need nobody.
async function byHand(place) {
  const answer = await place.daemon.ask('/api/v1/instances?state=FAILURE,LOST&limit=100');
  for (const { id, reason } of answer?.instances ?? []) {
    place.figures.hands.push(`${id}: ${reason}`);
    await place.daemon.run('rerun', id);
  }
}

// The latest end of a window that is due now: a slot comes a minute after its window.
const dueNow = () => Math.floor(Date.now() / MINUTE) * MINUTE - MINUTE;

async function quietCheck(place, oracle) {
  const { figures, daemon } = place;
  const took = await recovered(place, Math.max(dueNow(), place.first));
  if (took === null) { figures.wrong.push('not durable within the time for recovery before a check'); return; }
  const durable = await daemon.durable();
  if (!durable) { figures.wrong.push('no answer of the daemon before a check'); return; }
  const said = await oracle.check(durable);
  figures.checked(said);
  for (const { job } of JOBS) {
    const verified = await daemon.run('verify', job);
    if (verified.code !== 0) figures.wrong.push(`sluice verify ${job}: ${verified.code} ${verified.out}${verified.err}`.slice(0, 2000));
  }
  const coverage = await daemon.ask('/api/v1/coverage');
  for (const one of coverage?.coverage ?? []) {
    if (one.gaps.length) figures.wrong.push(`${one.job}: gaps ${JSON.stringify(one.gaps)}`);
  }
  const stuck = await daemon.ask('/api/v1/instances?state=FAILURE,LOST,FROZEN&limit=100');
  for (const { id, state } of stuck?.instances ?? []) figures.wrong.push(`${id} is ${state}`);
  const used = place.logs.used();
  figures.logBytes = Math.max(figures.logBytes, used);
  if (used > 6 * 1024 * 1024) figures.wrong.push(`the logs take ${used} bytes`);
  console.log(`${stamp()} check: ${said.windows} windows, ${said.rows} rows in ${said.objects} objects, lost ${said.lost}, ` +
    `doubled ${said.doubled}, ${figures.wrong.length} wrong`);
}

const stamp = () => new Date().toISOString().slice(11, 19);

// One fault, or two at once, and the way back.
async function strike(place, { names, next, pause: gap }) {
  const { figures } = place;
  await pause(gap * 1000);
  const began = Date.now();
  const said = await Promise.all(names.map((name) => place.kinds[name].run(place, next).catch((failure) => {
    figures.wrong.push(`${name}: ${failure.stack}`);
    return 'failed';
  })));
  const lasted = Date.now() - began;
  const took = await recovered(place, Math.max(dueNow(), place.first));
  names.forEach((name) => figures.fault(name, lasted, took));
  console.log(`${stamp()} ${names.map((name, i) => `${name}: ${said[i]}`).join(' + ')}; ${(lasted / 1000).toFixed(1)} s, ` +
    `${took === null ? 'NOT RECOVERED' : `recovered in ${(took / 1000).toFixed(1)} s`}`);
  if (took === null) figures.wrong.push(`${names.join(' + ')} (${said.join('; ')}): not recovered within ${RECOVERY / 1000} s`);
}

function watch(place) {
  const { daemon, figures } = place;
  let told = 0;
  return setInterval(() => {
    daemon.sample();
    for (; told < daemon.unexpected.length; told++) {
      figures.wrong.push(`the daemon ${daemon.unexpected[told]}`);
      console.log(`${stamp()} the daemon ${daemon.unexpected[told]}`);
    }
  }, 1000);
}

async function campaign(t, dir) {
  const place = await makePlace(t, dir);
  const figures = place.figures = new Figures({ seed, place });
  place.long = Number(options.seconds) >= LONG;
  const { possible, leftOut } = kinds(place.able, options.calm);
  const chosen = options.kinds ? options.kinds.split(',') : Object.keys(possible);
  for (const name of chosen) {
    if (leftOut[name]) throw new Error(`${name} needs what this machine has not: ${whatIsNeeded(leftOut[name])}`);
    if (!possible[name]) throw new Error(`there is no kind ${name}; there are ${Object.keys(possible).join(', ')}`);
  }
  place.kinds = Object.fromEntries(chosen.map((name) => [name, possible[name]]));
  for (const [name, weight] of options.weight.map((one) => one.split('='))) place.kinds[name].weight = Number(weight);
  console.log(`seed ${seed}, ${options.seconds} s, in ${dir}; kinds ${chosen.join(' ')}`);
  if (!options.kinds) {
    for (const [name, ability] of Object.entries(leftOut)) console.log(`left out: ${name}, which needs ${whatIsNeeded(ability)}`);
  }
  await pause(Math.max(0, place.first - Date.now()) + 100);
  place.daemon.start();
  place.writer.start();
  place.repartition.start();
  const watcher = watch(place);
  if (await recovered(place, place.first + MINUTE) === null) figures.wrong.push('the first window is not durable');
  const oracle = new Oracle({ store: place.store, history: place.writer.history, first: place.first });
  const end = Date.now() + Number(options.seconds) * 1000;
  let nextCheck = Date.now() + Number(options.check) * 1000;
  const order = rounds(seed, place.kinds);
  const more = () => Date.now() < end || (!options.calm && place.daemon.kills < Number(options.kills));
  while (more() && figures.wrong.length === 0 && !place.writer.failure) {
    await strike(place, order.next().value);
    if (Date.now() > nextCheck) {
      await quietCheck(place, oracle);
      nextCheck = Date.now() + Number(options.check) * 1000;
    }
  }
  await place.writer.stop();
  await place.repartition.stop();
  if (place.writer.failure) figures.wrong.push(`the writer: ${place.writer.failure.stack}`);
  // Everything that was written is due two minutes from now.
  const last = Math.ceil((Date.now() + 1) / MINUTE) * MINUTE;
  await pause(last + MINUTE - Date.now() + 500);
  const took = await recovered(place, last);
  if (took === null) figures.wrong.push('the last window is not durable');
  await quietCheck(place, oracle);
  clearInterval(watcher);
  const stopped = await place.daemon.end('SIGTERM', true);
  if (stopped?.code !== 0) figures.wrong.push(`an ordered stop ended with ${JSON.stringify(stopped)}`);
  figures.wrong.push(...figures.grown());
  figures.network = await place.network.end();
  return figures;
}

const endings = [];
const t = { after: (ending) => endings.push(ending) };
mkdirSync(process.env.SOAK_DIR ?? tmpdir(), { recursive: true });
const dir = mkdtempSync(join(process.env.SOAK_DIR ?? tmpdir(), 'sluice-soak-'));
let code = 1;
try {
  const figures = await campaign(t, dir);
  const report = figures.report();
  if (options.report) writeFileSync(options.report, JSON.stringify(report, null, 1) + '\n');
  console.log(figures.table(report));
  code = report.wrong.length === 0 ? 0 : 1;
  if (code) console.log(`FAILED with seed ${seed}; everything is in ${dir}`);
} catch (failure) {
  console.log(`FAILED with seed ${seed}; everything is in ${dir}\n${failure.stack}`);
} finally {
  for (const ending of endings.reverse()) await ending();
  if (code === 0) {
    for (const mounted of ['state', 'logs', 'net']) spawnSync('umount', ['-l', join(dir, mounted)]);
    spawnSync('rm', ['-rf', dir]);
  }
}
process.exit(code);
