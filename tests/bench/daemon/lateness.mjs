// How late attempts start under the real clock: several jobs with 1-minute slots, nothing else to do.
import { pause, startDaemon } from '../../e2e/support.mjs';
import { cpuOf, note, noteSpread } from './readings.mjs';
import { attemptsOf, manyJobs, slotAfter } from './many_jobs.mjs';
import { within } from './worlds.mjs';

export const about = 'start lateness over SLOTS (default 5) minutes of LATE_JOBS (default 20) jobs';

// Attempts are RUNNING in the state file a sync later than the time that stands in it.
export default (results) => within(async (t) => {
  const slots = Number(process.env.SLOTS ?? 5);
  const count = Number(process.env.LATE_JOBS ?? 20);
  const first = slotAfter(5_000);
  const last = first + (slots - 1) * 60_000;
  const { dir, paths, database } = await manyJobs(t, { count, interval: '1m', first, lines: [`maxConcurrent: ${count}`] });
  const daemon = startDaemon(t, dir, paths);
  await daemon.ready();
  const cpu = cpuOf(daemon.child.pid);
  await pause(last + 20_000 - Date.now());
  note(results, 'CPU of the daemon for a window', (cpuOf(daemon.child.pid) - cpu) / (slots * count) * 1000, 'ms');
  await daemon.kill('SIGTERM');
  const attempts = attemptsOf(database, last);
  note(results, 'attempts that did not succeed', attempts.filter((one) => one.result !== 'success').length, '', 0);
  note(results, 'attempts that are missing', slots * count - attempts.length, '', 0);
  const late = attempts.map((one) => (one.started - one.slot) / 1000);
  noteSpread(results, `${count} jobs a minute, started after due`, late, 'ms', { p99: 50 });
  const firsts = [...new Set(attempts.map((one) => one.slot))]
    .map((slot) => Math.min(...attempts.filter((one) => one.slot === slot).map((one) => one.started - slot)) / 1000);
  noteSpread(results, 'the first of each minute, started after due', firsts, 'ms');
});
