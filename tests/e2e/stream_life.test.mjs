// A window of a stream in unusual states holds the same rows as any other: the sandbox brings the state about, the
// program reads through it.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { TableStore, downloadRows, lastSlot, localSlot, sluice, world, writeConfig } from './support.mjs';

const any = () => new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);
const slot = lastSlot();
const uids = Array.from({ length: 40 }, (_, i) => `r${String(i).padStart(2, '0')}`);

// Writes these rows in batches of ten, a second apart, into the window of the slot.
async function writeRows({ sandbox, client }, names) {
  const from = slot - 8 * 60_000;
  for (let i = 0; i < names.length; i += 10) {
    await sandbox.admin('clock', { offset_us: (from + i * 100 - Date.now()) * 1000 });
    const rows = names.slice(i, i + 10).map((uid) => ({ type: 'PUT', condition: any(), primaryKey: [{ uid }],
      attributeColumns: [{ name: `n-${uid}` }] }));
    await client.batchWriteRow({ tables: [{ tableName: 'orders', rows }] });
  }
}

async function exported(w) {
  const paths = writeConfig(w.dir, w.sandbox);
  const result = sluice(['run', paths.jobFile, '--config', paths.config, '--at', localSlot(slot)]);
  assert.equal(result.code, 0, result.err + result.out);
  return (await downloadRows(w.store)).flatMap((object) => object.rows.map((row) => row[0]));
}

test('a table in a table group is read to its end, past the records of other tables', async (t) => {
  const w = await world(t, { table: false });
  await w.sandbox.admin('create_table', { instance: 'demo', table: 'orders', group: true,
    primary_key: [{ name: 'uid', type: 'STRING' }] });
  await writeRows(w, uids);
  assert.deepEqual(await exported(w), uids);
});

test('empty and short pages, moving iterators, long searches and late ends lose nothing', async (t) => {
  const w = await world(t);
  await w.sandbox.admin('streams', { moving_iterators: true, may_more_record: true, search_steps: 3, empty_end: true });
  await writeRows(w, uids.slice(0, 20));
  await w.sandbox.admin('split', { instance: 'demo', table: 'orders', parts: 6 });
  await w.sandbox.admin('merge', { instance: 'demo', table: 'orders', parts: 3 });
  await writeRows(w, uids.slice(20));
  await w.sandbox.admin('faults', [{ every: 3, action: 'empty_page' }, { every: 2, action: 'short_page', value: 3 }]);
  const rows = await exported(w);
  assert.deepEqual(rows.sort(), uids);
});
