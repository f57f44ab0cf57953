// A campaign, not a test of every day: the daemon under its own schedule and the real clock, while the official SDK
// keeps writing. `node real_clock.mjs [minutes]`; ends with 0 only if every row written arrived once, in order.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TableStore, ask, downloadRows, pause, startDaemon, until, world, writeConfig } from './support.mjs';

const minutes = Number(process.argv[2] ?? 20);
const endings = [];
const t = { after: (ending) => endings.push(ending) };
try {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-real-clock-'));
  const { sandbox, client, store } = await world(t, { dir });
  const paths = writeConfig(dir, sandbox, { interval: '1m', start: '2', end: '1' });
  const daemon = startDaemon(t, dir, paths);
  await daemon.ready();
  console.log(`${dir}: writing for ${minutes} minutes, windows of one minute`);

  // The first window begins 2 minutes before the first slot after now; rows written from here on are all in windows.
  const any = new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);
  const written = [];
  const end = Date.now() + minutes * 60_000;
  while (Date.now() < end) {
    const uid = `u${written.length}`;
    await client.putRow({ tableName: 'orders', condition: any, primaryKey: [{ uid }],
      attributeColumns: [{ name: `at ${new Date().toISOString()}, "quoted"` }] });
    written.push(uid);
    await pause(100);
    assert.equal(daemon.child.exitCode, null, daemon.text());
  }
  const last = new Date().toISOString();
  await until('the window of the last row', () => {
    const covered = ask(paths, 'coverage', 'orders')?.coverage[0].until;
    return covered && covered > last;
  }, 240_000);
  const list = ask(paths, 'instances', 'orders', '--state', 'SUCCESS', '--limit', '1000').instances;
  const rows = (await downloadRows(store)).flatMap((object) => object.rows.map((row) => row[0]));
  assert.deepEqual(rows, written);
  assert.deepEqual(ask(paths, 'coverage', 'orders').coverage[0].gaps, []);
  const late = list.map((instance) => (new Date(instance.started) - new Date(instance.scheduled)));
  console.log(`${list.length} windows, ${rows.length} rows in order, ` +
    `${list.filter((instance) => instance.attempt_count > 1).length} reruns, ` +
    `started at most ${Math.max(...late)} ms after due`);
  assert.deepEqual(await daemon.kill('SIGTERM'), { code: 0, signal: null });
} finally {
  for (const ending of endings.reverse()) await ending();
}
