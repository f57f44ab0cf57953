// Every situation of a stream's life can be had on command: each test brings one about and looks at the answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, call, oldest, readShard, shardsOf, streamOf } from './sandbox_ots_client.mjs';
import { decodeRecord } from './sandbox_plain_buffer.mjs';
import { TableStore, createTable, startSandbox, tableStore, until, workDir } from './support.mjs';

const { Long } = TableStore;
const IGNORE = new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);
const where = { instance: 'demo', table: 'orders' };
const TRIMMED = { code: 'OTSTrimmedDataAccess', status: 404, message: 'Requested stream data is already trimmed or does not exist.' };
const HOUR = 3_600_000_000;

// A sandbox with a table `orders`, its only shard, and how to write a row.
async function world(t, dir = workDir(t)) {
  const sandbox = await startSandbox(t, dir);
  const client = tableStore(sandbox);
  await createTable(client, 'orders');
  const stream = await streamOf(sandbox, 'orders');
  const [{ shard_id: shard }] = await shardsOf(sandbox, stream);
  const write = (uid) => client.putRow({ tableName: 'orders', condition: IGNORE, primaryKey: [{ uid }], attributeColumns: [{ v: uid }] });
  return { dir, sandbox, client, stream, shard, write };
}

const page = (sandbox, iterator, more = {}) => call(sandbox.endpoint, 'GetStreamRecord', { shard_iterator: iterator, ...more });
const size = (answer) => (answer.stream_records ?? []).length;
const rowsOf = ({ records }) => records.map(({ record }) => decodeRecord(record));
const uidsOf = (read) => rowsOf(read).map((row) => row.key.uid);

test('sandbox: a table in a table group wants its name and says when more may come', async (t) => {
  const sandbox = await startSandbox(t, workDir(t));
  const client = tableStore(sandbox);
  await sandbox.admin('create_table', { ...where, primary_key: [{ name: 'uid', type: 'STRING' }], group: true });
  const stream = await streamOf(sandbox, 'orders');
  const [{ shard_id: shard }] = await shardsOf(sandbox, stream);
  for (let i = 0; i < 10; ++i)
    await client.putRow({ tableName: 'orders', condition: IGNORE, primaryKey: [{ uid: `u${i}` }], attributeColumns: [] });
  const first = await oldest(sandbox, stream, shard);
  await assert.rejects(page(sandbox, first), { code: 'OTSParameterInvalid', status: 400,
    message: 'The table name must be given for a table in a table group.' });
  await assert.rejects(page(sandbox, first, { table_name: 'other' }), { code: 'OTSParameterInvalid' });
  const seen = [];
  let skipped = 0;
  for (let iterator = first; ;) {
    const answer = await page(sandbox, iterator, { table_name: 'orders', limit: 2 });
    assert.equal(typeof answer.may_more_record, 'boolean');
    seen.push(...(answer.stream_records ?? []));
    if (size(answer) === 0 && !answer.may_more_record) {
      assert.deepEqual(await page(sandbox, answer.next_shard_iterator, { table_name: 'orders' }), answer);
      break;
    }
    if (size(answer) === 0) {
      skipped += 1;
      assert.notEqual(answer.next_shard_iterator, iterator);
    } else assert.equal(answer.may_more_record, true);
    iterator = answer.next_shard_iterator;
  }
  assert.deepEqual(uidsOf({ records: seen }), Array.from({ length: 10 }, (_, i) => `u${i}`));
  assert.ok(skipped >= 2, 'records of other tables were skipped');
  // For a table outside a group the name may be given, and the flag stays away unless it is asked for.
  await createTable(client, 'alone');
  const alone = await streamOf(sandbox, 'alone');
  const iterator = await oldest(sandbox, alone, (await shardsOf(sandbox, alone))[0].shard_id);
  assert.equal((await page(sandbox, iterator, { table_name: 'alone' })).may_more_record, undefined);
  await sandbox.admin('streams', { may_more_record: true });
  assert.equal((await page(sandbox, iterator)).may_more_record, false);
});

