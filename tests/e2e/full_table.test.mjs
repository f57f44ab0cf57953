// A table and then its stream: what is in the bucket, laid one over the other, is the table.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { TableStore, ask, downloadRows, lastSlot, localSlot, pause, sluice, startDaemon, until, world, writeConfig }
  from './support.mjs';

const any = () => new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);
const NULL = '\\N';

// A script in the users' form; `reader` and `writer` add keys or replace them.
function script({ plugin = 'otsstream', reader = {}, writer = {} } = {}) {
  const stream = { startTimestampMillis: '${start_time}', endTimestampMillis: '${end_time}', settle: '1s',
    mode: 'single_version_and_update_only', exportOpType: true, deletes: 'export' };
  return JSON.stringify({ type: 'job', version: '1.0', configuration: {
    reader: { plugin, parameter: { datasource: 'source', dataTable: 'orders',
      column: ['uid', 'a', 'b'].map((name) => ({ name })), ...(plugin === 'otsstream' ? stream : {}), ...reader } },
    writer: { plugin: 'oss', parameter: { datasource: 'target', object: 'demo/orders', writeMode: 'truncate',
      fileFormat: 'csv', nullFormat: NULL, ...writer } } } });
}

// Sets the time that the next records of the stream carry.
const recordTime = (sandbox, ms) => sandbox.admin('clock', { offset_us: Math.round((ms - Date.now()) * 1000) });

// `count` rows that were there before; those whose number is divisible by `heavy` are of 1 MB, most of it in a column
// nobody exports, so that the table is large and its objects are not.
async function fillTable(client, count, heavy) {
  let batch = [];
  let bytes = 0;
  const send = async () => {
    if (batch.length) await client.batchWriteRow({ tables: [{ tableName: 'orders', rows: batch }] });
    batch = [];
    bytes = 0;
  };
  for (let i = 0; i < count; i++) {
    const size = heavy && i % heavy === 0 ? 1_000_000 : 10;
    if (batch.length === 100 || bytes + size > 3_500_000) await send();
    batch.push({ type: 'PUT', condition: any(), primaryKey: [{ uid: uid(i) }],
      attributeColumns: [{ a: `old ${i}` }, { b: i % 3 ? `old, "${i}"` : '' }, { ballast: 'x'.repeat(size) }] });
    bytes += size + 100;
  }
  await send();
}
const uid = (i) => `u${String(i).padStart(5, '0')}`;

const switchStreamOn = (client) => client.updateTable({ tableName: 'orders', tableOptions: { timeToLive: -1, maxVersions: 1 },
  streamSpecification: { enableStream: true, expirationTime: 24 } });

// One change of a random row: all of its exported columns are set, or it goes.
async function change(client, random, version) {
  const primaryKey = [{ uid: uid(Math.floor(random() * 700)) }];
  const dice = random();
  if (dice < 0.4) {
    await client.putRow({ tableName: 'orders', condition: any(), primaryKey,
      attributeColumns: [{ a: `put ${version}` }, { b: `b ${version}` }] });
  } else if (dice < 0.7) {
    await client.updateRow({ tableName: 'orders', condition: any(), primaryKey,
      updateOfAttributeColumns: [{ PUT: [{ a: `update ${version}` }, { b: `"b" ${version}` }] }] });
  } else {
    await client.deleteRow({ tableName: 'orders', condition: any(), primaryKey });
  }
}

function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

// The table as the official SDK reads it: {uid: [a, b]}.
async function readTable(client) {
  const rows = {};
  let start = [{ uid: TableStore.INF_MIN }];
  do {
    const page = await client.getRange({ tableName: 'orders', direction: TableStore.Direction.FORWARD, maxVersions: 1,
      limit: 500, inclusiveStartPrimaryKey: start, exclusiveEndPrimaryKey: [{ uid: TableStore.INF_MAX }],
      columnsToGet: ['uid', 'a', 'b'] });
    for (const row of page.rows) {
      const cells = Object.fromEntries((row.attributes ?? []).map((cell) => [cell.columnName, cell.columnValue]));
      rows[row.primaryKey[0].value] = [cells.a ?? NULL, cells.b ?? NULL];
    }
    start = page.nextStartPrimaryKey?.map((part) => ({ [part.name]: part.value }));
  } while (start);
  return rows;
}

