// Jobs that `sluice import` makes of scripts of the original: checked, and one window of each run.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KEY, TableStore, createTable, downloadRows, fillSeed, lastSlot, localSlot, longAgo, sluice, world } from './support.mjs';

const any = () => new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);
const slot = lastSlot(15);
const digits = (ms) => localSlot(ms).replace(/[-:]/g, '').slice(0, 13).replace('T', '') + '00';

// A world with three rows in the window of the slot, and a folder with an empty configuration.
async function importWorld(t) {
  const w = await world(t, { table: false });
  await longAgo(w.sandbox);
  await createTable(w.client, 'orders');
  await w.sandbox.admin('clock', { offset_us: (slot - 8 * 60_000 - Date.now()) * 1000 });
  for (const uid of ['a', 'b', 'c']) {
    await w.client.putRow({ tableName: 'orders', condition: any(), primaryKey: [{ uid }],
      attributeColumns: [{ name: `name of ${uid}` }] });
  }
  await w.sandbox.admin('clock', { offset_us: 0 });
  const config = join(w.dir, 'sluice.yaml');
  writeFileSync(config, `stateDir: ${w.dir}\n`);
  mkdirSync(join(w.dir, 'jobs.d'));
  return { ...w, config, jobs: join(w.dir, 'jobs.d') };
}

// Puts the data sources that the import wrote into sluice.yaml; checks the job, and runs it.
function checkAndRun(w, name, env) {
  const sources = readFileSync(join(w.jobs, `${name}.datasources.txt`), 'utf8');
  writeFileSync(w.config, `stateDir: ${w.dir}\n${sources}`);
  const file = join(w.jobs, `${name}.yaml`);
  assert.equal(statSync(file).mode & 0o777, 0o640);
  const checked = sluice(['check', w.config, file]);
  assert.equal(checked.code, 0, checked.out);
  const ran = sluice(['run', file, '--config', w.config, '--at', localSlot(slot)], { env: { ...process.env, ...env } });
  assert.equal(ran.code, 0, ran.out + ran.err);
}

const rows = [['a', 'name of a'], ['b', 'name of b'], ['c', 'name of c']];
const windowName = `${digits(slot - 10 * 60_000)}_${digits(slot - 5 * 60_000)}`;

test('the script of DataWorks with its schedule becomes a job whose window has the rows, under the prefix of the script', async (t) => {
  const w = await importWorld(t);
  const script = join(w.dir, 'orders.json');
  writeFileSync(script, fillSeed({ table: 'orders', object: 'from/dataworks/{date}' }));
  const schedule = join(w.dir, 'getfile.json');
  writeFileSync(schedule, JSON.stringify({ Data: { NodeConfiguration: { CronExpress: '00 00/5 * * * ?', CycleType: 'NOT_DAY',
    ParaValue: 'start_time=$[yyyymmddhh24miss-10/24/60] end_time=$[yyyymmddhh24miss-5/24/60] date=${bdp.system.bizdate}',
    AutoRerunTimes: 3, AutoRerunIntervalMillis: 120000, DependentType: 'SELF' } } }));
  const imported = sluice(['import', script, '--schedule', schedule, '--config', w.config, '--out', w.jobs]);
  assert.equal(imported.code, 0, imported.out + imported.err);
  assert.equal(readFileSync(join(w.jobs, 'orders.json'), 'utf8'), readFileSync(script, 'utf8'));
  const again = sluice(['import', script, '--cron', '00 26 00 * * ?', '--config', w.config, '--out', w.jobs, '--params',
    'start_time=$[yyyymmddhh24miss-10/24/60] end_time=$[yyyymmddhh24miss-5/24/60]']);
  assert.equal(again.code, 5, 'what is there is not written over');
  checkAndRun(w, 'orders', { SOURCE_ENDPOINT: w.sandbox.endpoint, SOURCE_INSTANCE_NAME: 'demo', SOURCE_ACCESS_ID: KEY.id,
    SOURCE_ACCESS_KEY: KEY.secret, TARGET_ENDPOINT: w.sandbox.endpoint, TARGET_BUCKET: 'exports', TARGET_ACCESS_ID: KEY.id,
    TARGET_ACCESS_KEY: KEY.secret });
  const objects = await downloadRows(w.store, 'from/');
  const day = localSlot(slot - 86_400_000).slice(0, 10).replaceAll('-', '');
  for (const object of objects) assert.ok(object.name.startsWith(`from/dataworks/${day}__${windowName}_`), object.name);
  assert.deepEqual(objects.flatMap((object) => object.rows).sort(), rows);
});

test('the job of DataX with its crontab line becomes a job whose window has the rows, and its secret is nowhere', async (t) => {
  const w = await importWorld(t);
  const script = join(w.dir, 'orders.json');
  const access = { endpoint: w.sandbox.endpoint, accessId: KEY.id, accessKey: KEY.secret };
  writeFileSync(script, JSON.stringify({ job: { setting: { speed: { channel: 2 } }, content: [{
    reader: { name: 'otsstreamreader', parameter: { ...access, instanceName: 'demo', dataTable: 'orders', statusTable: 'status',
      startTimeString: '$start', endTimeString: '${end}', mode: 'single_version_and_update_only',
      column: [{ name: 'uid' }, { name: 'name' }] } },
    writer: { name: 'osswriter', parameter: { ...access, bucket: 'exports', object: 'from/datax', writeMode: 'append',
      fileFormat: 'csv' } } }] } }));
  const line = `*/5 * * * * python datax.py orders.json -p "-Dstart=$(date -d '10 minutes ago' +\\%Y\\%m\\%d\\%H\\%M00) `
    + `-Dend=$(date -d '5 minutes ago' +\\%Y\\%m\\%d\\%H\\%M00)"`;
  const imported = sluice(['import', script, '--crontab', line, '--name', 'moved', '--config', w.config, '--out', w.jobs]);
  assert.equal(imported.code, 0, imported.out + imported.err);
  for (const name of ['moved.yaml', 'moved.json', 'moved.datasources.txt'])
    assert.ok(!readFileSync(join(w.jobs, name), 'utf8').includes(KEY.secret), name);
  assert.ok(!imported.out.includes(KEY.secret));
  checkAndRun(w, 'moved', { MOVED_OTS_ACCESS_ID: KEY.id, MOVED_OTS_ACCESS_KEY: KEY.secret, MOVED_OSS_ACCESS_ID: KEY.id,
    MOVED_OSS_ACCESS_KEY: KEY.secret });
  const objects = await downloadRows(w.store, 'from/');
  for (const object of objects) assert.ok(object.name.startsWith(`from/datax__${windowName}_`), object.name);
  assert.deepEqual(objects.flatMap((object) => object.rows).sort(), rows);
});

test('a script with mistakes is told of with file, line and column, and exit code 2', async (t) => {
  const w = await importWorld(t);
  const script = join(w.dir, 'orders.json');
  writeFileSync(script, fillSeed({ table: 'orders' }).replace('"dataTable"', '"dataTabel"'));
  const { code, out } = sluice(['import', script, '--config', w.config, '--out', w.jobs, '--output', 'json']);
  assert.equal(code, 2);
  const answer = JSON.parse(out);
  assert.equal(answer.valid, false);
  assert.ok(answer.problems.some((one) => one.file === script && one.line === 18 && one.message.includes('dataTabel')));
  assert.deepEqual(answer.written, []);
});
