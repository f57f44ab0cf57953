// Every request of an upload broken in every way the fault script knows: the objects are there, complete and right, or
// the run failed and neither an object nor an open upload is left.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { noProxies } from './network.mjs';
import { SLUICE, TableStore, fillSeed, lastSlot, localSlot, oss, startProcess, startSandbox, tableStore, workDir,
  writeConfig } from './support.mjs';

const slot = lastSlot();
const WORKERS = 4;

// The requests of the window below, in their order: two shards, one of which fills more than one part.
const REQUESTS = [['ListObjects', 1], ['ListMultipartUploads', 1], ['InitiateMultipartUpload', 1], ['UploadPart', 1],
  ['UploadPart', 2], ['PutObject', 1], ['CompleteMultipartUpload', 1]];

const kind = (action, more = {}) => ({ action, ...more });
// What a single fault must not keep from success.
const PASSING = {
  'a delay': kind('delay_ms', { value: 100 }),
  'a connection reset before': kind('reset_before'),
  'a connection reset after': kind('reset_after'),
  'a refusal': kind('status', { value: 503, code: 'SlowDown' }),
  'an error after the fact': kind('status_after', { value: 500, code: 'InternalError' }),
  'half an answer': kind('truncate_body', { value: 20 }),
  'a body spoiled on its way': kind('spoil_request'),
  'a clock that is off': kind('status', { value: 403, code: 'RequestTimeTooSkewed' }),
};
// What may end the run, and then must leave nothing.
const FINAL = {
  'no rights': kind('status', { value: 403, code: 'AccessDenied' }),
  'expired keys': kind('status', { value: 403, code: 'SecurityTokenExpired' }),
  'a wrong checksum': kind('bad_crc'),
  'a wrong tag': kind('bad_md5'),
  'no rights, told after the fact': kind('status_after', { value: 403, code: 'AccessDenied' }),
};

async function makeWorld(t) {
  const dir = workDir(t);
  const sandbox = await startSandbox(t, dir);
  await sandbox.admin('create_table', { instance: 'demo', table: 'orders',
    primary_key: [{ name: 'uid', type: 'STRING' }], stream_hours: 24 });
  await sandbox.admin('split', { instance: 'demo', table: 'orders', at: 'm' });
  await sandbox.admin('create_bucket', { bucket: 'exports' });
  await sandbox.admin('clock', { offset_us: (slot - 480_000 - Date.now()) * 1000 });
  const client = tableStore(sandbox);
  const row = (uid, bytes) => ({ type: 'PUT', primaryKey: [{ uid }], attributeColumns: [{ name: uid.repeat(bytes / 4) }],
    condition: new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null) });
  for (let from = 0; from < 180; from += 60)
    await client.batchWriteRow({ tables: [{ tableName: 'orders',
      rows: Array.from({ length: 60 }, (_, i) => row(`a${100 + from + i}`, 8000)) }] });
  await client.batchWriteRow({ tables: [{ tableName: 'orders', rows: [row('z001', 8)] }] });
  const paths = writeConfig(dir, sandbox, { script: fillSeed({ table: 'orders' }) });
  return { dir, sandbox, paths, store: oss(sandbox, 'exports'), runs: 0 };
}

// One window under these faults: its exit code, what it said, what it left. Ends with an empty bucket.
async function run(t, world, faults) {
  await world.sandbox.admin('faults', faults);
  const process = startProcess(t, `run-${world.runs++}`, SLUICE,
    ['run', world.paths.jobFile, '--config', world.paths.config, '--at', localSlot(slot)], world.dir, noProxies);
  const { code } = await process.ended;
  const fired = (await world.sandbox.admin('faults')).map((rule) => rule.fired);
  await world.sandbox.admin('faults', []);
  return { code, text: process.text(), fired, left: await takeLeft(world) };
}

async function takeLeft({ sandbox, store }) {
  const { open_uploads: uploads, buckets } = await sandbox.admin('stats');
  for (const { id, key } of buckets.exports.uploads) await store.abortMultipartUpload(key, id);
  const objects = [];
  for (const { name } of (await store.list({ 'max-keys': 100 })).objects ?? []) {
    const { res, content } = await store.get(name);
    objects.push(`${name} ${content.length} ${res.headers['x-oss-hash-crc64ecma']}`);
    await store.delete(name);
  }
  return { uploads, objects };
}

const NOTHING = { uploads: 0, objects: [] };
const rule = (operation, nth, fault) => ({ service: 'oss', operation, ...(nth ? { nth } : {}), ...fault });

