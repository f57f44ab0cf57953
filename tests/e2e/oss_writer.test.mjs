// What a window leaves in OSS, by the keys of the writer: the official SDK reads it back.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { TableStore, lastSlot, localSlot, sluice, world, writeConfig } from './support.mjs';

const slot = lastSlot();
const windowTime = slot - 8 * 60_000;  // inside the window of that slot

// A table of orders whose records lie in the window.
async function ordersWorld(t, rows) {
  const w = await world(t);
  await w.sandbox.admin('clock', { offset_us: (windowTime - Date.now()) * 1000 });
  const any = new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);
  for (const [id, state] of rows) {
    await w.client.putRow({ tableName: 'orders', condition: any, primaryKey: [{ uid: String(id) }],
      attributeColumns: [{ state }] });
  }
  return w;
}

function run(w, writer) {
  const script = JSON.stringify({ type: 'job', version: '1.0', configuration: {
    reader: { plugin: 'otsstream', parameter: { datasource: 'source', dataTable: 'orders',
      mode: 'single_version_and_update_only', startTimeString: '${start_time}', endTimeString: '${end_time}',
      column: [{ name: 'uid' }, { name: 'state' }] } },
    writer: { plugin: 'oss', parameter: { datasource: 'target', object: 'out/orders', fileFormat: 'csv', ...writer } } } });
  const paths = writeConfig(w.dir, w.sandbox, { script });
  return sluice(['run', paths.jobFile, '--config', paths.config, '--at', localSlot(slot)]);
}

async function names(w) {
  const page = await w.store.list({ 'max-keys': 100 });
  return (page.objects ?? []).map((object) => object.name);
}

test('objects are compressed, parted by value and described, and a repetition changes nothing', async (t) => {
  const w = await ordersWorld(t, [[1, 'paid'], [2, 'a/b'], [3, 'paid']]);
  const writer = { compress: 'gzip', partition: ['state'], storageClass: 'IA', metadata: { team: 'blue' },
    header: ['id', 'state'], manifest: 'proof', writeMode: 'truncate' };
  const first = run(w, writer);
  assert.equal(first.code, 0, first.err + first.out);
  const found = await names(w);
  assert.equal(found.length, 3, found.join(' '));
  const [paid, other] = [found.find((name) => name.endsWith('_0000_paid.csv.gz')),
    found.find((name) => name.endsWith('_0000_a%2Fb.csv.gz'))];
  assert.ok(paid && other, found.join(' '));
  const got = await w.store.get(paid);
  assert.equal(gunzipSync(got.content).toString(), 'id,state\n1,paid\n3,paid\n');
  assert.equal(gunzipSync((await w.store.get(other)).content).toString(), 'id,state\n2,a/b\n');
  assert.equal(got.res.headers['content-type'], 'application/gzip');
  assert.equal(got.res.headers['content-encoding'], undefined);
  assert.equal(got.res.headers['x-oss-storage-class'], 'IA');
  assert.equal(got.res.headers['x-oss-meta-team'], 'blue');

  const proof = found.find((name) => name.startsWith('proof/orders__'));
  const before = (await w.store.get(proof)).content.toString();
  const manifest = JSON.parse(before);
  assert.equal(manifest.rows, 3);
  assert.deepEqual(manifest.objects.map((object) => object.name).sort(), [paid, other].sort());
  for (const object of manifest.objects) {
    const head = await w.store.head(object.name);
    assert.equal(Number(head.res.headers['content-length']), object.bytes);
    assert.equal(head.res.headers['x-oss-hash-crc64ecma'], object.crc64);
  }

  const again = run(w, writer);
  assert.equal(again.code, 0, again.err + again.out);
  assert.deepEqual(await names(w), found);
  const repeated = JSON.parse((await w.store.get(proof)).content.toString());
  assert.deepEqual(repeated.objects, manifest.objects);
});

test('what others have in the way is a conflict for nonConflict, and gone with truncateScope prefix', async (t) => {
  const w = await ordersWorld(t, [[1, 'paid']]);
  const first = run(w, { writeMode: 'truncate' });
  assert.equal(first.code, 0, first.err + first.out);
  const [name] = await names(w);
  const refused = run(w, { writeMode: 'nonConflict' });
  assert.equal(refused.code, 5, refused.err + refused.out);
  assert.match(refused.out + refused.err, /exists already in bucket exports/);

  await w.store.put('out/orders_of_old', Buffer.from('old'));
  await w.store.put('out/others', Buffer.from('others'));
  const replaced = run(w, { writeMode: 'truncate', truncateScope: 'prefix' });
  assert.equal(replaced.code, 0, replaced.err + replaced.out);
  assert.deepEqual(await names(w), [name, 'out/others']);

  await w.store.delete(name);
  const marked = run(w, { writeMode: 'nonConflict' });
  assert.equal(marked.code, 0, marked.err + marked.out);
  const head = await w.store.head(name);
  assert.match(head.res.headers['x-oss-meta-sluice-window'], /^orders@\d{14}_\d{14}$/);
});

test('an empty window leaves nothing with generateEmptyFile false, and one name with writeSingleObject', async (t) => {
  const w = await ordersWorld(t, []);
  const none = run(w, { writeMode: 'truncate', generateEmptyFile: false });
  assert.equal(none.code, 0, none.err + none.out);
  assert.deepEqual(await names(w), []);
  const single = run(w, { writeMode: 'truncate', writeSingleObject: true, compress: 'gzip', header: ['id', 'state'] });
  assert.equal(single.code, 0, single.err + single.out);
  assert.deepEqual(await names(w), ['out/orders']);
  assert.equal(gunzipSync((await w.store.get('out/orders')).content).toString(), 'id,state\n');
});
