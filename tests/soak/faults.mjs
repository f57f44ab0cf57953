// What goes wrong. Each fault begins, lasts, and is taken away again; what it returns says what it did. `weight`: how often in a
// round; `group`: two of the same group never happen at once; `alone`: nor with any other; `ends`: the daemon's life ends.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { pause, until } from '../e2e/support.mjs';
import { corruption } from './damage.mjs';
import { JOBS, jobFile } from './jobs.mjs';
import { command } from './place.mjs';
import { between, oneOf, whole } from './schedule.mjs';

const NO_LOGS = 10 * 60_000;
const some = (next) => between(next, 5, 20) * 1000;

async function kills(place, next) {
  const number = whole(next, 15, 25);
  for (let i = 0; i < number; i++) {
    await pause(between(next, 30, 1500));
    if (!place.daemon.wanted) break;
    await until('the daemon to be started', () => place.daemon.process || !place.daemon.wanted, 10_000);
    await place.daemon.end('SIGKILL');
  }
  return `${number} kills`;
}

async function stopped(place, next) {
  const times = whole(next, 1, 3);
  let longest = 0;
  for (let i = 0; i < times; i++) {
    place.daemon.signal('SIGSTOP');
    const ms = place.long && next() < 0.25 ? between(next, 60_000, 180_000) : between(next, 500, 15_000);
    longest = Math.max(longest, ms);
    await pause(ms);
    place.daemon.signal('SIGCONT');
    await pause(between(next, 100, 2000));
  }
  return `${times} stops of up to ${(longest / 1000).toFixed(1)} s`;
}

async function descriptors(place, next) {
  const pid = place.daemon.pid;
  if (!pid) return 'no daemon';
  const used = Number(command('sh', '-c', `ls /proc/${pid}/fd | wc -l`));
  const room = whole(next, 0, 4);
  command('prlimit', '--pid', String(pid), `--nofile=${used + room}:4096`);
  // Callers that say nothing take what is left.
  const callers = Array.from({ length: 8 }, () => net.connect(place.daemon.paths.socket).on('error', () => {}));
  await pause(some(next));
  for (const caller of callers) caller.destroy();
  if (place.daemon.pid === pid) command('prlimit', '--pid', String(pid), '--nofile=1024:4096');
  return `${room} descriptors left`;
}

// The state disk fails under the running daemon: the kernel makes the file system read-only at once. The machine's way out is
// to end the program, check the disk and mount it.
async function readOnly(place, next) {
  place.daemon.allowed++;
  try {
    if (!place.state.image) return 'no file system of its own';
    command('mount', '-o', 'remount,abort', place.state.path);
    await pause(some(next));
    await place.daemon.end('SIGKILL', true);
    place.state.repair();
    // A start on a disk that is read-only still.
    command('mount', '-o', 'remount,ro', place.state.path);
    place.daemon.start();
    await pause(between(next, 1500, 4000));
    await place.daemon.end('SIGKILL', true);
    command('mount', '-o', 'remount,rw', place.state.path);
  } finally {
    place.daemon.start();
    place.daemon.allowed--;
  }
  return 'failed under the daemon, then read-only at its start';
}

const full = (disk) => async (place, next) => {
  place[disk].fill();
  await pause(some(next) * 1.5);
  place[disk].empty();
  return 'no byte left';
};

// For minutes not a byte for logs, while windows come due and must become durable.
async function noLogs(place, next) {
  if (!place.long || place.noLogs || next() < 0.5) return full('logs')(place, next);
  place.noLogs = true;
  const began = Date.now();
  const end = began + NO_LOGS;
  while (Date.now() < end) {
    place.logs.fill();
    await pause(500);
  }
  const durable = await place.daemon.durable();
  const late = JOBS.filter(({ job }) => !(durable?.[job] >= end - 3 * 60_000));
  if (late.length) place.figures.wrong.push(`logs were full for ${NO_LOGS / 1000} s: ${late.map(({ job }) => job).join()} stood still`);
  place.logs.empty();
  return `no byte left for ${Math.round((Date.now() - began) / 1000)} s`;
}

