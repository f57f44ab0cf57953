// Every kind of rows the reader makes: the official SDK writes, sluice exports one window, and the CSV must be exactly
// what the documents say.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { decodeRecord } from './sandbox_plain_buffer.mjs';
import { call, oldest, readShard, streamOf } from './sandbox_ots_client.mjs';
import { TableStore, downloadRows, lastSlot, localSlot, longAgo, sluice, world, writeConfig } from './support.mjs';

const { Long } = TableStore;
const any = () => new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);
const slot = lastSlot();
const windowTime = slot - 8 * 60_000;  // inside the window of that slot
const ROW_MODE = 'single_version_and_update_only';
const named = (...names) => names.map((name) => ({ name }));

function scriptWith(reader, object) {
  return JSON.stringify({ type: 'job', version: '1.0', configuration: {
    reader: { plugin: 'otsstream', parameter: { datasource: 'source', startTimeString: '${start_time}',
      endTimeString: '${end_time}', ...reader } },
    writer: { plugin: 'oss', parameter: { datasource: 'target', object, fileFormat: 'csv', nullFormat: '\\N' } } } });
}

// Exports the window with these reader keys: its rows, and what the command printed.
let exports = 0;
async function exported(w, reader) {
  const object = `out/${exports += 1}`;
  const paths = writeConfig(w.dir, w.sandbox, { script: scriptWith(reader, object) });
  const result = sluice(['run', paths.jobFile, '--config', paths.config, '--at', localSlot(slot)]);
  const text = result.out + result.err;
  if (result.code !== 0) return { code: result.code, text };
  const rows = (await downloadRows(w.store, object)).flatMap((one) => one.rows);
  return { code: 0, text, rows };
}

// A table with two key columns whose next records lie in the window.
async function readingsWorld(t) {
  const w = await world(t, { table: false });
  await longAgo(w.sandbox);
  await w.client.createTable({
    tableMeta: { tableName: 'readings', primaryKey: [{ name: 'uid', type: 'STRING' }, { name: 'no', type: 'INTEGER' }] },
    reservedThroughput: { capacityUnit: { read: 0, write: 0 } },
    tableOptions: { timeToLive: -1, maxVersions: 5 },
    streamSpecification: { enableStream: true, expirationTime: 24 } });
  await w.sandbox.admin('clock', { offset_us: (windowTime - Date.now()) * 1000 });
  const about = (no) => ({ tableName: 'readings', condition: any(), primaryKey: [{ uid: 'k,1' }, { no: Long.fromNumber(no) }] });
  return { ...w,
    put: (no, attributeColumns) => w.client.putRow({ ...about(no), attributeColumns }),
    update: (no, updateOfAttributeColumns) => w.client.updateRow({ ...about(no), updateOfAttributeColumns }),
    remove: (no) => w.client.deleteRow(about(no)) };
}

// The place of every record of the table's only shard, as the sequence text says it.
async function places(w, table, more = {}) {
  const stream = await streamOf(w.sandbox, table);
  const { shards } = await call(w.sandbox.endpoint, 'DescribeStream', { stream_id: stream, ...more });
  assert.equal(shards.length, 1);
  const { records } = await readShard(w.sandbox.endpoint, await oldest(w.sandbox, stream, shards[0].shard_id));
  const padded = (number, digits) => String(number).padStart(digits, '0');
  return records.map(({ record }) => {
    const { epoch, time, row } = decodeRecord(record);
    return `${padded(epoch, 10)}_${padded(time, 20)}_${padded(row, 10)}_${shards[0].shard_id}`;
  });
}

// A put, an update with every kind of cell, a put without cells, a delete.
async function writeHistory(w) {
  await w.put(1, [{ name: 'a "b"', timestamp: windowTime }, { size: Long.fromNumber(-5), timestamp: windowTime + 1 }]);
  await w.update(1, [{ PUT: [{ ratio: 0.25, timestamp: windowTime + 2 }, { ok: true, timestamp: windowTime + 3 }] },
    { DELETE: [{ name: windowTime }] }, { DELETE_ALL: ['size'] }]);
  await w.put(2, []);
  await w.remove(1);
}

test('column mode: a row for each cell, put, update, one version, all versions, row', async (t) => {
  const w = await readingsWorld(t);
  await writeHistory(w);
  const [put, update, bare, removed] = await places(w, 'readings');
  const version = (more) => String(windowTime + more);
  const row = (no, name, time, value, op, place, cell) =>
    ['k,1', no, name, time, value, op, `${place}:${String(cell).padStart(10, '0')}`];
  const none = ['\\N', '\\N', '\\N'];
  const expected = [
    row('1', ...none, 'DR', put, 0),
    row('1', 'name', version(0), 'a "b"', 'U', put, 1),
    row('1', 'size', version(1), '-5', 'U', put, 2),
    row('1', 'ratio', version(2), '0.25', 'U', update, 0),
    row('1', 'ok', version(3), 'true', 'U', update, 1),
    row('1', 'name', version(0), '\\N', 'DO', update, 2),
    row('1', 'size', '\\N', '\\N', 'DA', update, 3),
    row('2', ...none, 'DR', bare, 0),
    row('1', ...none, 'DR', removed, 0),
  ];
  const reader = { dataTable: 'readings', isExportSequenceInfo: 'true' };
  const original = await exported(w, reader);
  assert.deepEqual(original.rows, expected, original.text);
  assert.match(original.text, /records 4, rows 9,/);

  // Without the sequence, under its other name, and with puts that can be told from deletes.
  const marked = await exported(w, { dataTable: 'readings', mode: 'Multi_Version', putMarker: 'P' });
  const ops = expected.map((one) => one.slice(0, 6));
  ops[0][5] = 'P';
  ops[7][5] = 'P';
  assert.deepEqual(marked.rows, ops, marked.text);
});

