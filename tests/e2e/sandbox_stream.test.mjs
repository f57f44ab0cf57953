// The sandbox's change streams and its fault script. The official SDK has no stream operations, so a small client
// of the tests' own calls them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, call, message, oldest, post, readShard, recordTime, shardsOf, streamOf } from './sandbox_ots_client.mjs';
import { TableStore, createTable, startSandbox, tableStore, workDir } from './support.mjs';

const { Long } = TableStore;
const IGNORE = new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);

test('sandbox: every write of the SDK becomes a record of the stream, in order', async (t) => {
  const sandbox = await startSandbox(t, workDir(t));
  const client = tableStore(sandbox);
  await createTable(client, 'orders');
  const key = [{ uid: 'u1' }];
  await client.putRow({ tableName: 'orders', condition: IGNORE, primaryKey: key, attributeColumns: [{ name: '中文' }, { n: Long.fromNumber(1) }] });
  await client.updateRow({ tableName: 'orders', condition: IGNORE, primaryKey: key,
    updateOfAttributeColumns: [{ INCREMENT: [{ n: Long.fromNumber(4) }] }, { DELETE_ALL: ['name'] }] });
  await client.deleteRow({ tableName: 'orders', condition: IGNORE, primaryKey: key });
  await assert.rejects(client.putRow({ tableName: 'orders', primaryKey: key, attributeColumns: [],
    condition: new TableStore.Condition(TableStore.RowExistenceExpectation.EXPECT_EXIST, null) }));
  const stream = await streamOf(sandbox, 'orders');
  const [shard] = await shardsOf(sandbox, stream);
  const { records, closed } = await readShard(sandbox.endpoint, await oldest(sandbox, stream, shard.shard_id));
  assert.deepEqual(records.map((record) => record.action_type), ['PUT_ROW', 'UPDATE_ROW', 'DELETE_ROW']);
  assert.equal(closed, false);
  const times = records.map(recordTime);
  assert.ok(times[0] < times[1] && times[1] < times[2]);
  assert.ok(Math.abs(times[0] / 1000 - Date.now()) < 60_000);
  // An increment is recorded as the put of its result: value 5, and no operation byte 06 04.
  const five = Buffer.from('0509000000000500000000000000', 'hex');
  assert.ok(records[1].record.includes(five));
  await client.updateTable({ tableName: 'orders', tableOptions: {}, streamSpecification: { enableStream: false } });
  await assert.rejects(shardsOf(sandbox, stream), { code: 'OTSObjectNotExist' });
});

test('sandbox: splits and merges close shards and name the parents', async (t) => {
  const sandbox = await startSandbox(t, workDir(t));
  const client = tableStore(sandbox);
  await createTable(client, 'orders');
  const write = (uid) => client.putRow({ tableName: 'orders', condition: IGNORE, primaryKey: [{ uid }], attributeColumns: [{ v: uid }] });
  for (const uid of ['a', 'b', 'c', 'd']) await write(uid);
  const where = { instance: 'demo', table: 'orders' };
  const [left, right] = (await sandbox.admin('split', where)).shards;
  await write('a2');
  await write('d2');
  const merged = (await sandbox.admin('merge', where)).shard;
  await write('b2');
  const stream = await streamOf(sandbox, 'orders');
  const shards = await shardsOf(sandbox, stream, 1);
  assert.equal(shards.length, 4);
  const root = shards[0].shard_id;
  const of = (id) => shards.find((shard) => shard.shard_id === id);
  assert.equal(of(left).parent_id, root);
  assert.equal(of(right).parent_id, root);
  assert.ok(!of(right).parent_sibling_id);
  assert.deepEqual([of(merged).parent_id, of(merged).parent_sibling_id], [left, right]);
  const read = async (id) => readShard(sandbox.endpoint, await oldest(sandbox, stream, id), 3);
  const counts = {};
  for (const { shard_id: id } of shards) counts[id] = await read(id);
  assert.deepEqual([root, left, right, merged].map((id) => counts[id].records.length), [4, 1, 1, 1]);
  assert.deepEqual([root, left, right, merged].map((id) => counts[id].closed), [true, true, true, false]);
});