async function memory(place, next) {
  const own = /memory:(.*)/.exec(readFileSync('/proc/self/cgroup', 'utf8'))[1];
  const group = join('/sys/fs/cgroup/memory', own, `sluice-soak-${Date.now()}`);
  const megabytes = whole(next, 3, 14);
  mkdirSync(group);
  writeFileSync(join(group, 'memory.limit_in_bytes'), `${megabytes}M`);
  place.daemon.allowed++;
  place.daemon.group = group;
  const before = place.daemon.refusedStarts;
  await place.daemon.end('SIGTERM');
  await pause(some(next) * 2);
  const killed = place.daemon.refusedStarts - before;
  place.daemon.group = null;
  await place.daemon.end('SIGTERM');
  place.daemon.allowed--;
  place.counts.killedByMemory = (place.counts.killedByMemory ?? 0) + killed;
  await until('the cgroup to be empty', () => { try { rmdirSync(group); return true; } catch { return false; } }, 20_000);
  return `${megabytes} MiB, killed ${killed} times`;
}

const STILL = 'standing still';
// As libfaketime reads it: a time without a sign before it does not pass.
const localTime = (ms) => new Date(ms).toLocaleString('sv');

async function clock(place, next) {
  const { daemon } = place;
  daemon.fake = true;
  await daemon.end('SIGTERM');
  await pause(3000);
  const steps = [];
  for (let i = whole(next, 1, 3); i > 0; i--) {
    const seconds = oneOf(next, [-3600, -600, -90, -5, 5, 90, 300, 3600, 30 * 3600, STILL]);
    steps.push(seconds);
    writeFileSync(daemon.clock, seconds === STILL ? `${localTime(Date.now())}\n` : `${seconds < 0 ? '' : '+'}${seconds}\n`);
    await pause(between(next, 4000, 20_000));
  }
  writeFileSync(daemon.clock, '+0\n');
  await pause(between(next, 2000, 10_000));
  daemon.fake = false;
  await daemon.end('SIGTERM');
  return `steps of ${steps.join(', ')} and back`;
}

const impaired = (make) => async (place, next) => {
  const rules = make(next);
  place.network.set(rules);
  await pause(some(next) * 1.5);
  place.network.set({});
  return JSON.stringify(rules);
};

const STREAM = ['DescribeTable', 'ListStream', 'DescribeStream', 'GetShardIterator', 'GetStreamRecord'];
// Without empty_page: two empty answers after the settling time are the end of a window, whatever comes behind them later.
const OTS = [{ action: 'status', value: 503, code: 'OTSServerUnavailable' }, { action: 'status', value: 503, code: 'OTSServerBusy' },
  { action: 'status', value: 403, code: 'OTSQuotaExhausted' }, { action: 'status', value: 500, code: 'OTSInternalServerError' },
  { action: 'delay_ms', value: 1500 }, { action: 'reset_before' }, { action: 'reset_after' }, { action: 'truncate_body', value: 20 },
  { action: 'bad_md5' }, { action: 'bad_crc' }, { action: 'wrong_signature_answer' }, { action: 'stall' },
  { action: 'short_page', value: 1 }];
const OSS = [{ action: 'status', value: 503, code: 'ServiceUnavailable', retry_after: 1 }, { action: 'status', value: 500, code: 'InternalError' },
  { action: 'status', value: 503, code: 'SlowDown' }, { action: 'status_after', value: 503, code: 'ServiceUnavailable' },
  { action: 'delay_ms', value: 1500 }, { action: 'reset_before' }, { action: 'reset_after' }, { action: 'truncate_body', value: 5 },
  { action: 'spoil_request' }, { action: 'bad_crc' }, { action: 'stall' }];

async function server(place, next) {
  const rules = [];
  for (let i = whole(next, 1, 3); i > 0; i--) {
    const rule = { probability: Number(between(next, 0.05, 0.6).toFixed(2)), seed: whole(next, 1, 1_000_000) };
    const stalls = (action) => action === 'stall' ? { probability: 0.03 } : {};
    if (next() < 0.5) {
      const what = oneOf(next, OTS);
      rules.push(...STREAM.filter((operation) => !/_page|bad_crc/.test(what.action) || operation === 'GetStreamRecord')
        .map((operation) => ({ service: 'ots', operation, ...rule, ...what, ...stalls(what.action) })));
    } else {
      const what = oneOf(next, OSS);
      rules.push({ service: 'oss', ...rule, ...what, ...stalls(what.action) });
    }
  }
  await place.sandbox.admin('faults', rules);
  await pause(some(next) * 1.5);
  await place.sandbox.admin('faults', []);
  return [...new Set(rules.map(({ service, action, value, code, probability }) =>
    `${service} ${action} ${code ?? value ?? ''} ${probability}`))].join('; ');
}

async function serverRestart(place, next) {
  const times = whole(next, 1, 3);
  for (let i = 0; i < times; i++) {
    await place.restartSandbox(between(next, 0, 4000));
    await pause(between(next, 200, 3000));
  }
  return `killed ${times} times`;
}