test('sandbox: a time series table has a stream of points, and no rows', async (t) => {
  const dir = workDir(t);
  let sandbox = await startSandbox(t, dir);
  const table = { instance: 'demo', table: 'metrics' };
  assert.deepEqual(await sandbox.admin('create_table', { ...table, timeseries: true }), { table: 'metrics', created: true });
  const points = [
    { measurement: 'cpu', source: 'host-1', tags: { region: 'hz', az: 'a' }, time_us: 1_600_000_000_000_001,
      fields: { load: 0.5, cores: 8, on: true, name: '中', raw: { base64: 'AP8=' } } },
    { measurement: 'cpu', time_us: 1_600_000_000_000_002, fields: { 'load:double': 1.5, 'load:long': 2 } },
  ];
  assert.deepEqual(await sandbox.admin('write_points', { ...table, points }), { points: 2 });
  await assert.rejects(sandbox.admin('write_points', { ...table, points: [{ ...points[0], tags: { 'a"': 'b' } }] }), /400/);
  const stream = await streamOf(sandbox, 'metrics');
  const refusal = { code: 'OTSParameterInvalid', status: 400, message: 'Table [metrics] is a timeseries table, not support DescribeStream' };
  await assert.rejects(call(sandbox.endpoint, 'DescribeStream', { stream_id: stream }), refusal);
  await assert.rejects(tableStore(sandbox).describeTable({ tableName: 'metrics' }), /is a timeseries table, not support DescribeTable/);
  await assert.rejects(tableStore(sandbox).deleteTable({ tableName: 'metrics' }), /not support DeleteTable/);
  assert.deepEqual((await tableStore(sandbox).listTable({})).tableNames, []);
  await sandbox.kill('SIGKILL');
  sandbox = await startSandbox(t, dir);
  const described = await call(sandbox.endpoint, 'DescribeStream', { stream_id: stream, support_timeseries_data_table: true });
  assert.equal(described.is_timeseries_data_table, true);
  assert.equal(described.expiration_time, 168);
  const read = await readShard(sandbox.endpoint, await oldest(sandbox, stream, described.shards[0].shard_id));
  assert.deepEqual(read.records.map((record) => record.action_type), ['PUT_ROW', 'PUT_ROW']);
  const [one, two] = rowsOf(read);
  assert.deepEqual(Object.keys(one.key), ['_#h', '_m_name', '_data_source', '_tags', '_time']);
  assert.match(one.key['_#h'], /^\d{9}$/);
  assert.deepEqual(Object.values(one.key).slice(1), ['cpu', 'host-1', '["az=a","region=hz"]', 1_600_000_000_000_001n]);
  assert.deepEqual(one.cells.map((cell) => [cell.name, cell.value]),
    [['load:double', 0.5], ['cores:long', 8n], ['on:boolean', true], ['name:string', '中'], ['raw:binary', Buffer.from([0, 255])]]);
  assert.deepEqual(Object.values(two.key).slice(1), ['cpu', '', '[]', 1_600_000_000_000_002n]);
  assert.deepEqual(two.cells.map((cell) => [cell.name, cell.value]), [['load:double', 1.5], ['load:long', 2n]]);
  await assert.rejects(sandbox.admin('fill', { ...table, rows: 1 }), /written by write_points/);
  // Series spread over the shards, and the points of one stay together.
  const wide = { instance: 'demo', table: 'wide' };
  await sandbox.admin('create_table', { ...wide, timeseries: true, shards: 4, stream_hours: 24 });
  const series = Array.from({ length: 40 }, (_, i) => ({ measurement: 'cpu', source: `host-${i % 20}`, time_us: i, fields: { i } }));
  await sandbox.admin('write_points', { ...wide, points: series });
  const { shards } = (await sandbox.admin('stats')).tables.find((one) => one.table === 'wide');
  assert.equal(shards.reduce((sum, one) => sum + one.records, 0), 40);
  assert.ok(shards.every((one) => one.records > 0 && one.records % 2 === 0));
  // An ordinary table says that it is none.
  await createTable(tableStore(sandbox), 'orders');
  const ordinary = await call(sandbox.endpoint, 'DescribeStream',
    { stream_id: await streamOf(sandbox, 'orders'), support_timeseries_data_table: true });
  assert.equal(ordinary.is_timeseries_data_table, false);
});

