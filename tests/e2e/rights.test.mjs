// The rights that docs/guide.md asks for are those that a key needs, feature by feature: what Table Store was asked for is held
// against the policies. .ci/check-guide does so for all that the guide itself does, on both services.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { blocks, read } from './documents.mjs';
import { ask, fillSeed, localSlot, sluice, startDaemon, until, workDir, world, writeConfig } from './support.mjs';

const MINUTE = 60_000;
const guide = read(join(dirname(fileURLToPath(import.meta.url)), '../../docs/guide.md'));
// The least one, and the one with further statements: time series, the whole table, the status table.
const [least, more] = blocks(guide).filter(({ language }) => language === 'json').map(({ lines }) => JSON.parse(lines.join('\n')).Statement);
const stream = least[0].Action;
const [timeSeries, wholeTable, statusTable] = more.map(({ Action }) => Action);

async function counts(sandbox) {
  const { requests } = await sandbox.admin('stats');
  return new Map(Object.entries(requests).filter(([name]) => name.startsWith('ots.')).map(([name, count]) => [name.replace('.', ':'), count]));
}

// The operations of Table Store that `act` leads to.
async function asked(sandbox, act) {
  const before = await counts(sandbox);
  await act();
  return [...await counts(sandbox)].filter(([name, count]) => count > (before.get(name) ?? 0)).map(([name]) => name).sort();
}
const joined = (...lists) => [...new Set(lists.flat())].sort();
const slot = () => Math.floor(Date.now() / (5 * MINUTE)) * 5 * MINUTE;

async function filled(t, at) {
  const w = await world(t);
  await w.sandbox.admin('fill', { instance: 'demo', table: 'orders', rows: 20, columns: ['name'], kinds: ['string'], seed: 1,
    from_ms: at - 10 * MINUTE, to_ms: at - 5 * MINUTE });
  return w;
}
const script = (keys) => fillSeed({ table: 'orders' }).replace('"isExportSequenceInfo": false,', `"isExportSequenceInfo": false, ${keys}`);
const once = (paths, at, ...args) => () => {
  const result = sluice(['run', paths.jobFile, '--config', paths.config, '--at', localSlot(at), ...args]);
  assert.equal(result.code, 0, result.err);
};

test('a window of a stream asks for what the least policy allows, and the whole table for the second statement', async (t) => {
  const at = slot();
  const w = await filled(t, at);
  const paths = writeConfig(w.dir, w.sandbox, { script: script('') });
  assert.deepEqual(await asked(w.sandbox, once(paths, at)), joined(stream));
  assert.deepEqual(await asked(w.sandbox, once(paths, at, '--full-then-stream')), joined(stream, wholeTable));
});

test('a time series table asks for the first statement of the further policy', async (t) => {
  const at = slot();
  const w = await world(t, { dir: workDir(t), table: false });
  await w.sandbox.admin('create_table', { instance: 'demo', table: 'orders', timeseries: true });
  const paths = writeConfig(w.dir, w.sandbox, { script: script('"isTimeseriesTable": true,') });
  assert.deepEqual(await asked(w.sandbox, once(paths, at)), joined(timeSeries, stream.filter((action) => action !== 'ots:DescribeTable')));
});

test('the status table of the original asks for the third statement', async (t) => {
  const at = slot();
  const w = await filled(t, at);
  const paths = writeConfig(w.dir, w.sandbox, { from: at - 15 * MINUTE, script: script('"takeOver": "ifFound", "handOver": true,') });
  const operations = await asked(w.sandbox, async () => {
    await startDaemon(t, w.dir, paths).ready();
    await until('the windows', () => ask(paths, 'jobs')?.jobs[0].counts.SUCCESS >= 4);
  });
  // Rows are deleted only where an earlier attempt at the same window left others.
  assert.deepEqual(joined(operations, ['ots:DeleteRow']), joined(stream, statusTable));
});