const minuteOf = (ms) => new Date(Math.floor(ms / 60_000) * 60_000 + 8 * 3_600_000).toISOString().slice(0, 16);

async function people(place, next) {
  const { daemon } = place;
  const done = [];
  for (let i = whole(next, 2, 5); i > 0; i--) {
    const job = oneOf(next, JOBS);
    const [from, to] = [Math.max(Date.now() - whole(next, 6, 20) * 60_000, place.firstSlot), Date.now() - 180_000];
    const deed = oneOf(next, ['reload', 'hangup', 'backfill', 'rerun', 'pause', 'edit']);
    let answer = { code: 0 };
    if (deed === 'edit' || deed === 'reload' || deed === 'hangup') {
      writeFileSync(join(daemon.paths.jobs, `${job.job}.yaml`), jobFile(job, place.firstSlot, whole(next, 0, 8)));
      if (deed === 'reload') answer = await daemon.run('reload');
      if (deed === 'hangup') daemon.signal('SIGHUP');
    }
    if (deed === 'backfill' && from < to) {
      answer = await daemon.run('backfill', job.job, '--from', minuteOf(from), '--to', minuteOf(to), '--all', '--parallel', '2');
    }
    if (deed === 'rerun' && from < to) {
      answer = await daemon.run('rerun', '--job', job.job, '--from', minuteOf(from), '--to', minuteOf(to), '--state', 'SUCCESS');
    }
    if (deed === 'pause') {
      answer = await daemon.run('pause', job.job);
      await pause(between(next, 500, 5000));
      await place.surely(() => daemon.run('resume', job.job, '--run', 'all'));
    }
    done.push(`${deed} ${job.job}${answer.code ? ` (${answer.code})` : ''}`);
    await pause(between(next, 100, 2000));
  }
  return done.join(', ');
}

// Every kind by name; those that the machine does not allow are left out, and for a `calm` campaign those that end the daemon.
export function kinds(able, calm) {
  const all = {
    kill: { ends: true, group: 'daemon', weight: 3, run: kills },
    stop: { group: 'process', weight: 2, run: stopped },
    term: { ends: true, group: 'daemon', run: async (place, next) => {
      await place.daemon.end('SIGTERM', true);
      await pause(between(next, 0, 90_000));
      place.daemon.start();
      return 'down for a while';
    } },
    descriptors: { group: 'process', needs: 'prlimit', run: descriptors },
    memory: { ends: true, group: 'daemon', needs: 'memory', run: memory },
    clock: { ends: true, group: 'daemon', weight: 2, needs: 'faketime', run: clock },
    stateFull: { group: 'disk', weight: 2, run: full('state') },
    logsFull: { group: 'logs', weight: 2, run: noLogs },
    readOnly: { ends: true, group: 'daemon', needs: 'loop', run: readOnly },
    corruption: { ends: true, alone: true, group: 'daemon', run: corruption },
    slowNetwork: { group: 'network', needs: 'network', run: impaired((next) => ({ delay_ms: whole(next, 20, 300), jitter_ms: whole(next, 0, 100) })) },
    narrowNetwork: { group: 'network', needs: 'network', run: impaired((next) => ({ rate: whole(next, 4000, 60_000) })) },
    loss: { group: 'network', needs: 'network', run: impaired((next) => ({ loss: between(next, 0.01, 0.3), delay_ms: whole(next, 0, 40) })) },
    disorder: { group: 'network', needs: 'network', run: impaired((next) => ({ duplicate: between(next, 0.05, 0.5), delay_ms: 5, jitter_ms: whole(next, 10, 150) })) },
    partition: { group: 'network', needs: 'network', run: impaired(() => ({ partition: true })) },
    reset: { group: 'network', needs: 'network', run: impaired((next) => ({ reset: between(next, 0.005, 0.1), delay_ms: whole(next, 0, 20) })) },
    server: { group: 'server', weight: 4, run: server },
    serverRestart: { group: 'server', weight: 2, run: serverRestart },
    people: { group: 'people', weight: 2, run: people },
  };
  const wanted = Object.entries(all).filter(([, kind]) => !(calm && kind.ends));
  const possible = ([, kind]) => !kind.needs || able[kind.needs];
  return { possible: Object.fromEntries(wanted.filter(possible)),
    leftOut: Object.fromEntries(wanted.filter((one) => !possible(one)).map(([name, kind]) => [name, kind.needs])) };
}