// Runs the cases on several worlds side by side.
async function onWorlds(t, cases) {
  const queue = [...cases];
  let failed = false;
  const worker = async () => {
    const world = await makeWorld(t);
    const good = await run(t, world, []);
    assert.equal(good.code, 0, good.text);
    assert.equal(good.left.objects.length, 2);
    assert.equal(good.left.uploads, 0);
    while (queue.length > 0 && !failed) await queue.shift()(world, good.left.objects);
  };
  // All workers end before the test does, or their processes would outlive it.
  const outcomes = await Promise.allSettled(Array.from({ length: WORKERS },
    () => worker().catch((error) => { failed = true; throw error; })));
  for (const { reason } of outcomes) if (reason) throw reason;
}

test('a single fault at any request of an upload ends in the right objects, or in none', async (t) => {
  const cases = [];
  const seen = { right: 0, none: 0 };
  for (const [operation, nth] of REQUESTS) {
    for (const [name, fault] of Object.entries({ ...PASSING, ...FINAL })) {
      cases.push(async (world, expected) => {
        const what = `${name} at ${operation} ${nth}`;
        const { code, text, fired, left } = await run(t, world, [rule(operation, nth, fault)]);
        assert.deepEqual(fired, [1], `${what}: the request came`);
        if (name in PASSING) assert.equal(code, 0, `${what}: ${text}`);
        assert.deepEqual(left, code === 0 ? { uploads: 0, objects: expected } : NOTHING, `${what}: ${text}`);
        seen[code === 0 ? 'right' : 'none']++;
      });
    }
  }
  // These cost the 30 s that a step of a request may take, so there are two of them, and they come first.
  for (const [operation, nth] of [['UploadPart', 1], ['CompleteMultipartUpload', 1]]) {
    cases.unshift(async (world, expected) => {
      const { code, text, left } = await run(t, world, [rule(operation, nth, kind('stall'))]);
      assert.equal(code, 0, text);
      assert.match(text, /no progress within 30000 ms; attempt 2 in/);
      assert.deepEqual(left, { uploads: 0, objects: expected });
      seen.right++;
    });
  }
  const count = cases.length;
  await onWorlds(t, cases);
  assert.equal(seen.right + seen.none, count);
  assert.ok(seen.right >= REQUESTS.length * Object.keys(PASSING).length && seen.none >= 10, JSON.stringify(seen));
});

test('a fault that stays ends the run and leaves nothing', async (t) => {
  const cases = [];
  for (const operation of new Set(REQUESTS.map(([name]) => name))) {
    for (const name of ['a connection reset before', 'an error after the fact', 'no rights', 'a body spoiled on its way']) {
      const bodiless = /^(List|Initiate)/.test(operation);
      if (bodiless && name === 'a body spoiled on its way') continue;
      cases.push(async (world, expected) => {
        const fault = PASSING[name] ?? FINAL[name];
        const { code, text, left } = await run(t, world, [rule(operation, 0, fault)]);
        // A completion, or a listing, that was carried out and never said so is found out by other means.
        const found = name === 'an error after the fact' && code === 0;
        assert.ok(found || code !== 0, `${name} at every ${operation}`);
        assert.deepEqual(left, found ? { uploads: 0, objects: expected } : NOTHING, `${name} at every ${operation}: ${text}`);
      });
    }
  }
  await onWorlds(t, cases);
});

test('a fault while everything is taken back leaves nothing, either', async (t) => {
  const cases = [];
  // The last request of the commit is refused for good, so that an object and an upload are to be taken back.
  const refused = rule('CompleteMultipartUpload', 0, FINAL['no rights']);
  for (const operation of ['AbortMultipartUpload', 'DeleteObject']) {
    for (const [name, fault] of Object.entries(PASSING)) {
      cases.push(async (world) => {
        const { code, text, left } = await run(t, world, [refused, rule(operation, 1, fault)]);
        assert.notEqual(code, 0);
        assert.deepEqual(left, NOTHING, `${name} at ${operation}: ${text}`);
      });
    }
  }
  await onWorlds(t, cases);
});

test('what could not be taken back is aborted by the next attempt', async (t) => {
  const world = await makeWorld(t);
  const { objects: expected } = (await run(t, world, [])).left;
  await world.sandbox.admin('faults', [rule('CompleteMultipartUpload', 0, FINAL['no rights']),
    rule('AbortMultipartUpload', 0, FINAL['no rights'])]);
  const paths = [world.paths.jobFile, '--config', world.paths.config, '--at', localSlot(slot)];
  const failed = await startProcess(t, 'stuck', SLUICE, ['run', ...paths], world.dir, noProxies).ended;
  assert.notEqual(failed.code, 0);
  assert.equal((await world.sandbox.admin('stats')).open_uploads, 1);
  const next = await run(t, world, []);
  assert.equal(next.code, 0, next.text);
  assert.deepEqual(next.left, { uploads: 0, objects: expected });
});