test('sandbox: records hold every kind of cell, the keys the server gave, and the old values asked for', async (t) => {
  const sandbox = await startSandbox(t, workDir(t));
  const client = tableStore(sandbox);
  await client.createTable({
    tableMeta: { tableName: 'orders', primaryKey: [{ name: 'uid', type: 'STRING' }, { name: 'seq', type: 'INTEGER', option: 'AUTO_INCREMENT' }] },
    reservedThroughput: { capacityUnit: { read: 0, write: 0 } }, tableOptions: { timeToLive: -1, maxVersions: 3 } });
  await call(sandbox.endpoint, 'UpdateTable', { table_name: 'orders',
    stream_spec: { enable_stream: true, expiration_time: 24, columns_to_get: ['a', 'n'] } });
  const stream = await streamOf(sandbox, 'orders');
  const [{ shard_id: shard }] = await shardsOf(sandbox, stream);
  const version = Date.now() - 5000;
  const { row } = await client.putRow({ tableName: 'orders', condition: IGNORE, primaryKey: [{ uid: 'u' }, { seq: TableStore.PK_AUTO_INCR }],
    attributeColumns: [{ a: 'x', timestamp: Long.fromNumber(version) }, { n: Long.fromNumber(4) }, { b: true }],
    returnContent: { returnType: TableStore.ReturnType.Primarykey } });
  const primaryKey = [{ uid: 'u' }, { seq: Long.fromString(String(row.primaryKey[1].value)) }];
  await client.updateRow({ tableName: 'orders', condition: IGNORE, primaryKey, updateOfAttributeColumns: [
    { PUT: [{ c: 'new' }] }, { DELETE: [{ a: Long.fromNumber(version) }] }, { DELETE_ALL: ['b'] }, { INCREMENT: [{ n: Long.fromNumber(-5) }] }] });
  await client.deleteRow({ tableName: 'orders', condition: IGNORE, primaryKey });
  const { records } = await readShard(sandbox.endpoint, await oldest(sandbox, stream, shard));
  const [put, update, gone] = rowsOf({ records });
  assert.deepEqual(put.key, { uid: 'u', seq: BigInt(String(row.primaryKey[1].value)) });
  assert.equal(put.cells[0].timestamp, version);
  assert.ok(put.cells[1].timestamp > version && put.cells[1].timestamp === put.cells[2].timestamp);
  assert.deepEqual(put.cells.map((cell) => [cell.name, cell.value]), [['a', 'x'], ['n', 4n], ['b', true]]);
  assert.deepEqual(update.cells.map(({ name, value, op, timestamp }) => [name, value, op, name === 'a' ? timestamp : typeof timestamp]),
    [['c', 'new', undefined, 'number'], ['a', undefined, 3, version], ['b', undefined, 1, 'undefined'], ['n', -1n, undefined, 'number']]);
  assert.deepEqual([gone.cells, gone.marker], [[], false]);
  // Old values: none before the row existed, then those of the named columns.
  assert.equal(records[0].origin_record?.length ?? 0, 0);
  const old = records.slice(1).map((record) => decodeRecord(record.origin_record).cells.map((cell) => [cell.name, cell.value]));
  assert.deepEqual(old, [[['a', 'x'], ['n', 4n]], [['n', -1n], ['n', 4n]]]);
});

test('sandbox: rows of one batch share their time and differ in the row index', async (t) => {
  const { sandbox, client, stream, shard, write } = await world(t);
  await write('before');
  const row = (uid) => ({ type: 'PUT', condition: IGNORE, primaryKey: [{ uid }], attributeColumns: [{ v: uid }] });
  const must = new TableStore.Condition(TableStore.RowExistenceExpectation.EXPECT_EXIST, null);
  await client.batchWriteRow({ tables: [{ tableName: 'orders', rows: [row('a'), { ...row('b'), condition: must }, row('c'), row('d')] }] });
  await write('after');
  const rows = rowsOf(await readShard(sandbox.endpoint, await oldest(sandbox, stream, shard)));
  assert.deepEqual(rows.map((one) => [one.key.uid, one.row]), [['before', 0], ['a', 0], ['c', 1], ['d', 2], ['after', 0]]);
  assert.deepEqual(rows.slice(1, 4).map((one) => one.time), Array(3).fill(rows[1].time));
  assert.ok(rows[0].time < rows[1].time && rows[3].time < rows[4].time);
});