test('sandbox: a big fill is paged, found by time, trimmed, and survives kill -9', async (t) => {
  const dir = workDir(t);
  let sandbox = await startSandbox(t, dir);
  await createTable(tableStore(sandbox), 'orders');
  const to = Date.now();
  const from = to - 300_000;
  const filled = await sandbox.admin('fill', { instance: 'demo', table: 'orders', rows: 20_000, cells: 8,
    from_ms: from, to_ms: to, seed: 7, shards: 2, stream_only: true });
  assert.equal(filled.records, 20_000);
  assert.equal(filled.puts + filled.updates + filled.deletes, 20_000);
  const stream = await streamOf(sandbox, 'orders');
  let shards = await shardsOf(sandbox, stream);
  assert.equal(shards.length, 2);
  const readAll = async () => {
    const all = [];
    for (const { shard_id: id } of shards) all.push(await readShard(sandbox.endpoint, await oldest(sandbox, stream, id)));
    return all;
  };
  const before = await readAll();
  assert.equal(before[0].records.length + before[1].records.length, 20_000);
  for (const { records } of before) {
    const times = records.map(recordTime);
    assert.ok(times.every((time, i) => i === 0 || time > times[i - 1]));
    assert.ok(times[0] >= from * 1000 && times.at(-1) < to * 1000);
  }
  const middle = (from + 150_000) * 1000;
  let tokens = 0;
  for (let i = 0; i < 5; ++i) {
    const { iterator, steps } = await at(sandbox, stream, shards[0].shard_id, middle);
    tokens += steps - 1;
    const page = await call(sandbox.endpoint, 'GetStreamRecord', { shard_iterator: iterator, limit: 1 });
    assert.equal(recordTime(page.stream_records[0]), before[0].records.map(recordTime).find((time) => time >= middle));
  }
  assert.ok(tokens > 0, 'a search in steps occurs');
  const durable = await oldest(sandbox, stream, shards[0].shard_id);
  await sandbox.kill('SIGKILL');
  sandbox = await startSandbox(t, dir);
  assert.equal((await readShard(sandbox.endpoint, durable)).records.length, before[0].records.length);
  await sandbox.admin('trim', { instance: 'demo', table: 'orders', shard: shards[0].shard_id, before_us: middle });
  await assert.rejects(readShard(sandbox.endpoint, durable), { code: 'OTSTrimmedDataAccess', status: 404 });
  const rest = await readShard(sandbox.endpoint, await oldest(sandbox, stream, shards[0].shard_id));
  assert.ok(rest.records.length > 0 && rest.records.every((record) => recordTime(record) >= middle));
  await sandbox.admin('clock', { offset_us: 25 * 3600 * 1_000_000 });
  await assert.rejects(readShard(sandbox.endpoint, durable), { code: 'OTSTrimmedDataAccess' });
  await sandbox.admin('clock', { offset_us: 0 });
  const { tables } = await sandbox.admin('stats');
  assert.equal(tables[0].records.put + tables[0].records.update + tables[0].records.delete, 20_000);
  await assert.rejects(call(sandbox.endpoint, 'GetStreamRecord', { shard_iterator: 'nonsense' }), { code: 'OTSParameterInvalid' });
});

test('sandbox: a fill with rows leaves the table as the stream tells', async (t) => {
  const sandbox = await startSandbox(t, workDir(t));
  const client = tableStore(sandbox);
  await createTable(client, 'orders');
  const filled = await sandbox.admin('fill', { instance: 'demo', table: 'orders', rows: 500, cells: 4, seed: 3 });
  const { tables } = await sandbox.admin('stats');
  assert.ok(tables[0].rows > 0 && tables[0].rows <= filled.puts);
  let rows = 0;
  for (let from = [{ uid: TableStore.INF_MIN }]; from;) {
    const page = await client.getRange({ tableName: 'orders', direction: TableStore.Direction.FORWARD, maxVersions: 1, limit: 100,
      inclusiveStartPrimaryKey: from, exclusiveEndPrimaryKey: [{ uid: TableStore.INF_MAX }] });
    rows += page.rows.length;
    from = page.nextStartPrimaryKey?.map((part) => ({ [part.name]: part.value }));
  }
  assert.equal(rows, tables[0].rows);
});

test('sandbox: the fault script breaks what it is told to break', async (t) => {
  const sandbox = await startSandbox(t, workDir(t));
  await createTable(tableStore(sandbox), 'orders');
  await sandbox.admin('fill', { instance: 'demo', table: 'orders', rows: 50, cells: 2, stream_only: true });
  const stream = await streamOf(sandbox, 'orders');
  const [shard] = await shardsOf(sandbox, stream);
  const iterator = await oldest(sandbox, stream, shard.shard_id);
  const read = () => call(sandbox.endpoint, 'GetStreamRecord', { shard_iterator: iterator });
  const once = (rule) => sandbox.admin('faults', [{ service: 'ots', operation: 'GetStreamRecord', nth: 1, ...rule }]);
  await once({ action: 'status', value: 503, code: 'OTSServerBusy' });
  await assert.rejects(read(), { code: 'OTSServerBusy', status: 503 });
  await read();
  for (const action of ['reset_before', 'reset_after']) {
    await once({ action });
    await assert.rejects(read(), { name: 'TypeError' });
  }
  await once({ action: 'truncate_body', value: 40 });
  await assert.rejects(read(), { name: 'TypeError' });
  for (const action of ['bad_md5', 'wrong_signature_answer']) {
    await once({ action });
    await assert.rejects(read(), /not signed rightly/);
  }
  const good = (await read()).stream_records[0].record;
  await once({ action: 'bad_crc' });
  const bad = (await read()).stream_records[0].record;
  assert.notEqual(good.at(-1), bad.at(-1));
  assert.ok(good.subarray(0, -1).equals(bad.subarray(0, -1)));
  await once({ action: 'delay_ms', value: 300 });
  const started = Date.now();
  await read();
  assert.ok(Date.now() - started >= 290);
  await once({ action: 'stall' });
  const type = message('GetStreamRecordRequest');
  await assert.rejects(Promise.race([post(sandbox.endpoint, 'GetStreamRecord', type.encode({ shard_iterator: iterator }).finish()),
    new Promise((resolve, reject) => { setTimeout(() => reject(new Error('stalled')), 500); })]), /stalled/);
  const installed = await sandbox.admin('faults');
  assert.equal(installed[0].fired, 1);
  await sandbox.admin('faults', []);
  await read();
  await sandbox.kill('SIGTERM').then(({ code }) => assert.equal(code, 0));
});
