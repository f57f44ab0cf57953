// What other people's monitoring reads: /metrics, and the dashboard and rules that are shipped for it.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ask, lastSlot, startDaemon, until, world, writeConfig } from './support.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const tools = `${join(root, 'build/tools/usr/bin')}:${process.env.PATH}`;

// What appears only when it first happens.
const rare = new Set(['sluice_alert_deliveries_total', 'sluice_incidents_open', 'sluice_retention_left_seconds']);

test('/metrics is what promtool accepts, and has every metric of the shipped dashboard and rules', async (t) => {
  const w = await world(t);
  const to = lastSlot(15);
  const paths = writeConfig(w.dir, w.sandbox, { from: to, to });
  startDaemon(t, w.dir, paths);
  await until('the window', () => ask(paths, 'instances', 'orders', '--state', 'SUCCESS')?.instances.length === 1);
  const answer = spawnSync('curl', ['-sS', '--fail', '--unix-socket', paths.socket, 'http://localhost/metrics'], { encoding: 'utf8' });
  assert.equal(answer.status, 0, answer.stderr);
  const promtool = spawnSync('promtool', ['check', 'metrics'], { input: answer.stdout, encoding: 'utf8', env: { ...process.env, PATH: tools } });
  if (!promtool.error) assert.equal(promtool.stdout + promtool.stderr, '');
  else t.diagnostic('promtool is not installed');

  const dashboard = JSON.parse(readFileSync(join(root, 'etc/grafana/sluice.json'), 'utf8'));
  const asked = dashboard.panels.flatMap((panel) => panel.targets.map((target) => target.expr)).join('\n') + '\n' +
    readFileSync(join(root, 'etc/prometheus/sluice.rules.yml'), 'utf8').match(/expr: .*/g).join('\n');
  const names = new Set(asked.match(/\b(?:sluice|process)_[a-z_]+/g));
  assert.ok(names.size > 15);
  for (const name of names) {
    if (!rare.has(name)) assert.match(answer.stdout, new RegExp(`^${name}[{ ]`, 'm'), name);
  }
});