test('sandbox: a clock that steps back begins an epoch, and late records come in the order of writing', async (t) => {
  let { dir, sandbox, client, stream, shard, write } = await world(t);
  await write('one');
  // Without "step" times only ever grow.
  await sandbox.admin('clock', { offset_us: -60_000_000 });
  await write('two');
  await sandbox.admin('clock', { step: true });
  await write('late');
  await write('late too');
  await sandbox.admin('clock', { offset_us: 60_000_000 });
  await write('ahead');
  await sandbox.admin('clock', { offset_us: 0 });
  await write('back');
  await sandbox.kill('SIGKILL');
  sandbox = await startSandbox(t, dir);
  client = tableStore(sandbox);
  assert.deepEqual({ ...await sandbox.admin('clock'), now_us: 0 }, { offset_us: 0, step: false, now_us: 0 });
  await client.putRow({ tableName: 'orders', condition: IGNORE, primaryKey: [{ uid: 'restarted' }], attributeColumns: [] });
  const rows = rowsOf(await readShard(sandbox.endpoint, await oldest(sandbox, stream, shard)));
  assert.deepEqual(rows.map((one) => [one.key.uid, one.epoch]),
    [['one', 0], ['two', 0], ['late', 1], ['late too', 1], ['ahead', 1], ['back', 2], ['restarted', 2]]);
  assert.equal(rows[1].time, rows[0].time + 1);
  assert.ok(Math.abs(rows[2].time + 60_000_000 - rows[0].time) < 10_000_000);
  assert.ok(rows[3].time > rows[2].time && rows[4].time > rows[1].time && rows[5].time < rows[4].time);
  assert.equal(rows[6].time, rows[4].time + 1);
  // A search finds the first record at or after the time, in the order of writing.
  for (const [time, uid] of [[rows[0].time, 'one'], [rows[2].time, 'one'], [rows[1].time + 1, 'ahead'], [rows[4].time + 1, 'restarted']]) {
    const { iterator } = await at(sandbox, stream, shard, time);
    assert.equal(uidsOf({ records: (await page(sandbox, iterator, { limit: 1 })).stream_records })[0], uid);
  }
});

test('sandbox: late records come in any number', async (t) => {
  const { sandbox, stream, shard, write } = await world(t);
  await write('first');
  const now = Date.now();
  const late = { ...where, rows: 2000, cells: 1, from_ms: now - 120_000, to_ms: now - 60_000, stream_only: true };
  await assert.rejects(sandbox.admin('fill', late), /from_ms lies before the last record/);
  await sandbox.admin('clock', { step: true });
  const filled = await sandbox.admin('fill', late);
  assert.equal(filled.first_us, late.from_ms * 1000);
  const rows = rowsOf(await readShard(sandbox.endpoint, await oldest(sandbox, stream, shard)));
  assert.deepEqual(rows.map((row) => row.epoch), [0, ...Array(2000).fill(1)]);
  assert.ok(rows.every((row, i) => i < 2 || row.time > rows[i - 1].time));
});

