// A measurement, not a test of every day: how long the dashboard's answers take with a year of one job's history.
// `node dashboard_year.mjs`; docs/dashboard.md has the numbers.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dashboardWorld, openBrowser, openPage } from './dashboard_world.mjs';
import { localSlot, startDaemon } from './support.mjs';
import { addHistory } from './year_history.mjs';

const DAY = 86_400_000;
const ROUNDS = 40;

// CPU time that the process has used, in ms.
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function measure(base, path, pid) {
  const times = [];
  const before = cpuOf(pid);
  let size = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now();
    size = (await (await fetch(base + path)).text()).length;
    times.push(performance.now() - begin);
  }
  const cpu = (cpuOf(pid) - before) / ROUNDS;
  times.sort((a, b) => a - b);
  console.log(`${path}: ${size} bytes, best ${times[0].toFixed(1)} ms, median ${times[ROUNDS >> 1].toFixed(1)} ms, ${cpu.toFixed(1)} ms of CPU`);
}

// From the change of the URL until all of the day's windows are drawn.
const openDay = (page, day) => page.evaluate(async (wanted) => {
  const begin = performance.now();
  location.hash = `#/jobs/orders?date=${wanted}`;
  const drawn = () => document.querySelectorAll(`.grid[aria-label*="${wanted}"] a`).length === 288;
  while (!drawn()) await new Promise((resolve) => requestAnimationFrame(resolve));
  return performance.now() - begin;
}, day);

const endings = [];
const t = { after: (ending) => endings.push(ending) };
try {
  const w = await dashboardWorld(t, { minutes: 60 });
  await w.daemon.kill('SIGTERM');
  addHistory(join(w.paths.stateDir, 'sluice.db'), w.from);
  const daemon = startDaemon(t, w.dir, w.paths);
  await daemon.ready();
  const base = [...daemon.text().matchAll(/dashboard=(http:\/\/[^/]+)\//g)].pop()[1];
  const dayBefore = (days) => localSlot(w.from - days * DAY).slice(0, 10);
  const after = encodeURIComponent(`orders@${localSlot(w.from - 300 * DAY)}`);
  for (const path of [`jobs/orders/windows?date=${dayBefore(100)}`, 'jobs/orders/windows?last=60', 'jobs/orders/windows?last=2016',
    'instances?job=orders&limit=100', `instances?job=orders&limit=100&after=${after}`, 'status', 'jobs/orders'])
    await measure(base, `/api/v1/${path}`, daemon.child.pid);
  const { page } = await openPage(await openBrowser(t), base);
  await page.locator('.job').first().waitFor();
  for (const days of [100, 101, 102, 103, 104]) {
    console.log(`a day opens in ${(await openDay(page, dayBefore(days))).toFixed(0)} ms`);
    await page.goto(`${base}/#/audit`);
    await page.locator('.list').waitFor();
  }
} finally {
  for (const ending of endings.reverse()) await ending();
}
