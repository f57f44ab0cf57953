// How long answers take with a year of history, and what they cost the daemon.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { localSlot, sluice, startDaemon } from '../../e2e/support.mjs';
import { note, noteSpread, threadsOf } from './readings.mjs';
import { doorOf, get, giveToken, useTls, within, yearWorld } from './worlds.mjs';

export const about = 'latency and CPU of the API over TCP and TLS, a year of history (REQUESTS, default 200)';

const DAY = 86_400_000;
const LIMIT = 50;  // ms

function pathsOf(slot) {
  const middle = localSlot(slot - 200 * DAY);
  const id = encodeURIComponent(`orders@${middle}`);
  return {
    'newest 100 instances': 'api/v1/instances?job=orders&limit=100',
    '100 instances in the middle': `api/v1/instances?job=orders&limit=100&after=${id}`,
    '100 instances of any job': 'api/v1/instances?limit=100',
    'windows of a day': `api/v1/jobs/orders/windows?date=${middle.slice(0, 10)}`,
    'windows of a week': 'api/v1/jobs/orders/windows?last=2016',
    'one instance': `api/v1/instances/${id}`,
    status: 'api/v1/status',
    jobs: 'api/v1/jobs',
    coverage: 'api/v1/coverage',
    metrics: 'metrics',
  };
}

async function measure(results, what, target, path, pid, rounds) {
  const times = [];
  const size = (await get(target, `/${path}`)).length;
  const before = threadsOf(pid).cpu;
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now();
    await get(target, `/${path}`);
    times.push(performance.now() - begin);
  }
  const cpu = (threadsOf(pid).cpu - before) / rounds;
  noteSpread(results, what, times, 'ms', { p99: LIMIT });
  note(results, `${what}, CPU of the daemon`, cpu * 1000, 'ms');
  note(results, `${what}, size`, size, 'bytes');
}

async function measureAll(results, door, target, slot, pid, rounds) {
  for (const [name, path] of Object.entries(pathsOf(slot))) await measure(results, `${door}, ${name}`, target, path, pid, rounds);
  target.agent.destroy();
  await measure(results, `${door}, status, a connection each`, { ...target, agent: false }, 'api/v1/status', pid, rounds);
}

export default (results) => within(async (t) => {
  const rounds = Number(process.env.REQUESTS ?? 200);
  const { dir, paths, slot } = await yearWorld(t);
  let daemon = startDaemon(t, dir, paths);
  await daemon.ready();
  const plain = { base: doorOf(daemon), agent: new HttpAgent({ keepAlive: true }) };
  await measureAll(results, 'TCP', plain, slot, daemon.child.pid, rounds);
  await daemon.kill('SIGTERM');

  const ca = useTls(dir, paths);
  const token = giveToken(paths, JSON.parse(sluice(['token', 'bench', '--role', 'viewer', '--output', 'json']).out));
  daemon = startDaemon(t, dir, paths);
  await daemon.ready();
  const tls = { base: doorOf(daemon), agent: new HttpsAgent({ keepAlive: true, ca }), ca, token };
  await measureAll(results, 'TLS', tls, slot, daemon.child.pid, rounds);
});