test('sandbox: pages are empty or short, and iterators expire, on command', async (t) => {
  const { sandbox, stream, shard, write } = await world(t);
  for (const uid of ['a', 'b', 'c']) await write(uid);
  const first = await oldest(sandbox, stream, shard);
  const once = (rule) => sandbox.admin('faults', [{ times: 1, ...rule }]);
  await once({ action: 'empty_page' });
  const empty = await page(sandbox, first);
  assert.deepEqual([size(empty), empty.next_shard_iterator], [0, first]);
  await once({ action: 'short_page', value: 2 });
  assert.equal(size(await page(sandbox, first)), 2);
  assert.equal(size(await page(sandbox, first)), 3);
  await once({ action: 'expire_iterator' });
  await assert.rejects(page(sandbox, first), TRIMMED);
  assert.equal(size(await page(sandbox, first)), 3);
  await once({ operation: 'GetShardIterator', action: 'expire_iterator' });
  await assert.rejects(oldest(sandbox, stream, shard), TRIMMED);
  await once({ action: 'no_iterator' });
  assert.equal((await at(sandbox, stream, shard, 1)).iterator, '');
  // The next iterator of an idle shard stays as it is, or moves on.
  const idle = (await page(sandbox, first)).next_shard_iterator;
  assert.equal((await page(sandbox, idle)).next_shard_iterator, idle);
  await sandbox.admin('streams', { moving_iterators: true });
  const moved = (await page(sandbox, idle)).next_shard_iterator;
  assert.notEqual(moved, idle);
  assert.notEqual((await page(sandbox, moved)).next_shard_iterator, moved);
  await once({ action: 'empty_page' });
  const skipped = await page(sandbox, first);
  assert.notEqual(skipped.next_shard_iterator, first);
  assert.equal(size(await page(sandbox, skipped.next_shard_iterator)), 3);
  await write('d');
  for (const iterator of [idle, moved])
    assert.deepEqual(uidsOf({ records: (await page(sandbox, iterator)).stream_records }), ['d']);
  // Searches by time take as many answers as they are told to.
  await sandbox.admin('streams', { search_steps: 4 });
  assert.equal((await at(sandbox, stream, shard, Date.now() * 1000 - HOUR)).steps, 4);
  // A closed shard ends with its last record, or with an empty page.
  await sandbox.admin('split', { ...where, at: 'c' });
  assert.equal((await page(sandbox, first)).next_shard_iterator, undefined);
  await sandbox.admin('streams', { empty_end: true });
  const last = await page(sandbox, first);
  assert.equal(size(last), 4);
  assert.deepEqual(await page(sandbox, last.next_shard_iterator), { consumed: { capacity_unit: { read: 1, write: 0 } } });
  await assert.rejects(sandbox.admin('streams', { moving: true }), /unknown key .+moving/);
  assert.equal((await sandbox.admin('streams')).search_steps, 4);
});

test('sandbox: a stream is ENABLING for a while, and off and on makes another one', async (t) => {
  const { sandbox, client, stream, shard, write } = await world(t);
  await write('old');
  const iterator = await oldest(sandbox, stream, shard);
  const before = (await client.describeTable({ tableName: 'orders' })).streamDetails;
  const turn = (streamSpecification) => client.updateTable({ tableName: 'orders', tableOptions: {}, streamSpecification });
  await assert.rejects(turn({ enableStream: true, expirationTime: 24 }), /enabled already/);
  await turn({ enableStream: false });
  assert.deepEqual(await call(sandbox.endpoint, 'ListStream', { table_name: 'orders' }), {});
  for (const ask of [() => page(sandbox, iterator), () => oldest(sandbox, stream, shard), () => shardsOf(sandbox, stream)])
    await assert.rejects(ask, { code: 'OTSObjectNotExist', status: 404, message: 'Requested stream does not exist.' });
  await write('unseen');
  await sandbox.admin('streams', { enabling_requests: 4 });
  await turn({ enableStream: true, expirationTime: 48 });
  const after = (await client.describeTable({ tableName: 'orders' })).streamDetails;
  assert.notEqual(after.streamId, before.streamId);
  assert.ok(BigInt(after.lastEnableTime) > BigInt(before.lastEnableTime));
  await write('new');
  const again = after.streamId;
  const status = async () => (await call(sandbox.endpoint, 'DescribeStream', { stream_id: again })).stream_status;
  assert.equal(await status(), 'STREAM_ENABLING');
  const notReady = { code: 'OTSTableNotReady', status: 404, message: 'The table is not ready.' };
  await assert.rejects(oldest(sandbox, again, 'any'), notReady);
  await assert.rejects(page(sandbox, Buffer.from(`it|${again}|any|0`).toString('base64')), notReady);
  assert.equal(await status(), 'STREAM_ENABLING');
  assert.equal(await status(), 'STREAM_ACTIVE');
  const [{ shard_id: child }] = await shardsOf(sandbox, again);
  assert.deepEqual(uidsOf(await readShard(sandbox.endpoint, await oldest(sandbox, again, child))), ['new']);
  await assert.rejects(page(sandbox, iterator), { code: 'OTSObjectNotExist' });
  // By the clock, and for a table that is created.
  await sandbox.admin('streams', { enabling_requests: 0, enabling_ms: 5000 });
  await createTable(client, 'young');
  const young = await streamOf(sandbox, 'young');
  const youngStatus = async () => (await call(sandbox.endpoint, 'DescribeStream', { stream_id: young })).stream_status;
  assert.equal(await youngStatus(), 'STREAM_ENABLING');
  await until('the stream to be there', async () => await youngStatus() === 'STREAM_ACTIVE');
});

