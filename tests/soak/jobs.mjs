// The campaign's jobs: windows of a minute, each job with a table, a mode and a format of its own. `rowsOf` reads an object
// back, `expected` says which rows a change must give: both know nothing of sluice's code.
import { gunzipSync } from 'node:zlib';
import { fillSeed, parseCsv } from '../e2e/support.mjs';

const jsonl = (bytes) => gunzipSync(bytes).toString('utf8').split('\n').filter((line) => line).map((line) => JSON.parse(line));

function rowMode({ table, object, more = {}, writer = {} }) {
  return JSON.stringify({ type: 'job', version: '1.0', configuration: {
    setting: { errorLimit: { record: '0' } },
    reader: { plugin: 'otsstream', parameter: { datasource: 'source', dataTable: table, startTimestampMillis: '${start_time}',
      endTimestampMillis: '${end_time}', mode: 'single_version_and_update_only', column: [{ name: 'uid' }, { name: 'name' }],
      ...more } },
    writer: { plugin: 'oss', parameter: { datasource: 'target', object, writeMode: 'truncate', fileFormat: 'csv', ...writer } },
  } }, null, 1);
}

// A change as the tables' writer keeps it: {op: 'PUT' | 'UPDATE' | 'DELETE', key, seq, name}.
export const JOBS = [
  { // The users' job file as it is.
    job: 'orders', table: 'orders', object: /^seed\/orders\/\d{8}__(\d{14})_(\d{14})_(\d{4})\.csv$/,
    script: fillSeed({ table: 'orders', object: 'seed/orders/{date}' }),
    rowsOf: (bytes) => parseCsv(bytes.toString('utf8')).map(([key, name]) => ({ key, text: name })),
    expected: (change) => change.op === 'DELETE' ? [] : [change.name],
  },
  { // One object a window, deletes with it, and a manifest.
    job: 'payments', table: 'payments', object: /^single\/payments-(\d{14})-(\d{14})()\.csv$/,
    script: rowMode({ table: 'payments', object: 'single/payments-${start_time}-${end_time}.csv',
      more: { exportOpType: true, deletes: 'export' }, writer: { writeSingleObject: true, manifest: 'manifests/payments' } }),
    manifest: /^manifests\/payments\/payments__(\d{14})_(\d{14})\.json$/,
    rowsOf: (bytes) => parseCsv(bytes.toString('utf8')).map(([key, name, op]) => ({ key, text: `${op} ${name}` })),
    expected: (change) => [`${change.op} ${change.op === 'DELETE' ? 'null' : change.name}`],
  },
  { // Column mode: a row for each cell.
    job: 'events', table: 'events', object: /^cells\/events__(\d{14})_(\d{14})_(\d{4})\.csv$/,
    script: JSON.stringify({ type: 'job', version: '1.0', configuration: {
      reader: { plugin: 'otsstream', parameter: { datasource: 'source', dataTable: 'events', mode: 'multi_version',
        startTimestampMillis: '${start_time}', endTimestampMillis: '${end_time}' } },
      writer: { plugin: 'oss', parameter: { datasource: 'target', object: 'cells/events', writeMode: 'truncate',
        fileFormat: 'csv' } } } }),
    rowsOf: (bytes) => parseCsv(bytes.toString('utf8')).map(([key, column, , value, op]) =>
      ({ key, text: `${op} ${column} ${value}` })),
    expected: (change) => [...(change.op === 'UPDATE' ? [] : ['DR null null']),
      ...(change.op === 'DELETE' ? [] : [`U name ${change.name}`])],
  },
  { // Lines of JSON, compressed, with manifests.
    job: 'users', table: 'users', object: /^lines\/users__(\d{14})_(\d{14})_(\d{4})\.jsonl\.gz$/,
    script: rowMode({ table: 'users', object: 'lines/users', more: { exportOpType: true, deletes: 'export' },
      writer: { fileFormat: 'jsonl', compress: 'gzip', manifest: 'manifests/users' } }),
    manifest: /^manifests\/users\/users__(\d{14})_(\d{14})\.json$/,
    rowsOf: (bytes) => jsonl(bytes).map(({ uid, name, opType }) => ({ key: uid, text: `${opType} ${name}` })),
    expected: (change) => [`${change.op} ${change.op === 'DELETE' ? 'null' : change.name}`],
  },
];

const local = (ms) => new Date(ms + 8 * 3_600_000).toISOString();

// The job file. `edit` changes what has no effect on the rows, so that reloads have something to do.
export function jobFile(job, from, edit = 0) {
  return [`name: ${job.job}`,
    'schedule: {cycle: minute, start: "00:00", end: "23:59", interval: 1m, ' + `from: "${local(from).slice(0, 16)}+08:00"}`,
    'rerun: {times: 10, interval: 3s}',
    `priority: ${1 + edit % 9}`,
    'parameters: "start_time=$[yyyymmddhh24miss-2/24/60] end_time=$[yyyymmddhh24miss-1/24/60] ' +
      'date=${bdp.system.bizdate}"',
    `script: {file: ${job.job}.json}`, ''].join('\n');
}

// ms of 14 digits of Asia/Shanghai.
export const instantOf = (digits) => Date.parse(digits.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6+08:00'));
