// The daemon dies by SIGKILL at random moments; every row arrives exactly once all the same.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { TableStore, ask, downloadRows, lastSlot, pause, random, startDaemon, until, world, writeConfig }
  from './support.mjs';

const KILLS = Number(process.env.SLUICE_KILLS ?? 50);
const SEED = Number(process.env.SLUICE_SEED ?? Date.now() % 1_000_000);

test(`${KILLS} kills at random moments lose nothing and double nothing (SLUICE_SEED=${SEED})`, async (t) => {
  const next = random(SEED);
  const { dir, sandbox, client, store } = await world(t);

  const windows = 60;
  const to = lastSlot(windows * 5);
  const first = to - (windows + 1) * 300_000;
  const paths = writeConfig(dir, sandbox, { from: first + 600_000, to });
  const any = new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);

  // Rows of every window; long values in some, so that these windows are uploaded in parts.
  const expected = [];
  for (let window = 0; window < windows; window++) {
    const rows = [];
    const large = window % 10 === 5;
    for (let i = 0; i < (large ? 180 : 20); i++) {
      const name = large ? `${window}/${i} ${'x'.repeat(12_000)}` : `${window}/${i}, "q"`;
      rows.push({ type: 'PUT', condition: any, primaryKey: [{ uid: `u${window}-${i}` }],
        attributeColumns: [{ name }] });
      expected.push([`u${window}-${i}`, name]);
    }
    await sandbox.admin('clock', { offset_us: (first + window * 300_000 + 60_000 - Date.now()) * 1000 });
    for (let i = 0; i < rows.length; i += 20) {
      await client.batchWriteRow({ tables: [{ tableName: 'orders', rows: rows.slice(i, i + 20) }] });
    }
  }
  // Slow answers, so that the kills fall into every step of a window.
  await sandbox.admin('faults', [{ service: 'oss', every: 1, action: 'delay_ms', value: 25 },
    { service: 'ots', every: 1, action: 'delay_ms', value: 15 }]);

  let finished = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const daemon = startDaemon(t, dir, paths);
    await pause(120 + next() * 500);
    assert.equal(daemon.child.exitCode, null, daemon.text());
    await daemon.kill('SIGKILL');
  }
  await sandbox.admin('faults', []);
  const daemon = startDaemon(t, dir, paths);
  await until('all windows after the last kill', () => {
    assert.equal(daemon.child.exitCode, null, daemon.text());
    const list = ask(paths, 'instances', 'orders', '--state', 'SUCCESS', '--limit', '1000');
    finished = list ? list.instances.length : 0;
    return finished === windows;
  }, 120_000);

  const rows = (await downloadRows(store)).flatMap((object) => object.rows);
  assert.equal(rows.length, expected.length);
  assert.deepEqual(rows, expected);
  const open = await store.listUploads({ 'max-uploads': 100 });
  assert.equal((open.uploads ?? []).length, 0, 'no multipart upload stays open');
  const coverage = ask(paths, 'coverage', 'orders');
  assert.deepEqual(coverage.coverage[0].gaps, []);
  const list = ask(paths, 'instances', 'orders', '--limit', '1000').instances;
  assert.equal(list.filter((instance) => instance.state === 'RUNNING').length, 0);
  t.diagnostic(`${KILLS} kills, ${list.reduce((sum, instance) => sum + instance.attempt_count, 0)} attempts, ` +
    `${finished} windows, ${rows.length} rows`);
});
