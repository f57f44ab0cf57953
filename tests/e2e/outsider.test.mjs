// A user outside the group sluice on a machine with the package: /etc/sluice and /run/sluice are closed to him. In a mount
// namespace, so that nothing of the machine changes.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { SLUICE, fillSeed, workDir, writeConfig } from './support.mjs';

const FOLDERS = `
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /etc/sluice /run/sluice
touch /etc/sluice/sluice.yaml /run/program
chmod 750 /etc/sluice /run/sluice
mount --bind "$0" /run/program
exec setpriv --reuid=65534 --regid=65534 --clear-groups /run/program "$@"`;
const outsider = (...args) => {
  const result = spawnSync('unshare', ['-m', 'bash', '-ec', FOLDERS, SLUICE, ...args], { encoding: 'utf8', timeout: 120_000 });
  assert.doesNotMatch(result.stdout + result.stderr, /filesystem error/);
  return { code: result.status, out: result.stdout, err: result.stderr };
};
const LEFT_OUT = /^\/etc\/sluice\/sluice\.yaml:1:1: warning: permission denied, .*--config$/mg;
const options = { skip: spawnSync('unshare', ['-m', 'true']).status !== 0 && 'needs root' };

// A job that names no data source.
function job(t) {
  const dir = workDir(t);
  const access = '"endpoint": "https://i.oss-cn-hangzhou.aliyuncs.com", "accessId": "env:ID", "accessKey": "env:KEY"';
  const script = fillSeed({ table: 'orders' }).replace('"datasource": "source"', `"instanceName": "i", ${access}`)
    .replace('"datasource": "target"', `"bucket": "exports", ${access}`);
  const paths = writeConfig(dir, { endpoint: 'http://127.0.0.1:1' }, { script });
  for (const path of [dir, paths.jobs]) chmodSync(path, 0o755);
  return { ...paths, script: join(paths.jobs, 'seed-job.json') };
}

test('what the daemon is asked ends with exit code 4 and says whose rights are missing', options, () => {
  for (const command of [['status'], ['jobs'], ['plan', 'orders', '--from', '2018-10-16', '--to', '2018-10-17']]) {
    const asked = outsider(...command);
    assert.equal(asked.code, 4, asked.err);
    assert.match(asked.err, /^sluice: connect to \/run\/sluice\/sluice\.sock: .*you need the rights of the group that owns the socket\n$/);
  }
});

test('commands on a file go on without data sources and warn once', options, (t) => {
  const { jobFile, script } = job(t);
  const days = ['--from', '2018-10-16T00:00', '--to', '2018-10-16T01:00'];
  const params = 'start_time=$[yyyymmddhh24miss-10/24/60] end_time=$[yyyymmddhh24miss-5/24/60] date=${bdp.system.bizdate}';
  for (const command of [['check', jobFile], ['plan', jobFile, ...days], ['simulate', jobFile, '--from', '2018-10-16'],
    ['import', script, '--params', params, '--cron', '00 00/5 * * * ?', '--name', 'orders', '--dry-run']]) {
    const ran = outsider(...command);
    assert.equal(ran.code, 0, ran.out + ran.err);
    assert.equal((ran.out + ran.err).match(LEFT_OUT)?.length, 1, ran.out + ran.err);
  }
  const named = outsider('check', jobFile, '--config', '/dev/null');
  assert.doesNotMatch(named.out + named.err, LEFT_OUT);
});

test('what needs the file says that it may not be read', options, (t) => {
  const { jobFile } = job(t);
  for (const command of [['run', jobFile], ['state', 'check']]) {
    const refused = outsider(...command);
    assert.equal(refused.code, 2, refused.err);
    assert.match(refused.err, /^sluice: read \/etc\/sluice\/sluice\.yaml: permission denied; .*--config\n$/);
  }
  const looked = outsider('doctor');
  assert.equal(looked.code, 1, looked.err);
  assert.match(looked.out, /configuration +\/etc\/sluice\/sluice\.yaml: permission denied\n +run it as the daemon's user/);
});