// Lays windows over the table's rows. A key is in one object of the table only.
function replay(objects) {
  const rows = {};
  for (const object of objects.filter((found) => found.name.includes('__full_'))) {
    for (const [key, a, b, op] of object.rows) {
      assert.equal(op, 'PUT');
      assert.ok(!(key in rows), `${key} is twice in the table's objects`);
      rows[key] = [a, b];
    }
  }
  for (const object of objects.filter((found) => !found.name.includes('__full_'))) {
    for (const [key, a, b, op] of object.rows) {
      if (op === 'DELETE') delete rows[key];
      else rows[key] = [a, b];
    }
  }
  return rows;
}

const openUploads = async (store) => ((await store.listUploads({ 'max-uploads': 100 })).uploads ?? []).length;

test('a table is loaded while it changes, through a kill, and its stream goes on without a seam', async (t) => {
  const { dir, sandbox, client, store } = await world(t, { stream: false });
  const random = generator(7);
  const to = lastSlot(35);
  const first = to - 35 * 60_000;  // where the first window begins
  let version = 0;

  await recordTime(sandbox, first - 600_000);  // versions of cells must not step back
  await fillTable(client, 600, 4);  // 150 MB: more than one range
  await recordTime(sandbox, first - 60_000);
  await switchStreamOn(client);
  for (; version < 40; version++) await change(client, random, version);

  const paths = writeConfig(dir, sandbox, { from: first + 600_000, to, script: script({ reader: { fullTableFirst: true } }),
    rerun: '{times: 3, interval: 0s}' });
  await sandbox.admin('faults', [{ service: 'ots', operation: 'GetRange', every: 1, action: 'delay_ms', value: 40 }]);
  const second = `orders@${localSlot(first + 900_000)}`;
  let daemon = startDaemon(t, dir, paths);
  await until('the second instance to be planned', () => ask(paths, 'instances', 'orders', '--limit', '1000')?.instances
    .some((instance) => instance.id === second));
  assert.equal(sluice(['freeze', second, '--socket', paths.socket]).code, 0);

  // Changes go on, and record time with them: from the first window into those behind it.
  let done = false;
  const writing = (async () => {
    for (let minute = 1; !done && minute < 2000; minute++) {
      await recordTime(sandbox, first + Math.min(minute * 2_000, 22 * 60_000));
      for (let i = 0; i < 3; i++) await change(client, random, version++);
      await pause(20);
    }
  })();

  const ranges = async () => (await sandbox.admin('stats')).requests['ots.GetRange'] ?? 0;
  await until('the load to be under way', async () => (await ranges()) > 12);
  assert.equal(daemon.child.exitCode, null, daemon.text());
  await daemon.kill('SIGKILL');
  assert.deepEqual(await downloadRows(store), [], 'nothing of the killed load is visible');
  daemon = startDaemon(t, dir, paths);
  const state = () => ask(paths, 'instances', 'orders', '--limit', '1000')?.instances;
  const one = `orders@${localSlot(first + 600_000)}`;
  await until('the first window', async () => {
    assert.equal(daemon.child.exitCode, null, daemon.text());
    return (await state())?.some((instance) => instance.id === one && instance.state === 'SUCCESS');
  }, 120_000);
  done = true;
  await writing;
  await recordTime(sandbox, first + 24 * 60_000);
  for (let i = 0; i < 20; i++) await change(client, random, version++);
  await sandbox.admin('faults', []);
  await sandbox.admin('clock', { offset_us: 0 });

  assert.equal(sluice(['unfreeze', second, '--socket', paths.socket]).code, 0);
  await until('the windows behind it', async () => {
    const list = await state();
    return list && list.filter((instance) => instance.state === 'SUCCESS').length === 6;
  });
  const objects = await downloadRows(store);
  const table = objects.filter((object) => object.name.includes('__full_'));
  assert.ok(table.length >= 2, JSON.stringify(objects.map((object) => object.name)));
  const stamp = localSlot(first).replace(/[-T:]/g, '').slice(0, 12) + '00';
  assert.deepEqual(table.map((object) => object.name), table.map((_, i) => `demo/orders__full_${stamp}_000${i}.csv`));
  const changed = table.flatMap((object) => object.rows).filter(([, a]) => !a.startsWith('old')).map(([key]) => key);
  const later = new Set(objects.slice(0, -table.length).flatMap((object) => object.rows.map(([key]) => key)));
  assert.ok(changed.some((key) => later.has(key)), 'some rows are both in the table and in its stream');
  assert.deepEqual(replay(objects), await readTable(client));
  assert.equal(await openUploads(store), 0, 'no multipart upload stays open');

  // Both belong to the first instance; a repetition of it leaves the table's alone.
  const shown = () => ask(paths, 'show', one);
  const before = shown();
  assert.equal(before.objects.length, table.length + 1, JSON.stringify(before.objects));
  const requests = await ranges();
  assert.equal(sluice(['rerun', one, '--socket', paths.socket]).code, 0);
  await until('the repetition', () => {
    const after = shown();
    return after.attempt_count === before.attempt_count + 1 && after.state === 'SUCCESS';
  });
  assert.equal(await ranges(), requests, 'the table is not read again');
  assert.deepEqual(shown().objects, before.objects);
  assert.equal(shown().rows, before.rows, 'the rows of the table still count');
  assert.deepEqual(await downloadRows(store), objects);
  const verified = sluice(['verify', 'orders', '--socket', paths.socket]);
  assert.equal(verified.code, 0, verified.out + verified.err);
  t.diagnostic(`${version} changes, ${Object.keys(replay(objects)).length} rows`);
});

