// sluice verify: what is in the bucket against what the ledger says, and dirty rows: what is not in the bucket.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { TableStore, ask, fillSeed, lastSlot, localSlot, sluice, startDaemon, until, world,
  writeConfig } from './support.mjs';

const minute = 60_000;
const any = () => new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);

async function write({ sandbox, client }, ms, rows) {
  await sandbox.admin('clock', { offset_us: (ms - Date.now()) * 1000 });
  for (const [uid, name] of Object.entries(rows)) {
    await client.putRow({ tableName: 'orders', condition: any(), primaryKey: [{ uid }], attributeColumns: [{ name }] });
  }
}

const succeeded = (paths, number) => until(`${number} windows`, () =>
  ask(paths, 'instances', 'orders', '--state', 'SUCCESS', '--limit', '100')?.instances.length === number);

// A job of three windows, with `keys` in the writer.
async function exported(t, keys = {}, setting = '"record": "0"') {
  const w = await world(t);
  const to = lastSlot(15);
  const start = to - 20 * minute;
  let script = fillSeed({ table: 'orders', object: 'data/orders' }).replace('"record": "0"', setting);
  for (const [key, value] of Object.entries(keys)) {
    const line = `"${key}": ${JSON.stringify(value)},`;
    const present = new RegExp(`"${key}": "[^"]*",`);
    script = present.test(script) ? script.replace(present, line) : script.replace('"fileFormat":', `${line} "fileFormat":`);
  }
  const paths = writeConfig(w.dir, w.sandbox, { from: start + 10 * minute, to, script, rerun: '{times: 0}' });
  return { ...w, start, paths };
}

async function run(t, w) {
  for (let window = 0; window < 3; window += 1) {
    await write(w, w.start + (5 * window + 1) * minute, { [`a${window}`]: 'one', [`b${window}`]: 'two' });
  }
  await w.sandbox.admin('clock', { offset_us: 0 });
  const daemon = startDaemon(t, w.dir, w.paths);
  await succeeded(w.paths, 3);
  return daemon;
}

const verify = (w, ...more) => sluice(['verify', 'orders', '--socket', w.paths.socket, ...more]);
const names = async (w, prefix) => (await w.store.list({ prefix, 'max-keys': 1000 })).objects?.map(({ name }) => name) ?? [];

test('verify names the object that is gone, the one that was overwritten and the one that was added', async (t) => {
  const w = await exported(t, { manifest: true });
  await run(t, w);
  const good = verify(w);
  assert.equal(good.code, 0, good.out + good.err);
  assert.match(good.out, /^\d+ windows, \d+ objects, 6 rows, [^:]+: all as in the ledger\n$/);

  const objects = await names(w, 'data/orders__');
  const windows = [...new Set(objects.map((name) => name.split('_').slice(0, -1).join('_')))].sort();
  const [first, second, third] = windows.map((prefix) => objects.find((name) => name.startsWith(prefix)));
  const content = (await w.store.get(second)).content;
  const other = Buffer.from(content);
  other[0] ^= 1;
  const added = `${third.slice(0, -'0000.csv'.length)}0007.csv`;
  await w.store.delete(first);
  await w.store.put(second, other);
  await w.store.put(added, Buffer.from('x,y\n'));
  await w.store.put('data/orders-elsewhere.csv', Buffer.from('of somebody else'));
  const manifests = await names(w, '_manifest/');
  assert.ok(manifests.length >= 3, `manifests: ${manifests}`);
  await w.store.delete(manifests[0]);

  const bad = verify(w);
  assert.equal(bad.code, 1, bad.err);
  const lines = bad.out.trim().split('\n');
  const found = (kind, object) => lines.some((line) => line.includes(`  ${kind}  ${object} `));
  assert.ok(found('missing', first), bad.out);
  assert.ok(found('checksum', second), bad.out);
  assert.ok(found('unexpected', added), bad.out);
  assert.ok(found('manifest_missing', manifests[0]), bad.out);
  assert.match(lines.at(-1), /: 4 differences$/);

  await w.store.put(second, Buffer.concat([content, Buffer.from('more\n')]));
  const json = verify(w, '--output', 'json');
  assert.equal(json.code, 1);
  const report = JSON.parse(json.out);
  assert.equal(report.differences, 4);
  const kinds = report.windows.flatMap(({ differences }) => differences.map(({ kind, object }) => `${kind} ${object}`));
  assert.deepEqual(kinds.sort(),
    [`manifest_missing ${manifests[0]}`, `missing ${first}`, `size ${second}`, `unexpected ${added}`].sort());

  // The window of the object that is gone is outside of this range.
  const later = verify(w, '--from', localSlot(w.start + 15 * minute), '--to', localSlot(w.start + 25 * minute), '--output', 'json');
  assert.equal(later.code, 1);
  assert.equal(JSON.parse(later.out).windows.length, 2);
  const none = verify(w, '--from', '2018-10-16', '--to', '2018-10-17');
  assert.deepEqual([none.code, none.out], [3, 'no window of orders has succeeded in that range: nothing was compared\n']);
  assert.equal(sluice(['verify', 'nobody', '--socket', w.paths.socket]).code, 3);

  // Rerunning puts right what belongs to the window.
  for (const window of [0, 1]) {
    assert.equal(sluice(['rerun', `orders@${localSlot(w.start + (10 + 5 * window) * minute)}`, '--socket', w.paths.socket]).code, 0);
  }
  await until('the reruns', () => ask(w.paths, 'instances', 'orders', '--state', 'SUCCESS').instances.length === 3
    && verify(w).out.match(/: 1 differences\n$/));
  assert.deepEqual((await w.store.get(second)).content, content);
});

