// A backup of a year's file while the API is asked.
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { pause, SLUICE, startDaemon } from '../../e2e/support.mjs';
import { cpuOf, memoryOf, note, noteSpread } from './readings.mjs';
import { doorOf, get, within, yearWorld } from './worlds.mjs';

export const about = 'sluice backup of a year of history while the API is asked';

const PAGE = '/api/v1/instances?job=orders&limit=100';

// Asks for a page every 5 ms until `over` is settled; how long each answer took.
async function askMeanwhile(target, over) {
  const times = [];
  let goOn = true;
  over.finally(() => { goOn = false; });
  while (goOn) {
    const begin = performance.now();
    await get(target, PAGE);
    times.push(performance.now() - begin);
    await pause(5);
  }
  return times;
}

export default (results) => within(async (t) => {
  const { dir, paths } = await yearWorld(t);
  const daemon = startDaemon(t, dir, paths);
  await daemon.ready();
  const { pid } = daemon.child;
  const target = { base: doorOf(daemon), agent: new Agent({ keepAlive: true }) };
  t.after(() => target.agent.destroy());
  noteSpread(results, 'a page without a backup', await askMeanwhile(target, pause(2000)), 'ms', { p99: 50 });

  const copy = join(dir, 'copy.db');
  const [cpu, begin] = [cpuOf(pid), performance.now()];
  const child = spawn(SLUICE, ['backup', copy, '--socket', paths.socket], { stdio: 'inherit' });
  const ended = new Promise((resolve) => child.on('exit', resolve)).then((code) => ({ code, took: performance.now() - begin }));
  const times = await askMeanwhile(target, ended);
  const { code, took } = await ended;
  if (code !== 0) throw new Error(`sluice backup ended with ${code}`);
  note(results, 'size of the backup', statSync(copy).size / 1e6, 'MB');
  note(results, 'backup', took / 1000, 's');
  note(results, 'backup, CPU of the daemon, pages asked for included', cpuOf(pid) - cpu, 's');
  note(results, 'peak resident after it', memoryOf(pid).peak, 'MB');
  noteSpread(results, 'a page during the backup', times, 'ms', { p99: 50 });
});
