// A damaged state file is refused with its own exit code and left as it is; a backup takes its place, and every row
// arrives exactly once all the same.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TableStore, ask, downloadRows, lastSlot, sluice, startDaemon, until, world, writeConfig } from './support.mjs';

const done = (paths) => (ask(paths, 'instances', 'orders') ?? { instances: [] }).instances
  .filter((instance) => instance.state === 'SUCCESS').length;

test('a state file that is damaged is restored from a backup, and no row is lost or doubled', async (t) => {
  const { dir, sandbox, client, store } = await world(t);
  const windows = 6;
  const to = lastSlot(windows * 5);
  const first = to - (windows + 1) * 300_000;
  const paths = writeConfig(dir, sandbox, { from: first + 600_000, to });
  const any = new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);
  const expected = [];
  for (let window = 0; window < windows; window++) {
    await sandbox.admin('clock', { offset_us: (first + window * 300_000 + 60_000 - Date.now()) * 1000 });
    const rows = [];
    for (let i = 0; i < 10; i++) {
      rows.push({ type: 'PUT', condition: any, primaryKey: [{ uid: `u${window}-${i}` }],
        attributeColumns: [{ name: `n${i}` }] });
      expected.push(`u${window}-${i}`);
    }
    await client.batchWriteRow({ tables: [{ tableName: 'orders', rows }] });
  }
  await sandbox.admin('clock', { offset_us: 0 });

  const backup = join(dir, 'copy.db');
  let daemon = startDaemon(t, dir, paths);
  await daemon.ready();
  await until('some windows', () => done(paths) >= 2);
  assert.equal(sluice(['backup', backup, '--socket', paths.socket]).code, 0);
  await until('all windows', () => done(paths) === windows);
  const file = join(paths.stateDir, 'sluice.db');
  const inUse = sluice(['state', 'check', '--config', paths.config]);
  assert.equal(inUse.code, 5, inUse.err);
  assert.equal(sluice(['state', 'restore', backup, '--config', paths.config]).code, 5);
  assert.equal((await daemon.kill('SIGTERM')).code, 0);
  assert.equal(sluice(['state', 'check', '--config', paths.config]).code, 0);

  const bytes = readFileSync(file);
  bytes.fill(0xff, 4096, bytes.length / 2);
  writeFileSync(file, bytes);
  daemon = startDaemon(t, dir, paths);
  assert.equal((await daemon.ended).code, 7);
  assert.match(daemon.text(), /state file .*sluice\.db: .*sluice state restore/);
  assert.deepEqual(readFileSync(file), bytes);
  const checked = sluice(['state', 'check', '--config', paths.config]);
  assert.equal(checked.code, 7);
  assert.match(checked.out, /damaged: /);

  assert.equal(sluice(['state', 'restore', '--config', paths.config]).code, 3, 'the daemon has made none yet');
  const restored = sluice(['state', 'restore', backup, '--config', paths.config]);
  assert.equal(restored.code, 0, restored.err);
  assert.match(restored.out, /orders: durable up to /);
  const kept = readdirSync(paths.stateDir).filter((name) => name.startsWith('sluice.db.until-') && !name.endsWith('-wal'));
  assert.equal(kept.length, 1);
  assert.deepEqual(readFileSync(join(paths.stateDir, kept[0])), bytes);

  daemon = startDaemon(t, dir, paths);
  await daemon.ready();
  await until('all windows again', () => done(paths) === windows);
  const uids = (await downloadRows(store)).flatMap((object) => object.rows.map((row) => row[0]));
  assert.deepEqual(uids.sort(), expected.sort());
  const verified = sluice(['verify', 'orders', '--socket', paths.socket]);
  assert.equal(verified.code, 0, verified.out);
  assert.match(sluice(['audit', '--socket', paths.socket]).out, /restore/);
  await daemon.kill('SIGTERM');
});
