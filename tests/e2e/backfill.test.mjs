// Backfills with real processes: what they write is what the recurring run wrote, and neither operators nor kills make
// them lose or repeat a window.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { ask, lastSlot, localSlot, sluice, startDaemon, TableStore, until, world, writeConfig } from './support.mjs';

const minute = 60_000;
const at = (ms) => localSlot(ms).slice(0, 16);  // as it is typed
const states = (backfill) => Object.fromEntries(Object.entries(backfill.counts).filter(([, count]) => count > 0));

const any = new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);

// Rows in the windows of the slots [from, to], each written at the time of its window.
async function putRows(sandbox, client, from, to) {
  for (let slot = from; slot <= to; slot += 5 * minute) {
    await sandbox.admin('clock', { offset_us: (slot - 9 * minute - Date.now()) * 1000 });
    for (const name of ['a', 'b', 'c']) {
      await client.putRow({ tableName: 'orders', condition: any, primaryKey: [{ uid: `${at(slot)} ${name}` }],
        attributeColumns: [{ name }] });
    }
  }
  await sandbox.admin('clock', { offset_us: 0 });
}

// Every object under the prefix with its bytes.
async function contents(store, prefix) {
  const found = {};
  const page = await store.list({ prefix, 'max-keys': 500 });
  for (const object of page.objects ?? []) found[object.name] = (await store.get(object.name)).content.toString('base64');
  return found;
}

// A daemon with `count` slots that are past, each exported by its recurring instance.
async function exported(t, count, options = {}) {
  const all = await world(t);
  const to = lastSlot(5 * count + 10);
  const from = to - 5 * (count - 1) * minute;
  await putRows(all.sandbox, all.client, from - 10 * minute, to);
  const paths = writeConfig(all.dir, all.sandbox, { from, to, ...options });
  const daemon = startDaemon(t, all.dir, paths);
  await daemon.ready();
  await until('the recurring windows', () =>
    ask(paths, 'instances', 'orders', '--state', 'SUCCESS').instances.length === count);
  const run = (...args) => sluice([...args, '--socket', paths.socket]);
  return { ...all, paths, daemon, from, to, run, range: ['--from', at(from), '--to', at(to + 5 * minute)] };
}

const show = (paths, id) => ask(paths, 'backfill', 'show', `${id}`);
const ended = (paths, id, state = 'done') =>
  until(`backfill ${id} to be ${state}`, () => show(paths, id).state === state);

test('a backfill is previewed, leaves out what is there, and repeats it byte for byte', async (t) => {
  const { paths, store, range, run } = await exported(t, 6);
  const before = await contents(store, 'demo/');
  assert.ok(Object.keys(before).length > 0);

  const nothing = run('backfill', 'orders', ...range, '--dry-run');
  assert.equal(nothing.code, 5, nothing.err + nothing.out);
  assert.match(nothing.err, /nothing to run.*--all repeats them/);
  const preview = ask(paths, 'backfill', 'orders', ...range, '--all', '--dry-run');
  assert.equal(preview.runs, 6);
  assert.equal(preview.instances.length, 6);
  assert.ok(preview.instances.every((one) => one.object && one.values), 'values and objects are shown');
  assert.deepEqual(ask(paths, 'backfills').backfills, [], 'a preview writes nothing');

  for (const object of Object.keys(before)) await store.delete(object);
  const made = ask(paths, 'backfill', 'orders', ...range, '--all', '--parallel', '2');
  await ended(paths, made.id);
  assert.deepEqual(states(show(paths, made.id)), { SUCCESS: 6 });
  assert.deepEqual(await contents(store, 'demo/'), before);
  const verified = run('verify', made.groups[0].chain);
  assert.equal(verified.code, 0, verified.out + verified.err);

  const audit = ask(paths, 'audit', '--action', 'backfill').entries;
  assert.equal(audit.length, 1);
  assert.match(audit[0].detail, /parallel 2, asc, all/);
  assert.match(run('backfill', 'show', `${made.id}`).out, /: done, 6 of 6 done/);
  assert.match(run('backfills').out, /orders +done/);
});

