// Alerts through real channels: a webhook server, a command, a mail program, a heartbeat.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { appendFileSync, chmodSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SLUICE, TableStore, ask, lastSlot, localSlot, pause, sluice, startDaemon, until, untilDayIsLong, world, writeConfig }
  from './support.mjs';

const CANARY = 'canary-3f9a';
const LONG = 180_000;

// Keeps every request; answers as `answers[path]` says: a function of how often that path was asked, from 1.
async function startHooks(t, answers = {}) {
  const hooks = { requests: [], answers, waiting: [] };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => { body += piece; });
    request.on('end', () => {
      const url = new URL(request.url, 'http://hooks');
      hooks.requests.push({ path: url.pathname, query: url.searchParams, headers: request.headers, body,
        method: request.method });
      const asked = hooks.requests.filter((one) => one.path === url.pathname).length;
      const answer = hooks.answers[url.pathname]?.(asked) ?? { status: 200, body: '{"errcode":0,"code":0}' };
      if (answer === 'never') { hooks.waiting.push(response); return; }
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(answer.body);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => { server.closeAllConnections(); server.close(); });
  hooks.url = `http://127.0.0.1:${server.address().port}`;
  hooks.to = (path) => hooks.requests.filter((one) => one.path === path);
  return hooks;
}

// One window, which fails because the bucket does not exist; no rerun.
async function failingJob(t, alerts) {
  await untilDayIsLong();
  const w = await world(t, { bucket: false });
  const slot = lastSlot(10);
  const any = new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);
  await w.sandbox.admin('clock', { offset_us: (slot - 8 * 60_000 - Date.now()) * 1000 });
  await w.client.putRow({ tableName: 'orders', condition: any, primaryKey: [{ uid: 'a' }],
    attributeColumns: [{ name: 'n' }] });
  await w.sandbox.admin('clock', { offset_us: 0 });
  const paths = writeConfig(w.dir, w.sandbox, { from: slot, to: slot, rerun: '{times: 0, interval: 1s}' });
  appendFileSync(paths.config, alerts(w.dir));
  return { ...w, paths, id: `orders@${localSlot(slot)}` };
}

