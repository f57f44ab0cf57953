// The daemon with nothing to do: the latest window of the main job is done, and the next one is not due.
import { ask, lastSlot, pause, startDaemon, until, world, writeConfig } from '../../e2e/support.mjs';
import { memoryOf, note, threadsOf, writtenBy } from './readings.mjs';
import { edit, within } from './worlds.mjs';

export const about = 'memory, CPU and wake-ups with nothing due (IDLE_SECONDS, default 60)';

const SETTLE = 75_000;  // the first backup is made a minute after the start

export default (results) => within(async (t) => {
  const seconds = Number(process.env.IDLE_SECONDS ?? 60);
  const { dir, sandbox } = await world(t);
  const slot = lastSlot();
  const paths = writeConfig(dir, sandbox, { from: slot, to: slot });
  edit(paths.config, (text) => text.replace('tcp: none', 'tcp: "127.0.0.1:0"'));
  const daemon = startDaemon(t, dir, paths);
  await daemon.ready();
  await until('the window to be done', () => ask(paths, 'jobs')?.jobs[0].counts.SUCCESS === 1);
  await pause(SETTLE);
  const { pid } = daemon.child;
  const before = threadsOf(pid);
  const written = writtenBy(pid);
  const begin = performance.now();
  await pause(seconds * 1000);
  const after = threadsOf(pid);
  const took = (performance.now() - begin) / 1000;
  const memory = memoryOf(pid);
  note(results, 'resident, idle', memory.resident, 'MB', 20);
  note(results, 'of it not pages of files', memory.anonymous, 'MB');
  note(results, 'CPU of an idle hour, extrapolated', (after.cpu - before.cpu) / took * 3600, 's');
  note(results, 'wake-ups of all threads in a minute', (after.sleeps - before.sleeps) / took * 60, '');
  note(results, 'written to disk', writtenBy(pid) - written, 'bytes');
  for (const [task, now] of Object.entries(after.threads)) {
    const then = before.threads[task] ?? { cpu: 0, sleeps: 0 };
    note(results, `wake-ups of thread ${now.name} (${task - pid}) in a minute`, (now.sleeps - then.sleeps) / took * 60, '');
  }
});