test('a backfill of what is missing runs just that', async (t) => {
  const { paths, from, to, store, run } = await exported(t, 4);
  // The job did not exist for the two slots before, so they have neither instance nor object.
  const before = await contents(store, 'demo/');
  const yaml = readFileSync(paths.jobFile, 'utf8').replace(/\n {2}from: .*\n/, '\n');
  writeFileSync(paths.jobFile, yaml);
  assert.equal(run('reload').code, 0);
  const slots = ['--range', `${at(from - 10 * minute)}..${at(from)}`, '--range', `${at(from)}..${at(to + 5 * minute)}`];
  const preview = ask(paths, 'backfill', 'orders', ...slots, '--dry-run');
  assert.equal(preview.runs, 2);
  assert.equal(preview.left_out, 4);
  const made = ask(paths, 'backfill', 'orders', ...slots);
  await ended(paths, made.id);
  assert.equal(show(paths, made.id).left_out, 4);
  const after = await contents(store, 'demo/');
  for (const [name, bytes] of Object.entries(before)) assert.equal(after[name], bytes, name);
});

test('a backfill is paused, goes on and is cancelled, with exit codes that tell what happened', async (t) => {
  const { paths, range, run } = await exported(t, 8);
  // Its run hours lie half a day away, so nothing starts while it is looked at.
  const hour = (new Date(Date.now() + 8 * 3_600_000).getUTCHours() + 12) % 24;
  const clock = (h) => `${String(h % 24).padStart(2, '0')}:00`;
  const held = ask(paths, 'backfill', 'orders', ...range, '--all', '--run-between', `${clock(hour)}-${clock(hour + 1)}`);
  await until('its instances', () => show(paths, held.id).planned);
  const why = run('why', `${held.groups[0].chain}@${localSlot(Date.parse(held.from))}`);
  assert.match(why.out, new RegExp(`backfill ${held.id} starts instances ${clock(hour)}-`));
  assert.equal(run('backfill', 'pause', `${held.id}`).code, 0);
  assert.equal(show(paths, held.id).state, 'paused');
  assert.equal(run('backfill', 'pause', `${held.id}`).code, 5, 'it is paused already');
  assert.equal(run('backfill', 'resume', `${held.id}`).code, 0);
  assert.equal(show(paths, held.id).state, 'running');
  assert.equal(run('backfill', 'cancel', `${held.id}`).code, 0);
  assert.deepEqual(states(show(paths, held.id)), { SKIPPED: 8 });
  assert.equal(run('backfill', 'resume', `${held.id}`).code, 5, 'what is cancelled stays so');
  assert.deepEqual(ask(paths, 'audit', `backfill ${held.id}`).entries.map((entry) => entry.action),
    ['backfill cancel', 'backfill resume', 'backfill pause']);

  assert.equal(run('backfill', 'show', '99').code, 3);
  assert.equal(run('backfill', 'nobody', ...range).code, 3);
  assert.equal(run('backfill', 'orders').code, 2);
  assert.equal(run('backfill', 'orders', ...range, '--order', 'desc').code, 2);
  assert.equal(sluice(['backfills', '--socket', `${paths.socket}.none`]).code, 4);
});

test('a backfill survives kills of the daemon in the middle, and writes each window once', async (t) => {
  const count = 24;
  let { paths, dir, daemon, store, sandbox, range } = await exported(t, count);
  const before = await contents(store, 'demo/');
  for (const object of Object.keys(before)) await store.delete(object);
  // Slow answers, so that the kills fall into its windows.
  await sandbox.admin('faults', [{ service: 'oss', every: 1, action: 'delay_ms', value: 100 }]);
  const made = ask(paths, 'backfill', 'orders', ...range, '--all', '--alerts', 'both');
  for (let done = 1; done <= 3; ++done) {
    await until('some of it', () => (show(paths, made.id).counts.SUCCESS ?? 0) >= done * 4);
    await daemon.kill('SIGKILL');
    daemon = startDaemon(t, dir, paths);
    await daemon.ready();
  }
  await sandbox.admin('faults', []);
  await ended(paths, made.id);
  assert.deepEqual(states(show(paths, made.id)), { SUCCESS: count });
  assert.deepEqual(await contents(store, 'demo/'), before);
  const incident = await until('its end to be told of', () =>
    ask(paths, 'incidents', '--all').incidents.find((one) => one.rule === 'backfill_done'));
  assert.equal(incident.job, 'orders');
  assert.deepEqual(await daemon.kill('SIGTERM'), { code: 0, signal: null }, daemon.text());
});