test('sandbox: records are trimmed by command, by the clock, and with their shard', async (t) => {
  const { sandbox, stream, shard, write } = await world(t);
  for (const uid of ['a', 'b', 'c', 'd']) await write(uid);
  const first = await oldest(sandbox, stream, shard);
  const second = (await page(sandbox, first, { limit: 1 })).next_shard_iterator;
  const third = (await page(sandbox, first, { limit: 2 })).next_shard_iterator;
  assert.deepEqual(await sandbox.admin('trim', { ...where, records: 1 }), { first_record: { [shard]: 1 } });
  await assert.rejects(page(sandbox, first), TRIMMED);
  // The position exactly at the trim point can be read, and is the oldest now.
  assert.equal(size(await page(sandbox, second)), 3);
  assert.equal(await oldest(sandbox, stream, shard), second);
  assert.equal((await at(sandbox, stream, shard, 1)).iterator, second);
  const times = rowsOf(await readShard(sandbox.endpoint, second)).map((row) => row.time);
  await sandbox.admin('trim', { ...where, before_us: times[1] });
  await assert.rejects(page(sandbox, second), TRIMMED);
  assert.deepEqual(uidsOf(await readShard(sandbox.endpoint, third)), ['c', 'd']);
  // The clock trims as well: the end of the shard stays readable, all before it is gone.
  const end = (await page(sandbox, third)).next_shard_iterator;
  const [left, right] = (await sandbox.admin('split', where)).shards;
  await sandbox.admin('clock', { offset_us: 23 * HOUR });
  assert.equal(size(await page(sandbox, third)), 2);
  assert.equal((await shardsOf(sandbox, stream)).length, 3);
  await write('e');
  await sandbox.admin('clock', { offset_us: 24 * HOUR + 30_000_000 });
  await assert.rejects(page(sandbox, third), TRIMMED);
  // A shard closed longer ago than the retention is gone, though its children still name it.
  await assert.rejects(page(sandbox, end), TRIMMED);
  await assert.rejects(oldest(sandbox, stream, shard), TRIMMED);
  assert.deepEqual(await shardsOf(sandbox, stream), [left, right].map((id) => ({ shard_id: id, parent_id: shard })));
  assert.deepEqual(uidsOf(await readShard(sandbox.endpoint, await oldest(sandbox, stream, right))), ['e']);
  // One shard vanishes on command.
  await sandbox.admin('merge', where);
  const beside = await oldest(sandbox, stream, right);
  await sandbox.admin('trim', { ...where, shard: right, drop: true });
  assert.deepEqual((await shardsOf(sandbox, stream)).map((one) => one.shard_id).includes(right), false);
  await assert.rejects(page(sandbox, beside), TRIMMED);
  await assert.rejects(call(sandbox.endpoint, 'GetShardIterator', { stream_id: stream, shard_id: 'never' }), { code: 'OTSObjectNotExist' });
});

