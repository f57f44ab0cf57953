// One window of one table for any plugin of the writer, for tests that compare what the plugins write.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fillSeed, lastSlot, localSlot } from './support.mjs';

const slot = lastSlot();
const COLUMNS = Array.from({ length: 24 }, (_, i) => `c${i + 1}`);

// A table with `rows` changes in the window of windowJob(), in two shards. 50,000 of them are more than 5 MiB a shard.
export async function fillTable(sandbox, rows) {
  await sandbox.admin('create_table', { instance: 'demo', table: 'orders',
    primary_key: [{ name: 'uid', type: 'STRING' }], stream_hours: 24 });
  await sandbox.admin('create_bucket', { bucket: 'exports' });
  await sandbox.admin('fill', { instance: 'demo', table: 'orders', rows, columns: COLUMNS,
    kinds: ['string', 'integer'], actions: { put: 1 }, shards: 2, from_ms: slot - 600_000, to_ms: slot - 300_000,
    seed: 7 });
}

// Makes the reading of the stream slow, or as fast as it goes.
export const slowDown = (sandbox, ms) => sandbox.admin('faults', ms === 0 ? [] :
  [{ service: 'ots', operation: 'GetStreamRecord', every: 1, action: 'delay_ms', value: ms }]);

// Arguments of the command that exports the window: the users' job with all columns, for `plugin`, with `target` as
// its data source and `keys` in its parameter. `edit` changes the script's text.
export function windowJob(dir, sandbox, plugin, target, { keys = '', edit = (text) => text } = {}) {
  const script = fillSeed({ table: 'orders' })
    .replace(/"column":\[[^]*?\n \]/, `"column": [${['uid', ...COLUMNS].map((name) => `{"name": "${name}"}`)}]`)
    .replace('"plugin": "oss"', `"plugin": "${plugin}"`)
    .replace('"fileFormat"', `${keys} "fileFormat"`);
  const jobs = join(dir, `job-${made++}`);
  mkdirSync(jobs, { recursive: true });
  writeFileSync(join(jobs, 'script.json'), edit(script));
  writeFileSync(join(jobs, 'orders.yaml'), ['name: orders',
    'schedule: {cycle: minute, start: "00:00", end: "23:59", interval: 5m}',
    'parameters: "start_time=$[yyyymmddhh24miss-10/24/60] end_time=$[yyyymmddhh24miss-5/24/60] ' +
      'date=${bdp.system.bizdate}"',
    'script: {file: script.json}', ''].join('\n'));
  const config = join(jobs, 'sluice.conf');
  writeFileSync(config, [`stateDir: ${dir}/state`, `jobsDir: ${jobs}`, 'dataSources:',
    `  source: {type: ots, endpoint: "${sandbox.endpoint}", instanceName: demo, accessId: sandbox-id, ` +
      'accessKey: sandbox-secret}',
    ...(target ? [`  target: ${JSON.stringify(target)}`] : []), ''].join('\n'));
  return ['run', join(jobs, 'orders.yaml'), '--config', config, '--at', localSlot(slot)];
}
let made = 0;

export const ossTarget = (sandbox) => ({ type: 'oss', endpoint: sandbox.endpoint, bucket: 'exports',
  accessId: 'sandbox-id', accessKey: 'sandbox-secret' });

// All objects of a bucket: {name: bytes}.
export async function objectsOf(store) {
  const found = {};
  for (const object of (await store.list({ 'max-keys': 100 })).objects ?? []) {
    found[object.name] = (await store.get(object.name)).content;
  }
  return found;
}

// All files below a folder, without those in hidden places: {name: bytes}.
export function filesBelow(folder) {
  const found = {};
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const name = relative(folder, join(entry.path, entry.name));
    if (!entry.isFile() || name.split('/').some((part) => part.startsWith('.'))) continue;
    found[name] = readFileSync(join(entry.path, entry.name));
  }
  return found;
}

// The hidden files below a folder, by name.
export const hiddenBelow = (folder) => readdirSync(folder, { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile() && entry.name.startsWith('.')).map((entry) => entry.name);

export function assertSame(actual, expected) {
  assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort());
  for (const [name, bytes] of Object.entries(expected)) assert.ok(bytes.equals(actual[name]), `${name} differs`);
}
