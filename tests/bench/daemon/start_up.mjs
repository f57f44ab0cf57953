// From exec to ready and to the first answer, with a year of history.
import { spawn } from 'node:child_process';
import { pause, SLUICE } from '../../e2e/support.mjs';
import { cpuOf, note, noteSpread } from './readings.mjs';
import { get, within, yearWorld } from './worlds.mjs';

export const about = 'exec to ready and to the first API answer, a year of history (STARTS, default 20)';

// Starts the daemon once, measures, ends it by `signal`. Its log is followed through a pipe, not asked for in turns.
async function startOnce(t, paths, signal) {
  const begin = performance.now();
  const child = spawn(SLUICE, ['daemon', '--config', paths.config], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  const ended = new Promise((resolve) => child.on('exit', resolve));
  let text = '';
  const ready = new Promise((resolve, reject) => {
    const read = (piece) => {
      text += piece;
      if (/ ready jobs=\d/.test(text)) resolve({ at: performance.now() - begin, cpu: cpuOf(child.pid) });
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', () => reject(new Error(`the daemon ended: ${text}`)));
  });
  const answered = (async () => {
    while (child.exitCode === null) {
      try {
        await get({ socketPath: paths.socket }, '/api/v1/status');
        return performance.now() - begin;
      } catch {
        await pause(2);
      }
    }
  })();
  const found = { ready: await ready, answer: await answered };
  child.kill(signal);
  await ended;
  return found;
}

export default (results) => within(async (t) => {
  const rounds = Number(process.env.STARTS ?? 20);
  const { paths } = await yearWorld(t);
  await startOnce(t, paths, 'SIGTERM');  // the first one looks at tables that sqlite3 has written
  for (const [signal, ending] of [['SIGTERM', 'an orderly end'], ['SIGKILL', 'kill -9']]) {
    await startOnce(t, paths, signal);
    const found = [];
    for (let round = 0; round < rounds; round++) found.push(await startOnce(t, paths, signal));
    noteSpread(results, `exec to ready after ${ending}`, found.map((one) => one.ready.at), 'ms', { max: 300 });
    noteSpread(results, `exec to the first answer after ${ending}`, found.map((one) => one.answer), 'ms');
    note(results, `CPU until ready after ${ending}, mean`,
      found.reduce((sum, one) => sum + one.ready.cpu, 0) / rounds * 1000, 'ms');
  }
});