test('sandbox: one call makes 200 shards, by splits of splits', async (t) => {
  const { sandbox, stream, shard } = await world(t);
  await sandbox.admin('fill', { ...where, rows: 3000, cells: 1, actions: { put: 1 }, stream_only: true });
  const { shards: open } = await sandbox.admin('split', { ...where, parts: 200 });
  assert.equal(new Set(open).size, 200);
  const seen = await shardsOf(sandbox, stream);
  assert.deepEqual(await shardsOf(sandbox, stream, 7), seen);
  assert.equal(seen.length, 399);
  const children = {};
  seen.forEach((one, i) => {
    assert.ok(!one.parent_sibling_id);
    if (!one.parent_id) return;
    assert.ok(seen.findIndex((other) => other.shard_id === one.parent_id) < i, 'parents come first');
    (children[one.parent_id] ??= []).push(one.shard_id);
  });
  assert.ok(Object.values(children).every((list) => list.length === 2));
  assert.deepEqual(seen.map((one) => one.shard_id).filter((id) => !children[id]).sort(), [...open].sort());
  // New changes go to the open shards only, and to all of them.
  const filled = await sandbox.admin('fill', { ...where, rows: 20_000, cells: 1, seed: 2, stream_only: true });
  assert.ok(Object.keys(filled.shards).length > 190 && Object.keys(filled.shards).every((id) => open.includes(id)));
  const hot = await sandbox.admin('fill', { ...where, rows: 500, cells: 1, seed: 3, shard: open[7], stream_only: true });
  assert.deepEqual(hot.shards, { [open[7]]: 500 });
  await assert.rejects(sandbox.admin('fill', { ...where, rows: 1, shard }), /no key falls into it/);
  const { shard: merged } = await sandbox.admin('merge', { ...where, parts: 200 });
  const all = await shardsOf(sandbox, stream, 100);
  assert.equal(all.length, 399 + 199);
  assert.equal(all.at(-1).shard_id, merged);
  assert.equal(all.at(-1).parent_sibling_id, open[199]);
  // And a table can be born with as many.
  await sandbox.admin('create_table', { instance: 'demo', table: 'wide', primary_key: [{ name: 'id', type: 'INTEGER' }], shards: 200 });
  const wide = await shardsOf(sandbox, await streamOf(sandbox, 'wide'));
  assert.equal(wide.length, 200);
  assert.ok(wide.every((one) => !one.parent_id));
  await tableStore(sandbox).putRow({ tableName: 'wide', condition: IGNORE, primaryKey: [{ id: Long.fromNumber(999_999_999) }], attributeColumns: [] });
  const last = await oldest(sandbox, await streamOf(sandbox, 'wide'), wide[199].shard_id);
  assert.equal(size(await page(sandbox, last)), 1);
  await assert.rejects(sandbox.admin('split', { ...where, table: 'wide', parts: 2 }), /holds too few keys/);
  assert.equal((await sandbox.admin('split', { ...where, table: 'wide', at: [5, 3, 4] })).shards.length, 4);
});

test('sandbox: fault rules are narrowed to a table, a shard and a time', async (t) => {
  const { sandbox, client, stream, shard, write } = await world(t);
  await createTable(client, 'other');
  await write('a');
  const [left, right] = (await sandbox.admin('split', { ...where, at: 'm' })).shards;
  const refusal = { action: 'status', value: 503, code: 'OTSPartitionUnavailable', message: 'The partition is not available.' };
  const refused = { code: 'OTSPartitionUnavailable', status: 503, message: 'The partition is not available.' };
  await sandbox.admin('faults', [{ ...refusal, shard: right }]);
  await assert.rejects(oldest(sandbox, stream, right), refused);
  const beside = await oldest(sandbox, stream, left);
  assert.equal(size(await page(sandbox, beside)), 0);
  await sandbox.admin('faults', []);
  const there = await oldest(sandbox, stream, right);
  await sandbox.admin('faults', [{ ...refusal, operation: 'GetStreamRecord', shard: right }]);
  await assert.rejects(page(sandbox, there), refused);
  await page(sandbox, beside);
  await sandbox.admin('faults', [{ ...refusal, table: 'orders' }]);
  const otherStream = await streamOf(sandbox, 'other');
  await assert.rejects(streamOf(sandbox, 'orders'), refused);
  await assert.rejects(shardsOf(sandbox, stream), refused);
  await shardsOf(sandbox, otherStream);
  await client.getRow({ tableName: 'other', primaryKey: [{ uid: 'x' }], maxVersions: 1 });
  assert.equal((await sandbox.admin('faults'))[0].seen, 2);
  await sandbox.admin('faults', [{ ...refusal, operation: 'ListStream', after_ms: 3000, for_ms: 3000 }]);
  await streamOf(sandbox, 'orders');
  const answered = () => streamOf(sandbox, 'orders').then(() => true, (error) => { assert.equal(error.code, refused.code); return false; });
  await until('the fault to begin', async () => !await answered());
  await until('the fault to end', answered);
  for (const rule of [{ operation: 'PutRow', action: 'empty_page' }, { operation: 'GetStreamRecord', action: 'no_iterator' }])
    await assert.rejects(sandbox.admin('faults', [rule]), new RegExp(`${rule.action} is not an action of ${rule.operation}`));
  assert.ok(shard);
});
