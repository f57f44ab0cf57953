// Makes the pictures of docs/dashboard.md: `node dashboard_pictures.mjs`. The windows are of the sandbox; the times at which
// they ran are set as if the daemon had been up all day, but for an hour.
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dashboardWorld, openBrowser, openDoor, openPage } from './dashboard_world.mjs';
import { ask, localSlot, startDaemon, until } from './support.mjs';

const IMAGES = join(dirname(fileURLToPath(import.meta.url)), '../../docs/images');
const BYTES_MAX = 150_000;
const SECOND = 1_000_000;

// Starts within two seconds of the slot and takes some seconds; the windows of 60 minutes waited for their end.
function settleTimes(database, from, outage) {
  const end = outage + 3_600_000;
  const sql = `
    UPDATE instances SET started_us = slot_us + ${SECOND} + (id * 7919 % 900) * 1000 WHERE state = 'SUCCESS';
    UPDATE instances SET started_us = ${end * 1000} + (slot_us - ${outage * 1000}) / 60
      WHERE state = 'SUCCESS' AND slot_us >= ${outage * 1000} AND slot_us < ${end * 1000};
    UPDATE instances SET finished_us = started_us + (1500 + id * 104729 % 2600 + rows_written) * 1000 WHERE state = 'SUCCESS';
    UPDATE attempts SET started_us = (SELECT started_us FROM instances WHERE id = instance_id),
      finished_us = (SELECT finished_us FROM instances WHERE id = instance_id) WHERE result = 'success';`;
  const done = spawnSync('sqlite3', [database], { input: sql, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(done.stderr);
}

const endings = [];
const t = { after: (ending) => endings.push(ending) };
try {
  const w = await dashboardWorld(t, { minutes: 1080, onward: true });
  await until('the daemon to have caught up', () => ask(w.paths, 'coverage', 'orders').coverage[0].lag_seconds < 900);
  await w.daemon.kill('SIGTERM');
  settleTimes(join(w.paths.stateDir, 'sluice.db'), w.from, w.from + 8 * 3_600_000);
  const daemon = startDaemon(t, w.dir, w.paths);
  await daemon.ready();
  await until('the incidents of the backlog to be over', () => ask(w.paths, 'incidents').incidents.length === 1);
  const door = await openDoor(t, w.paths.socket);
  const browser = await openBrowser(t);
  mkdirSync(IMAGES, { recursive: true });
  const day = `#/jobs/orders?date=${localSlot(w.to).slice(0, 10)}`;
  const instance = `#/instances/${encodeURIComponent(`orders@${localSlot(w.to - 3_600_000)}`)}`;
  const pictures = [
    ['dashboard-jobs', '#/', '.job .sparkline', { height: 640 }],
    ['dashboard-day', day, '.grid .SUCCESS', { height: 880 }],
    ['dashboard-charts', '#/jobs/orders/charts?range=24h', '.uplot >> nth=3', { height: 900, dark: true }],
    ['dashboard-instance', instance, 'pre:has-text("wrote object")', { height: 900 }],
    ['dashboard-phone', day, '.grid .SUCCESS', { width: 390, height: 844, dark: true, language: 'zh-CN' }],
  ];
  for (const [name, hash, there, options] of pictures) {
    const { page, context } = await openPage(browser, door.url, { hash, ...options });
    await page.locator(there).first().waitFor();
    await page.waitForLoadState('networkidle', { timeout: 1500 }).catch(() => {});
    const path = join(IMAGES, `${name}.png`);
    await page.screenshot({ path });
    await context.close();
    console.log(path, statSync(path).size);
    if (statSync(path).size > BYTES_MAX) throw new Error(`${name} is larger than ${BYTES_MAX} bytes`);
  }
} finally {
  for (const ending of endings.reverse()) await ending();
}
