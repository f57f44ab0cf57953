// The users' job, verbatim: the official Table Store SDK writes, sluice exports, the official OSS SDK reads.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { TableStore, ask, downloadRows, lastSlot, localSlot, startDaemon, sluice, until, untilDayIsLong, world,
  writeConfig } from './support.mjs';

const { Long } = TableStore;
const any = () => new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);

// Values of every type, and the text each must have in the CSV.
const values = [
  ['plain', 'plain'],
  ['comma, inside', 'comma, inside'],
  ['quote " inside', 'quote " inside'],
  ['line\nfeed', 'line\nfeed'],
  ['carriage\r\nreturn', 'carriage\r\nreturn'],
  [' blanks kept ', ' blanks kept '],
  ['', ''],
  ['null', 'null'],
  ['#hash', '#hash'],
  ['表格存储，增量', '表格存储，增量'],
  ['emoji 🙂', 'emoji 🙂'],
  [Long.fromString('0'), '0'],
  [Long.fromString('-42'), '-42'],
  [Long.fromString('9223372036854775807'), '9223372036854775807'],
  [Long.fromString('-9223372036854775808'), '-9223372036854775808'],
  [0.5, '0.5'],
  [-1234.25, '-1234.25'],
  [1e21, '1000000000000000000000'],
  [true, 'true'],
  [false, 'false'],
  [Buffer.from('bytes of text', 'utf8'), 'bytes of text'],
];

// Sets the time that the next records of the stream carry.
const recordTime = (sandbox, ms) => sandbox.admin('clock', { offset_us: (ms - Date.now()) * 1000 });

async function write(client, table, kind, uid, name) {
  const primaryKey = [{ uid }];
  if (kind === 'put') {
    const attributeColumns = name === undefined ? [{ other: 'x' }] : [{ name }, { other: 'x' }];
    return client.putRow({ tableName: table, condition: any(), primaryKey, attributeColumns });
  }
  if (kind === 'update') {
    return client.updateRow({ tableName: table, condition: any(), primaryKey,
      updateOfAttributeColumns: [{ PUT: [{ name }] }, { DELETE_ALL: ['other'] }] });
  }
  return client.deleteRow({ tableName: table, condition: any(), primaryKey });
}

test('rows of every type written by the official SDK arrive exactly, in order, window by window', async (t) => {
  const { dir, sandbox, client, store } = await world(t);

  const to = lastSlot(60);
  const first = to - 60 * 60_000;
  const expected = [];
  const paths = writeConfig(dir, sandbox, { from: first + 600_000, to });
  const put = async (minute, kind, uid, name, text) => {
    await recordTime(sandbox, first + minute * 60_000);
    await write(client, 'orders', kind, uid, name);
    if (kind !== 'delete') expected.push([uid, text ?? 'null']);
  };

  let minute = 0;
  for (const [value, text] of values) await put((minute += 1), 'put', `u${minute}`, value, text);
  await put((minute += 1), 'put', 'u-missing', undefined);
  await put((minute += 1), 'update', 'u1', 'updated, "twice"', 'updated, "twice"');
  await put((minute += 1), 'delete', 'u2');
  await put((minute += 1), 'put', 'u2', 'again', 'again');
  for (let i = 0; i < 10; i++) await put((minute += 1), 'put', `late${i}`, `l${i}`, `l${i}`);

  const daemon = startDaemon(t, dir, paths);
  const done = await until('the overdue windows', () => {
    assert.equal(daemon.child.exitCode, null, daemon.text());
    const list = ask(paths, 'instances', 'orders', '--state', 'SUCCESS', '--limit', '100');
    return list && list.instances.length === 11 ? list : null;
  });
  assert.ok(done.instances.every((instance) => instance.attempt_count === 1));

  const objects = await downloadRows(store);
  assert.ok(objects.every((object) => /^demo\/orders\/\d{8}__\d{14}_\d{14}_\d{4}\.csv$/.test(object.name)),
    JSON.stringify(objects.map((object) => object.name)));
  assert.deepEqual(objects.flatMap((object) => object.rows), expected);

  // Each row lies in the object of the window that holds its record time.
  const inFirst = objects[0].rows.length;
  assert.equal(inFirst, 4, 'minutes 1 to 4 are in the first window, minute 5 is the second one\'s first');

  const coverage = ask(paths, 'coverage', 'orders');
  assert.equal(coverage.coverage[0].gaps.length, 0);

  assert.deepEqual(await daemon.kill('SIGTERM'), { code: 0, signal: null }, daemon.text());
});

test('a day of instances is visible before it is due, with frozen values', async (t) => {
  const { dir, sandbox } = await world(t);
  const paths = writeConfig(dir, sandbox);
  await untilDayIsLong();
  const local = Date.now() + 8 * 3_600_000;
  startDaemon(t, dir, paths);
  const tomorrow = new Date(local + 86_400_000).toISOString().slice(0, 10);
  const list = await until('tomorrow\'s instances', () => {
    const answer = ask(paths, 'instances', 'orders', '--date', tomorrow, '--limit', '1000');
    return answer && answer.instances.length === 288 ? answer.instances : null;
  });
  const one = list.find((instance) => instance.id === `orders@${tomorrow}T00:05+08:00`);
  assert.equal(one.state, 'NOT_RUN');
  const day = tomorrow.replaceAll('-', '');
  const today = new Date(local).toISOString().slice(0, 10).replaceAll('-', '');
  const shown = ask(paths, 'show', one.id);
  assert.deepEqual(shown.values, { start_time: `${today}235500`, end_time: `${day}000000`, date: today });
});

test('a row is exported once whatever shard a split or a merge puts its key into', async (t) => {
  const { dir, sandbox, client, store } = await world(t);
  const to = lastSlot(40);
  const first = to - 40 * 60_000;
  const paths = writeConfig(dir, sandbox, { from: first + 600_000, to });
  const expected = new Map();
  for (let minute = 1; minute < 30; minute++) {
    await recordTime(sandbox, first + minute * 60_000);
    for (const uid of ['a', 'g', 'm', 's', 'z']) {
      await write(client, 'orders', 'put', uid, `${uid}${minute}`);
      expected.set(uid, [...(expected.get(uid) ?? []), `${uid}${minute}`]);
    }
    if (minute === 8 || minute === 17) await sandbox.admin('split', { instance: 'demo', table: 'orders' });
    if (minute === 23) await sandbox.admin('merge', { instance: 'demo', table: 'orders' });
  }
  startDaemon(t, dir, paths);
  await until('the overdue windows', () => {
    const list = ask(paths, 'instances', 'orders', '--state', 'SUCCESS', '--limit', '100');
    return list && list.instances.length === 7;
  });
  const got = new Map();
  for (const object of await downloadRows(store)) {
    for (const [uid, name] of object.rows) got.set(uid, [...(got.get(uid) ?? []), name]);
  }
  assert.deepEqual([...got].sort(), [...expected].sort());
});

test('one window in the foreground: sluice run prints statistics and leaves the object', async (t) => {
  const { dir, sandbox, client, store } = await world(t);
  const slot = lastSlot();
  await recordTime(sandbox, slot - 8 * 60_000);
  await write(client, 'orders', 'put', 'one', 'row');
  const paths = writeConfig(dir, sandbox);
  const result = sluice(['run', paths.jobFile, '--config', paths.config, '--at', localSlot(slot)]);
  assert.equal(result.code, 0, result.err + result.out);
  assert.match(result.out, /1 row/);
  const objects = await downloadRows(store);
  assert.deepEqual(objects.map((object) => object.rows), [[['one', 'row']]]);
});
