// `sluice simulate` on the users' job file: nothing answers at its addresses, and nothing has to.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { sluice, workDir, writeConfig } from './support.mjs';

const NOBODY = { endpoint: 'http://127.0.0.1:1' };

function simulate(paths, ...args) {
  const from = args.includes('--from') ? [] : ['--from', '2018-10-16'];
  return sluice(['simulate', paths.jobFile, '--config', paths.config, ...from, ...args]);
}

test('a day of the seed job is simulated without its stores, keys or state file', (t) => {
  const dir = workDir(t);
  const key = { id: '${env:SLUICE_NO_SUCH_ID}', secret: '${env:SLUICE_NO_SUCH_SECRET}' };
  const paths = writeConfig(dir, NOBODY, { key });
  const result = simulate(paths);
  assert.equal(result.code, 0, result.err);
  assert.match(result.out, /^2018-10-16\n {2}orders {2}288 due, 288 done; /m);
  assert.match(result.out, /durable from 2018-10-15 23:50 up to 2018-10-16 23:50, no gaps/);
  assert.match(result.out, /All that was due is done\.\n$/);
  assert.match(result.err, /only the jobs of the files named are simulated/);
  assert.equal(existsSync(`${paths.stateDir}/sluice.db`), false);
  assert.equal(simulate(paths).out, result.out);
});

test('a window that fails is exit code 1, told in JSON too', (t) => {
  const paths = writeConfig(workDir(t), NOBODY);
  const result = simulate(paths, '--fault', 'fail=orders@2018-10-16T12:00', '--output', 'json');
  assert.equal(result.code, 1, result.err);
  const report = JSON.parse(result.out);
  assert.equal(report.all_done, false);
  assert.equal(report.jobs[0].total.succeeded, 144);
  assert.equal(report.jobs[0].total.failed, 1);
  assert.equal(report.jobs[0].first_not_done, 'orders@2018-10-16T12:00+08:00');
  assert.equal(report.blocked[0].cause, 'orders@2018-10-16T12:00+08:00');
  assert.deepEqual(report.events.map((event) => event.kind), ['failed']);
});

test('the jobs of the configuration are simulated where no file is named', (t) => {
  const paths = writeConfig(workDir(t), NOBODY);
  const result = sluice(['simulate', '--config', paths.config, '--from', '2018-10-16', '--output', 'json']);
  assert.equal(result.code, 0, result.err);
  assert.deepEqual(JSON.parse(result.out).jobs.map((job) => job.name), ['orders']);
  assert.equal(result.err.includes('only the jobs'), false);
});

test('mistakes are exit code 2 and name the piece', (t) => {
  const paths = writeConfig(workDir(t), NOBODY);
  for (const [args, message] of [
    [['--fault', 'rain=5%'], /--fault "rain=5%": unknown kind "rain"/],
    [['--fault', 'fail=users@2018-10-16'], /no job "users" is simulated/],
    [['--run-time', '5'], /--run-time: expected a length/],
    [['--from', 'soon'], /--from: read time "soon"/],
    [['--days', '367'], /--days/],
  ]) {
    const result = simulate(paths, ...args);
    assert.equal(result.code, 2, args.join(' '));
    assert.match(result.err, message);
    assert.equal(result.out, '');
  }
});