test('a load by hand says from where the daemon follows', async (t) => {
  const { dir, sandbox, client, store } = await world(t, { stream: false });
  const random = generator(11);
  const to = lastSlot(25);
  const first = to - 25 * 60_000;
  let version = 0;
  await recordTime(sandbox, first - 600_000);
  await fillTable(client, 300);
  await switchStreamOn(client);
  const changes = async (minute) => {
    await recordTime(sandbox, first + minute * 60_000);
    for (let i = 0; i < 20; i++) await change(client, random, version++);
  };
  await changes(1);
  await changes(4);

  const loose = writeConfig(dir, sandbox, { script: script() });
  const at = localSlot(first + 600_000);
  const run = sluice(['run', loose.jobFile, '--config', loose.config, '--at', at, '--full-then-stream']);
  assert.equal(run.code, 0, run.err + run.out);
  const from = run.out.match(/schedule\.from: "([^"]+)"/)?.[1];
  assert.equal(from, localSlot(first + 900_000), run.out);
  const json = sluice(['run', loose.jobFile, '--config', loose.config, '--at', at, '--full-then-stream', '--output', 'json']);
  assert.equal(JSON.parse(json.out).schedule_from, from);
  assert.equal(JSON.parse(json.out).statistics.table_rows > 200, true);

  await changes(7);
  await changes(14);
  await sandbox.admin('clock', { offset_us: 0 });
  const paths = writeConfig(dir, sandbox, { from: first + 900_000, to, script: script() });
  startDaemon(t, dir, paths);
  await until('the windows that are due', () => {
    const list = ask(paths, 'instances', 'orders', '--state', 'SUCCESS', '--limit', '100');
    return list && list.instances.length === 3;
  });
  const objects = await downloadRows(store);
  assert.deepEqual(replay(objects), await readTable(client));
  const records = objects.filter((object) => !object.name.includes('__full_')).flatMap((object) => object.rows);
  assert.equal(records.length, version, 'each change is in one window');
});

test('a load that fails at any step leaves nothing, and the next one replaces all', async (t) => {
  const { dir, sandbox, client, store } = await world(t, { stream: false });
  const slot = lastSlot();
  await recordTime(sandbox, slot - 3_600_000);
  await fillTable(client, 30);
  await switchStreamOn(client);
  await recordTime(sandbox, slot - 8 * 60_000);
  for (let i = 0; i < 5; i++) await change(client, generator(i), i);
  await sandbox.admin('clock', { offset_us: 0 });
  const paths = writeConfig(dir, sandbox, { script: script() });
  const load = () => sluice(['run', paths.jobFile, '--config', paths.config, '--at', localSlot(slot), '--full-then-stream']);

  let steps = 0;
  for (let nth = 1; nth < 60; nth++) {
    await sandbox.admin('faults', [
      { service: 'oss', nth, action: 'status', value: 403, code: 'AccessDenied' }]);
    const result = load();
    await sandbox.admin('faults', []);
    if (result.code === 0) break;
    steps = nth;
    assert.deepEqual(await downloadRows(store), [], `request ${nth} to the bucket failed`);
    assert.equal(await openUploads(store), 0);
  }
  assert.ok(steps >= 5, `${steps} requests to the bucket`);
  await store.deleteMulti((await downloadRows(store)).map((object) => object.name));
  for (let nth = 1; nth < 60; nth++) {
    await sandbox.admin('faults', [
      { service: 'ots', nth, action: 'status', value: 403, code: 'OTSNoPermissionAccess' }]);
    const result = load();
    await sandbox.admin('faults', []);
    if (result.code === 0) break;
    steps = nth;
    assert.deepEqual(await downloadRows(store), [], `request ${nth} to Table Store failed`);
  }
  assert.ok(steps >= 8, `${steps} requests to Table Store`);
  assert.equal(load().code, 0);
  assert.deepEqual(replay(await downloadRows(store)), await readTable(client));
});

