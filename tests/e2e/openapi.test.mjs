// The document of the API is valid, and a real daemon answers as it says: every operation, its successes and refusals.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { dashboardWorld } from './dashboard_world.mjs';
import { assertValid, caller, description, operations } from './openapi.mjs';
import { localSlot, until } from './support.mjs';

const MINUTE = 60_000;

test('the document is valid OpenAPI 3.1, and its examples are what it says', async () => {
  const validator = new Validator();
  assert.deepEqual(await validator.validate(structuredClone(description)), { valid: true });
  assert.equal(validator.version, '3.1');
  const ids = operations.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const walk = (schema) => {
    for (const example of schema.examples ?? []) assertValid(schema, example, 'an example');
    for (const part of Object.values(schema)) if (part !== null && typeof part === 'object') walk(part);
  };
  walk(description);
  for (const { id, parameters } of operations)
    for (const { example, schema, name } of parameters) if (example !== undefined) assertValid(schema, example, `${id}: ${name}`);
});

test('every operation answers as the document says', async (t) => {
  const w = await dashboardWorld(t, { minutes: 60 });
  const { call, called } = caller({ socketPath: w.paths.socket });
  const ok = async (id, options) => {
    const answer = await call(id, options);
    assert.equal(answer.status, 200, `${id}: ${answer.text}`);
    return answer.json ?? answer.text;
  };
  const refused = async (status, id, options) => assert.equal((await call(id, options)).status, status, id);
  const instance = (job, n) => ({ id: `${job}@${localSlot(w.from + n * 5 * MINUTE)}` });
  const local = (n) => localSlot(w.from + n * 5 * MINUTE).slice(0, 16);
  const range = { from: local(0), to: local(20) };
  const orders = { job: 'orders' };

  await t.test('pages and the daemon itself', async () => {
    for (const id of ['dashboard', 'dashboardProgram', 'dashboardStyle', 'dashboardIcon', 'dashboardLicenses', 'health', 'metrics'])
      await ok(id);
    await refused(503, 'readiness');  // refunds is late
    const served = await ok('openapi');
    assert.deepEqual(served, description);
    assert.equal((await ok('session')).role, 'admin');
    for (const id of ['version', 'status', 'listJobs', 'blocked', 'coverage', 'audit']) await ok(id);
    assert.equal((await ok('coverage', { query: orders })).coverage.length, 1);
  });

  await t.test('jobs and their windows', async () => {
    await ok('getJob', { values: orders });
    await ok('listWindows', { values: orders, query: { last: 5 } });
    await ok('listWindows', { values: orders, query: { date: local(0).slice(0, 10) } });
    await ok('listWindows', { values: orders, query: range });
    assert.ok((await ok('plan', { values: orders, query: range })).instances.length > 10);
  });

  await t.test('instances', async () => {
    const page = await ok('listInstances', { query: { job: 'orders', limit: 5 } });
    const next = await ok('listInstances', { query: { job: 'orders', limit: 5, after: page.next } });
    assert.equal(next.instances.length, 5);
    await ok('listInstances', { query: { state: 'FAILURE,NOT_RUN', due: 'true', date: local(0).slice(0, 10) } });
    const oldest = await ok('listInstances', { query: { job: 'orders', from: local(0), to: local(2), order: 'asc' } });
    assert.deepEqual(oldest.instances.map(({ id }) => id), [instance('orders', 0).id, instance('orders', 1).id]);
    for (const values of [instance('orders', 2), instance('refunds', 0), instance('refunds', 3)])
      for (const id of ['getInstance', 'why', 'downstream']) await ok(id, { values });
    await ok('logs', { values: instance('orders', 2), query: { attempt: 1, offset: 5, limit: 100 } });
    await ok('logStream', { values: instance('orders', 2), query: { attempt: 1, offset: 5 } });
    await refused(404, 'logs', { values: instance('refunds', 3) });
  });

  await t.test('actions on instances and jobs', async () => {
    const slow = (ms) => w.sandbox.admin('faults', ms === 0 ? [] :
      [{ service: 'ots', operation: 'GetStreamRecord', every: 1, action: 'delay_ms', value: ms }]);
    const state = async (values) => (await ok('getInstance', { values })).state;
    await slow(4000);
    await ok('rerun', { values: instance('orders', 5), body: { reason: 'again' } });
    await until('the run', async () => await state(instance('orders', 5)) === 'RUNNING');
    await ok('kill', { values: instance('orders', 5) });
    await slow(0);
    await until('the end of the run', async () => await state(instance('orders', 5)) === 'FAILURE');
    await ok('setSuccess', { values: instance('orders', 5) });
    await refused(409, 'setSuccess', { values: instance('orders', 5) });
    await refused(409, 'kill', { values: instance('orders', 5) });
    await ok('rerun', { values: instance('orders', 10), body: { downstream: true } });
    await until('the reruns', async () => await state(instance('orders', 12)) === 'SUCCESS');
    await ok('freeze', { values: instance('refunds', 4) });
    await refused(409, 'freeze', { values: instance('refunds', 4) });
    await ok('unfreeze', { values: instance('refunds', 4) });
    await refused(409, 'unfreeze', { values: instance('refunds', 4) });
    await ok('setPriority', { values: instance('refunds', 4), body: { priority: 8 } });
    await refused(400, 'setPriority', { values: instance('refunds', 4), body: { priority: 10 } });
    await ok('release', { values: instance('refunds', 4) });
    await ok('skip', { values: instance('refunds', 4), body: { reason: 'known' } });
    await refused(400, 'skip', { values: instance('refunds', 5) });
    await ok('batch', { body: { action: 'freeze', ids: [instance('refunds', 5).id, instance('orders', 0).id] } });
    await ok('batch', { body: { action: 'unfreeze', job: 'refunds', ...range, state: ['FROZEN'] } });
    await refused(400, 'batch', { body: { action: 'dance', ids: [] } });
    await ok('pauseJob', { values: orders, body: { reason: 'moving' } });
    await ok('getJob', { values: orders });
    await ok('resumeJob', { values: orders, body: { run: 'none' } });
    await refused(400, 'resumeJob', { values: orders, body: { run: 'some' } });
  });

  await t.test('backfills', async () => {
    const order = { job: 'orders', ...range, to: local(4), all: true, parallel: 1, between: '00:00-23:59', alerts: 'both',
      parameters: { start_time: '$[yyyymmddhh24miss-10/24/60]' } };
    await ok('previewBackfill', { body: order, query: { limit: 2 } });
    await refused(409, 'previewBackfill', { body: { ...order, all: false } });
    const { id } = await ok('createBackfill', { body: { ...order, run_between: '00:00-00:01', weekends: true } });
    await refused(400, 'createBackfill', { body: { ...order, parallel: 100 } });
    await ok('pauseBackfill', { values: { id } });
    await ok('resumeBackfill', { values: { id } });
    await ok('cancelBackfill', { values: { id }, body: { kill: true } });
    await refused(409, 'pauseBackfill', { values: { id } });
    await ok('createBackfill', { body: { job: 'refunds', ranges: [{ from: local(0), to: local(1) }, { from: local(2), to: local(3) }], all: true } });
    const page = await ok('listBackfills', { query: { limit: 1 } });
    assert.equal((await ok('listBackfills', { query: { limit: 1, before: page.next, job: 'orders' } })).backfills[0].id, id);
    await ok('getBackfill', { values: { id } });
    const { groups } = await ok('getBackfill', { values: { id: page.backfills[0].id } });
    await ok('listInstances', { query: { job: groups[0].chain } });
    const whole = await ok('listInstances', { query: { backfill: page.backfills[0].id } });
    assert.ok(whole.instances.every(({ group }) => groups.some((one) => one.group === group)));
    await refused(404, 'listInstances', { query: { backfill: 1_000_000 } });
    await ok('listBackfills', { query: { state: 'cancelled' } });
    await ok('listWindows', { values: { job: groups[0].chain }, query: { last: 5 } });
  });

  await t.test('versions, edits and verification', async () => {
    const { versions: [{ version }] } = await ok('listVersions', { values: orders });
    const text = readFileSync(w.paths.jobFile, 'utf8').replace('times: 3', 'times: 5');
    await ok('diffDraft', { body: { file: w.paths.jobFile, text, script_file: join(w.paths.jobs, 'seed-job.json'),
      script: readFileSync(join(w.paths.jobs, 'seed-job.json'), 'utf8'), ...range } });
    await refused(400, 'diffDraft', { body: {} });
    writeFileSync(w.paths.jobFile, text);
    assert.equal((await ok('diffJob', { values: orders })).keys.length, 1);
    assert.equal((await ok('reload', { body: { dry_run: true } })).changes.length, 1);
    await ok('reload');
    await ok('getVersion', { values: { ...orders, version: 'present' } });
    await ok('diffVersion', { values: { ...orders, version }, query: { to: 'present' } });
    await refused(404, 'getVersion', { values: { ...orders, version: 'none' } });
    writeFileSync(join(w.paths.jobs, 'broken.yaml'), 'name: broken\nnonsense: 1\n');
    assert.ok((await ok('reload')).problems.length > 0);
    const page = await ok('verify', { values: orders, query: { ...range, limit: 2 } });
    await ok('verify', { values: orders, query: { limit: 2, after: page.next } });
    await ok('backup', { body: { file: join(w.dir, 'copy.db') } });
    await refused(409, 'backup', { body: { file: join(w.dir, 'copy.db') } });
  });

  await t.test('alerts', async () => {
    const { delivery } = await ok('testAlert', { body: { channel: 'ops' } });
    await until('the test notice', async () => (await ok('getDelivery', { values: { id: delivery } })).state === 'sent');
    await refused(404, 'testAlert', { body: { channel: 'nobody' } });
    const { id } = await until('the incident of refunds', async () => {
      const { incidents } = await ok('listIncidents', { query: { state: 'open', limit: 10 } });
      return incidents.find(({ job }) => job === 'refunds');
    });
    await ok('listIncidents', { query: { state: 'all', job: 'refunds', rule: 'exhausted' } });
    await ok('listIncidents', { query: { before: id + 1 } });
    await ok('getIncident', { values: { id } });
    await ok('acknowledge', { values: { id } });
    await ok('status');
  });

  await t.test('who has an answer is told that it still holds', async () => {
    const tagged = operations.filter(({ method, answers }) => method === 'GET' && answers[304]);
    assert.ok(tagged.length > 15);
    const values = { ...orders, ...instance('orders', 2), version: 'present' };
    for (const one of tagged) {
      const numbered = /backfills|incidents|deliveries/.test(one.path) ? { id: 1 } : {};
      const options = { values: { ...values, ...numbered },
        query: ['plan', 'listWindows'].includes(one.id) ? { from: local(0), to: local(3) } : {} };
      // Something may happen between the two.
      const again = await until(`${one.id} to be the same twice`, async () => {
        const first = await call(one.id, options);
        assert.equal(first.status, 200, `${one.id}: ${first.text}`);
        const second = await call(one.id, { ...options, headers: { 'if-none-match': first.headers.etag } });
        return second.status === 304 && second;
      });
      assert.equal(again.headers['content-length'], undefined);
    }
  });

  await t.test('each refuses what it does not know', async () => {
    const values = { ...orders, ...instance('orders', 2), version: 'present' };
    const nowhere = { job: 'nobody', id: 'nobody@2018-10-16T00:15+08:00', version: 'none' };
    for (const one of operations.filter(({ path }) => path.startsWith('/api/'))) {
      const numbered = /backfills|incidents|deliveries/.test(one.path) ? { id: 1_000_000 } : {};
      const answer = await call(one.id, { values: { ...values, ...numbered }, query: { nonsense: 1 } });
      assert.equal(answer.status, 400, one.id);
      assert.match(answer.json.detail, /has no parameter "nonsense"/);
      if (!one.path.includes('{')) continue;
      const needed = one.parameters.filter((parameter) => parameter.in === 'query' && parameter.required);
      const body = { skip: { reason: 'x' }, setPriority: { priority: 1 } }[one.id];
      const query = one.id === 'listWindows' ? { last: 1 } : Object.fromEntries(needed.map(({ name }, n) => [name, local(n)]));
      await refused(404, one.id, { values: { ...nowhere, ...numbered }, query, body });
    }
    const { hostname: host, port } = new URL(w.viewer);
    const tcp = caller({ host, port });
    for (const one of operations.filter(({ role }) => ['operator', 'admin'].includes(role)))
      assert.equal((await tcp.call(one.id, { values: { ...values, id: '1' } })).status, 403, one.id);
    assert.equal((await tcp.call('session')).json.role, 'viewer');
  });

  await t.test('no operation was left out', () => {
    const missing = operations.map(({ id }) => id).filter((id) => !called.has(`${id} 200`));
    // It is never ready here, and events do not end: events.test.mjs has them.
    assert.deepEqual(missing.sort(), ['events', 'readiness']);
    const never = operations.flatMap(({ id, answers }) => Object.keys(answers).map((status) => `${id} ${status}`))
      .filter((line) => / [45]\d\d$/.test(line) && !line.endsWith('403') && !called.has(line));
    t.diagnostic(`described, not met here: ${never.join(', ')}`);
  });
});
