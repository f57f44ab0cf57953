// `sluice simulate` of a year of one 5-minute job.
import { spawn } from 'node:child_process';
import { SLUICE, workDir, writeConfig } from '../../e2e/support.mjs';
import { endedChildrenCpu, note } from './readings.mjs';
import { within } from './worlds.mjs';

export const about = 'sluice simulate of DAYS (default 365) of one 5-minute job';

export default (results) => within(async (t) => {
  const days = Number(process.env.DAYS ?? 365);
  const paths = writeConfig(workDir(t), { endpoint: 'http://127.0.0.1:1' });
  const before = endedChildrenCpu();
  const begin = performance.now();
  const child = spawn(SLUICE, ['simulate', paths.jobFile, '--config', paths.config, '--from', '2026-01-01', '--days', String(days)],
    { stdio: 'ignore' });
  const code = await new Promise((resolve) => child.on('exit', resolve));
  if (code !== 0) throw new Error(`sluice simulate ended with ${code}`);
  note(results, `simulate ${days} days, CPU`, endedChildrenCpu() - before, 's');
  note(results, `simulate ${days} days, wall`, (performance.now() - begin) / 1000, 's');
});