test('row mode: operation, exported deletes, sequence and base64', async (t) => {
  const w = await readingsWorld(t);
  const bytes = Buffer.from([0, 255, 44, 10, 128]);
  await w.put(1, [{ raw: bytes }, { name: 'n' }]);
  await w.update(1, [{ PUT: [{ name: 'm' }] }, { DELETE_ALL: ['raw'] }]);
  await w.remove(1);
  await w.put(2, []);
  const place = await places(w, 'readings');
  const reader = { dataTable: 'readings', mode: ROW_MODE, column: named('name', 'no', 'raw', 'name') };

  const full = await exported(w, { ...reader, exportOpType: true, deletes: 'export', isExportSequenceInfo: true,
    binaryFormat: 'base64' });
  assert.deepEqual(full.rows, [
    ['n', '1', bytes.toString('base64'), 'n', 'PUT', place[0]],
    ['m', '1', '\\N', 'm', 'UPDATE', place[1]],
    ['\\N', '1', '\\N', '\\N', 'DELETE', place[2]],
    ['\\N', '2', '\\N', '\\N', 'PUT', place[3]],
  ], full.text);
  assert.match(full.text, /left out or changed: 1 x delete_cell/);
  assert.doesNotMatch(full.text, /delete_row/);

  const counted = await exported(w, { ...reader, exportOpType: 'true', binaryFormat: 'hex' });
  assert.deepEqual(counted.rows, [
    ['n', '1', '00ff2c0a80', 'n', 'PUT'],
    ['m', '1', '\\N', 'm', 'UPDATE'],
    ['\\N', '2', '\\N', '\\N', 'PUT'],
  ], counted.text);
  assert.match(counted.text, /left out or changed: 1 x delete_row/);

  // As the original writes it: what is no text is lost.
  const plain = await exported(w, reader);
  assert.deepEqual(plain.rows, [
    ['n', '1', '\u0000\ufffd,\n\ufffd', 'n'],
    ['m', '1', '\\N', 'm'],
    ['\\N', '2', '\\N', '\\N'],
  ], plain.text);

  const keyless = await exported(w, { ...reader, column: named('name'), exportOpType: true, deletes: 'export' });
  assert.notEqual(keyless.code, 0);
  assert.match(keyless.text, /no column of the primary key \(uid and no\) is configured/);
});

test('time series: fields, tags and key by the names their writer knows', async (t) => {
  const w = await world(t);
  const table = { instance: 'demo', table: 'metrics' };
  await w.sandbox.admin('create_table', { ...table, timeseries: true });
  await w.sandbox.admin('clock', { offset_us: (windowTime - Date.now()) * 1000 });
  await w.sandbox.admin('write_points', { ...table, points: [
    { measurement: 'cpu', source: 'host-1', tags: { region: 'hz', az: 'a b' }, time_us: 1_600_000_000_000_001,
      fields: { load: 0.5, cores: 8, raw: { base64: 'AP8=' } } },
    { measurement: 'cpu', time_us: 1_600_000_000_000_002, fields: { 'load:double': 1.5, 'load:long': 2 } },
  ] });
  const [one, two] = await places(w, 'metrics', { support_timeseries_data_table: true });
  const column = [...named('_time', '_m_name', '_data_source', '_tags'), { name: 'region', is_timeseries_tag: 'true' },
    { name: 'az', is_timeseries_tag: true }, ...named('load', 'load:double', 'cores', 'raw', 'time')];
  const reader = { dataTable: 'metrics', mode: ROW_MODE, column, isTimeseriesTable: true, isExportSequenceInfo: true,
    binaryFormat: 'hex' };
  const { rows, text } = await exported(w, reader);
  assert.deepEqual(rows, [
    ['1600000000000001', 'cpu', 'host-1', '["az=a b","region=hz"]', 'hz', 'a b', '0.5', '0.5', '8', '00ff',
      '1600000000000001', one],
    ['1600000000000002', 'cpu', '', '[]', '\\N', '\\N', '2', '1.5', '\\N', '\\N', '1600000000000002', two],
  ], text);
  assert.match(text, /left out or changed: 1 x field_collision/);

  const unset = await exported(w, { dataTable: 'metrics', mode: ROW_MODE, column: named('load') });
  assert.notEqual(unset.code, 0);
  assert.match(unset.text, /is a timeseries table.*\(set isTimeseriesTable to true\)/);
  const wrong = await exported(w, { ...reader, dataTable: 'orders' });
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.text, /table orders: it is no time series table; remove isTimeseriesTable/);
});