test('plugin ots exports a table as it is, whole or a range of it, and again', async (t) => {
  const { dir, sandbox, client, store } = await world(t, { stream: false });
  await fillTable(client, 1200);
  const slot = lastSlot();
  const whole = writeConfig(dir, sandbox, { job: 'orders', script: script({ plugin: 'ots',
    reader: { column: ['uid', { name: 'a' }, 'b'] } }) });
  const run = (paths) => {
    const result = sluice(['run', paths.jobFile, '--config', paths.config, '--at', localSlot(slot)]);
    assert.equal(result.code, 0, result.err + result.out);
    return result;
  };
  const rowsOf = async () => (await downloadRows(store)).flatMap((object) => object.rows);
  const tableRows = async () => Object.entries(await readTable(client)).map(([key, values]) => [key, ...values]);
  run(whole);
  assert.deepEqual(await rowsOf(), await tableRows());
  const names = (await downloadRows(store)).map((object) => object.name);
  const stamp = (ms) => localSlot(ms).replace(/[-T:]/g, '').slice(0, 12) + '00';
  assert.deepEqual(names, [`demo/orders__${stamp(slot - 300_000)}_${stamp(slot)}_0000.csv`]);

  await client.deleteRow({ tableName: 'orders', condition: any(), primaryKey: [{ uid: uid(3) }] });
  await client.putRow({ tableName: 'orders', condition: any(), primaryKey: [{ uid: 'zzz' }], attributeColumns: [{ a: '新' }] });
  run(whole);
  assert.deepEqual(await rowsOf(), await tableRows());
  assert.deepEqual((await downloadRows(store)).map((object) => object.name), names, 'the same window, the same object');

  const part = writeConfig(dir, sandbox, { script: script({ plugin: 'otsreader', writer: { object: 'part', writeSingleObject: true },
    reader: { range: { begin: [{ type: 'STRING', value: uid(5) }], end: [{ type: 'string', value: uid(8) }] } } }) });
  run(part);
  assert.deepEqual((await downloadRows(store, 'part')).map((object) => [object.name, object.rows.map((row) => row[0])]),
    [['part', [uid(5), uid(6), uid(7)]]]);
});

test('a job exports its table on a schedule, and may follow the stream from some slot on', async (t) => {
  const { dir, sandbox, client, store } = await world(t);
  const to = lastSlot(10);
  const slot = (i) => `orders@${localSlot(to - 600_000 + i * 300_000)}`;
  await recordTime(sandbox, to - 3_600_000);
  await fillTable(client, 10);
  await recordTime(sandbox, to - 8 * 60_000);  // the window of the last slot, when it is a stream's
  await client.putRow({ tableName: 'orders', condition: any(), primaryKey: [{ uid: 'new' }], attributeColumns: [{ a: 'x' }, { b: 'y' }] });
  await sandbox.admin('clock', { offset_us: 0 });

  await sandbox.admin('faults', [{ service: 'ots', operation: 'GetRange', every: 1, action: 'delay_ms', value: 1000 }]);
  const options = { from: to - 600_000, to };
  const paths = writeConfig(dir, sandbox, { ...options, script: script({ plugin: 'ots' }) });
  const daemon = startDaemon(t, dir, paths);
  const states = () => Object.fromEntries(ask(paths, 'instances', 'orders', '--limit', '1000')?.instances
    .map((instance) => [instance.id, instance.state]) ?? []);
  await until('the instances', () => states()[slot(2)]);
  assert.equal(sluice(['freeze', slot(2), '--socket', paths.socket]).code, 0);
  await sandbox.admin('faults', []);
  await until('two exports', () => states()[slot(1)] === 'SUCCESS');
  const tables = await downloadRows(store);
  assert.equal(tables.length, 2);
  for (const table of tables) assert.equal(table.rows.length, 11);
  assert.equal(ask(paths, 'show', slot(1)).values['bdp.system.cyctime'], localSlot(to - 300_000).replace(/[-T:]/g, '').slice(0, 12) + '00');
  assert.deepEqual(await daemon.kill('SIGTERM'), { code: 0, signal: null }, daemon.text());

  writeConfig(dir, sandbox, { ...options, script: script() });
  await startDaemon(t, dir, paths).ready();
  assert.equal(sluice(['unfreeze', slot(2), '--latest', '--socket', paths.socket]).code, 0);
  await until('the first window of the stream', () => states()[slot(2)] === 'SUCCESS');
  const shown = ask(paths, 'show', slot(2));
  assert.deepEqual((await downloadRows(store, shown.objects[0].name)).map((object) => object.rows), [[['new', 'x', 'y', 'PUT']]]);
});