function script(dir, name, text) {
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

// Nothing that was written anywhere holds a secret.
function assertNoCanary(dir, texts) {
  for (const text of texts) assert.ok(!text.includes(CANARY), text);
  for (const name of ['daemon.log', 'state/sluice.db', 'state/sluice.db-wal']) {
    const path = join(dir, name);
    if (existsSync(path)) assert.ok(!readFileSync(path, 'latin1').includes(CANARY), name);
  }
}

test('every channel is told of a failed window and of its end, each in its own form; a refusal is tried again', async (t) => {
  const hooks = await startHooks(t, {
    '/generic': (asked) => (asked === 1 ? { status: 500, body: `no ${CANARY}` } : { status: 200, body: 'ok' }),
    '/ding': (asked) => ({ status: 200, body: asked === 1 ? '{"errcode":310000,"errmsg":"sign not match"}'
      : '{"errcode":0,"errmsg":"ok"}' }),
    '/wecom': (asked) => ({ status: 200, body: asked === 1 ? '{"errcode":45009,"errmsg":"too often"}' : '{"errcode":0}' }),
    '/feishu': (asked) => ({ status: 200, body: asked === 1 ? '{"code":19021,"msg":"sign match fail"}' : '{"code":0}' }),
  });
  const secret = `SEC-${CANARY}`;
  const { dir, paths, store, id } = await failingJob(t, (dir) => `alerts:
  link: http://dashboard.example
  channels:
    generic: {type: webhook, url: "\${env:HOOK_URL}", headers: {Authorization: "\${env:HOOK_KEY}"}}
    ding: {type: webhook, shape: dingtalk, url: "${hooks.url}/ding?access_token=${CANARY}", secret: "\${env:SIGN}", language: zh}
    wecom: {type: webhook, shape: wecom, url: "${hooks.url}/wecom?key=${CANARY}"}
    feishu: {type: webhook, shape: feishu, url: "${hooks.url}/feishu", secret: "\${env:SIGN}"}
    slack: {type: webhook, shape: slack, url: "${hooks.url}/slack"}
    own: {type: webhook, url: "${hooks.url}/own", body: '{"say": "\${title}", "to": ["\${job}"]}'}
    page: {type: command, command: ["${script(dir, 'page', `cat >> ${dir}/paged; echo "$1 $SLUICE_EVENT $SLUICE_INSTANCE" >> ${dir}/pages`)}", urgent]}
    mail: {type: sendmail, command: ["${script(dir, 'sendmail', `cat > ${dir}/mail.$$.tmp && mv ${dir}/mail.$$.tmp ${dir}/mail.$$`)}", "-t"], from: sluice@example.com, to: [ops@example.com], language: zh}
`);
  const env = { HOOK_URL: `${hooks.url}/generic?token=${CANARY}`, HOOK_KEY: `Bearer ${CANARY}`, SIGN: secret };
  await startDaemon(t, dir, paths, env).ready();
  await until('the failed window', () => ask(paths, 'show', id).state === 'FAILURE', LONG);
  const open = await until('the incident', () => ask(paths, 'incidents').incidents.find((one) => one.rule === 'exhausted'), LONG);
  assert.equal(open.instance, id);
  assert.match(open.error, /NoSuchBucket/);
  const delivered = () => ask(paths, 'incident', String(open.id)).deliveries;
  await until('every channel to be told', () => delivered().every((one) => one.state === 'sent'), LONG);
  assert.deepEqual(delivered().map((one) => one.channel).sort(),
    ['ding', 'feishu', 'generic', 'mail', 'own', 'page', 'slack', 'wecom']);
  for (const one of delivered())
    assert.equal(one.tries, ['generic', 'ding', 'wecom', 'feishu'].includes(one.channel) ? 2 : 1, one.channel);

  const generic = hooks.to('/generic');
  assert.equal(generic[0].headers['x-sluice-delivery'], generic[1].headers['x-sluice-delivery']);
  assert.equal(generic[0].headers.authorization, `Bearer ${CANARY}`);
  assert.equal(generic[0].query.get('token'), CANARY);
  const message = JSON.parse(generic[1].body);
  assert.equal(message.event, 'opened');
  assert.equal(message.rule, 'exhausted');
  assert.equal(message.instance, id);
  assert.equal(message.link, `http://dashboard.example/#/incidents/${message.incident}`);
  assert.match(message.way_out, /sluice why orders@/);

  for (const request of hooks.to('/ding')) {
    const timestamp = request.query.get('timestamp');
    assert.equal(request.query.get('sign'), createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64'));
    assert.ok(Math.abs(Date.now() - Number(timestamp)) < 3_600_000, 'milliseconds');
    assert.equal(request.query.get('access_token'), CANARY);
    assert.match(JSON.parse(request.body).markdown.text, /运行失败/);
  }
  for (const request of hooks.to('/feishu')) {
    const body = JSON.parse(request.body);
    assert.equal(body.sign, createHmac('sha256', `${body.timestamp}\n${secret}`).update('').digest('base64'));
    assert.ok(Math.abs(Date.now() / 1000 - Number(body.timestamp)) < 3600, 'seconds');
    assert.match(body.content.text, /orders: failed/);
  }
  assert.match(JSON.parse(hooks.to('/wecom')[1].body).markdown.content, /### \[sluice\] orders: failed/);
  assert.match(JSON.parse(hooks.to('/slack')[0].body).text, /orders: failed/);
  assert.deepEqual(JSON.parse(hooks.to('/own')[0].body), { say: message.title, to: ['orders'] });
  assert.match(readFileSync(join(dir, 'pages'), 'utf8'), new RegExp(`^urgent opened ${id.replace(/[+.]/g, '\\$&')}$`, 'm'));
  const mail = readdirSync(dir).filter((name) => /^mail\.\d+$/.test(name)).map((name) => readFileSync(join(dir, name), 'utf8'))[0];
  assert.match(mail, /^From: sluice@example.com\nTo: ops@example.com\nSubject: =\?UTF-8\?B\?/);
  assert.match(Buffer.from(mail.split('\n\n')[1], 'base64').toString(), /业务日期：/);

  const status = sluice(['status', '--socket', paths.socket]).out;
  assert.match(status, /1 open incident:/);
  const acknowledged = sluice(['ack', String(open.id), '--socket', paths.socket]);
  assert.equal(acknowledged.code, 0, acknowledged.err);
  assert.match(ask(paths, 'incident', String(open.id)).acknowledged_by, /uid \d+/);
  assert.equal(sluice(['ack', '99999', '--socket', paths.socket]).code, 3);
  // The server of this process has to answer meanwhile, so nothing may wait here.
  const tested = await new Promise((resolve) => execFile(SLUICE, ['alert-test', 'slack', '--socket', paths.socket],
    (error, out, err) => resolve({ error, out, err })));
  assert.equal(tested.error, null, tested.err);
  assert.match(tested.out, /took the test notice/);
  assert.equal(sluice(['alert-test', 'nobody', '--socket', paths.socket]).code, 3);

  await store.putBucket('exports');
  assert.equal(sluice(['rerun', id, '--socket', paths.socket]).code, 0);
  await until('the end to be told of', () => delivered().filter((one) => one.event === 'recovered' && one.state === 'sent').length === 8, LONG);
  assert.equal(ask(paths, 'incidents').incidents.filter((one) => one.rule === 'exhausted').length, 0);
  assert.ok(JSON.parse(hooks.to('/generic').at(-1).body).title.includes('recovered: orders'));
  assert.equal(sluice(['ack', String(open.id), '--socket', paths.socket]).code, 5);
  assertNoCanary(dir, [status, JSON.stringify(ask(paths, 'incidents', '--all')), JSON.stringify(delivered())]);
});

test('a daemon killed between incident and delivery sends the notice after its next start, and tells of the crash', async (t) => {
  const hooks = await startHooks(t, { '/hook': () => 'never' });
  const { dir, paths, id } = await failingJob(t, () => `alerts:
  channels:
    hook: {type: webhook, url: "${hooks.url}/hook", timeout: 10m}
  heartbeat: {url: "${hooks.url}/beat", method: POST, interval: 1s}
`);
  const daemon = startDaemon(t, dir, paths);
  await daemon.ready();
  await until('the first try', () => hooks.to('/hook').length > 0, LONG);
  await until('a heartbeat', () => hooks.to('/beat').length > 1, LONG);
  const first = hooks.to('/hook')[0];
  assert.equal(JSON.parse(first.body).rule, 'exhausted');
  await daemon.kill('SIGKILL');
  for (const response of hooks.waiting) response.destroy();
  const beats = hooks.to('/beat').length;
  await pause(2500);
  assert.ok(hooks.to('/beat').length <= beats + 1, 'no sign of life from the dead');

  hooks.answers['/hook'] = () => ({ status: 200, body: '' });
  await startDaemon(t, dir, paths).ready();
  const received = () => hooks.to('/hook').slice(1).map((one) => JSON.parse(one.body));
  await until('the notice', () => received().some((one) => one.rule === 'exhausted'), LONG);
  const again = hooks.to('/hook').slice(1).find((one) => JSON.parse(one.body).rule === 'exhausted');
  assert.equal(again.headers['x-sluice-delivery'], first.headers['x-sluice-delivery'], 'the same id');
  assert.equal(JSON.parse(again.body).instance, id);
  await until('word of the crash', () => received().some((one) => one.rule === 'restart'), LONG);
  await until('heartbeats again', () => hooks.to('/beat').length > beats + 2, LONG);
  assert.equal(ask(paths, 'incidents').incidents.filter((one) => one.rule === 'exhausted').length, 1, 'one incident');
});