test('rows that the encoding cannot hold are left out, kept in a file and shown', async (t) => {
  const w = await exported(t, { encoding: 'GBK' }, '"record": "2"');
  await write(w, w.start + minute, { good: '订单', bad: 'smile 😀', worse: '\u{1F680}', fine: 'plain' });
  await w.sandbox.admin('clock', { offset_us: 0 });
  startDaemon(t, w.dir, w.paths);
  await succeeded(w.paths, 3);
  const shown = ask(w.paths, 'show', `orders@${localSlot(w.start + 10 * minute)}`);
  assert.equal(shown.rows, 2);
  assert.equal(shown.objects.reduce((sum, { rows }) => sum + rows, 0), 2);
  const [attempt] = shown.attempts;
  assert.equal(attempt.statistics.dirty_rows, 2);
  assert.equal(statSync(attempt.dirty_file).mode & 0o777, 0o640);
  const kept = readFileSync(attempt.dirty_file, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(kept.map(({ column, values }) => [column, values]).sort(),
    [['name', ['bad', 'smile 😀']], ['name', ['worse', '\u{1F680}']]]);
  const bytes = (await w.store.get(shown.objects.find(({ rows }) => rows > 0).name)).content;
  const text = new TextDecoder('gbk', { fatal: true }).decode(bytes);
  assert.deepEqual(text.trim().split('\n').sort(), ['fine,plain', 'good,订单']);
  const human = sluice(['show', shown.id, '--socket', w.paths.socket]).out;
  assert.ok(human.includes(`attempt 1: 2 dirty rows left out, kept in ${attempt.dirty_file}`), human);
  const log = sluice(['logs', shown.id, '--socket', w.paths.socket]).out;
  assert.match(log, /warning dirty row \d+ of shard \d+: column name /);
  assert.match(log, /2 dirty rows left out, kept in /);
  assert.equal(verify(w).code, 0);
});

test('one dirty row more than allowed fails the window, leaves no object and keeps the rows to look at', async (t) => {
  const w = await exported(t, { encoding: 'GBK' }, '"record": "", "percentage": "0.4"');
  await write(w, w.start + minute, { good: 'x', bad: '😀' });
  await w.sandbox.admin('clock', { offset_us: 0 });
  await startDaemon(t, w.dir, w.paths).ready();
  const id = `orders@${localSlot(w.start + 10 * minute)}`;
  const shown = await until('the window to fail', () => {
    const now = ask(w.paths, 'show', id);
    return now.state === 'FAILURE' && now;
  });
  assert.equal(shown.attempts[0].error_code, 'dirty_limit');
  assert.match(shown.reason, /1 of 2 rows are dirty, 50 %; setting\.errorLimit\.percentage allows 40 %/);
  assert.ok(existsSync(shown.attempts[0].dirty_file));
  assert.deepEqual(await names(w, 'data/'), []);
});
