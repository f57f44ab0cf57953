// Many jobs that are due at the same slot, over loopback against the sandbox. Claimed means that the attempt is RUNNING
// in the state file. An attempt needs a place, so with fewer places than jobs the last claim waits for others to end;
// with a place for each it is the claiming alone.
import { request } from 'node:http';
import { pause, startDaemon, until } from '../../e2e/support.mjs';
import { cpuOf, memoryOf, note } from './readings.mjs';
import { attemptsOf, manyJobs, slotAfter } from './many_jobs.mjs';
import { within } from './worlds.mjs';

export const about = 'JOBS (default 1000) jobs due at the same slot, with 8 places and with a place for each';

// Follows the daemon's events: when the first RUNNING and when the end of each instance of the slot was told, which is
// after it is in the state file.
function follow(t, socketPath, slot) {
  const seen = { running: new Map(), ended: new Map(), failed: 0, resets: 0 };
  const wanted = new Date(slot + 8 * 3_600_000).toISOString().slice(0, 16);
  let rest = '';
  const outgoing = request({ socketPath, path: '/api/v1/events', headers: { host: 'localhost' } }, (answer) => {
    answer.setEncoding('utf8');
    answer.on('error', () => {});
    answer.on('data', (text) => {
      const now = Date.now();
      const events = (rest + text).split('\n\n');
      rest = events.pop();
      for (const event of events) {
        if (/^event: reset/m.test(event)) seen.resets++;
        const data = /^event: instance\n[^]*?^data: (.*)|^data: (.*)\n[^]*?^event: instance$/m.exec(event);
        if (!data) continue;
        const { instance, state } = JSON.parse(data[1] ?? data[2]);
        if (!instance.includes(`@${wanted}`)) continue;
        if (state === 'RUNNING' && !seen.running.has(instance)) seen.running.set(instance, now);
        if (state === 'SUCCESS') seen.ended.set(instance, now);
        if (state === 'RETRY_WAIT' || state === 'FAILURE') seen.failed++;
      }
    });
  });
  outgoing.on('error', () => {});
  outgoing.end();
  t.after(() => outgoing.destroy());
  return seen;
}

const lastOf = (times) => Math.max(...times.values());

async function measure(t, results, count, places) {
  const first = slotAfter(25_000);
  const { dir, paths, sandbox, database } = await manyJobs(t, { count, interval: '5m', first, lines: [`maxConcurrent: ${places}`] });
  const daemon = startDaemon(t, dir, paths);
  await daemon.ready();
  const late = Date.now() - first;
  if (late > -1000) throw new Error(`ready ${late} ms after the slot, or just before it`);
  const seen = follow(t, paths.socket, first);
  await pause(first - 500 - Date.now());
  const [pid, other] = [daemon.child.pid, sandbox.child.pid];
  const cpu = [cpuOf(pid), cpuOf(other)];
  const idle = memoryOf(pid).resident;
  await until('all windows to be claimed', () => seen.running.size === count, 280_000);
  const claiming = cpuOf(pid) - cpu[0];
  await until('all windows to be done', () => seen.ended.size === count, 280_000);
  const used = [cpuOf(pid) - cpu[0], cpuOf(other) - cpu[1]];
  const { peak } = memoryOf(pid);
  await daemon.kill('SIGTERM');
  const attempts = attemptsOf(database, first);
  const what = `${count} jobs, ${places} places`;
  note(results, `${what}: due until the last is claimed, by the state file`,
    (Math.max(...attempts.map((one) => one.started)) / 1000 - first) / 1000, 's', places < count ? undefined : 1);
  note(results, `${what}: due until the last RUNNING is told`, (lastOf(seen.running) - first) / 1000, 's',
    places < count ? undefined : 1);
  note(results, `${what}: CPU of the daemon until then`, claiming, 's');
  note(results, `${what}: due until all are done`, (lastOf(seen.ended) - first) / 1000, 's');
  note(results, `${what}: attempts that did not succeed`, attempts.filter((one) => one.result !== 'success').length, '', 0);
  note(results, `${what}: CPU of the daemon`, used[0], 's');
  note(results, `${what}: CPU of the sandbox`, used[1], 's');
  note(results, `${what}: resident before`, idle, 'MB');
  note(results, `${what}: peak resident`, peak, 'MB');
}

// Nothing is removed before the last case: for a minute ext4 takes its time to make files where others were removed,
// and each attempt makes a log.
export default async (results) => {
  const count = Number(process.env.JOBS ?? 1000);
  await within(async (t) => {
    for (const places of [8, count]) await measure(t, results, count, places);
  });
};
