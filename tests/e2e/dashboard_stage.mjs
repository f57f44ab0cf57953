// A stage for the dashboard's tests: the bundle over answers that a test chooses, for moments that a real daemon reaches by
// chance only. Every answer is held against daemon/api/openapi.json, so that none is one that the daemon would not give.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join } from 'node:path';
import { assertValid, operations } from './openapi.mjs';
import { SLUICE } from './support.mjs';

const DIST = join(dirname(SLUICE), 'web', 'dist');
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const ROOT = '/api/v1';

// An answer other than 200. Without `code` it is not the daemon's, but of a proxy before it.
const REFUSED = Symbol('refused');
export const refusal = (status, detail, code) => ({ [REFUSED]: status, body: code
  ? JSON.stringify({ type: 'about:blank', title: 'Refused', status, code, detail }) : `<h1>${detail}</h1>` });

const patterns = operations.map((one) => ({ ...one,
  pattern: new RegExp(`^${one.path.replace(/\{\w+\}/g, '[^/]+')}$`) }));
function assertDescribed(method, path, answer) {
  const found = patterns.find((one) => one.method === method && one.pattern.test(path));
  if (!found) throw new Error(`the document has no ${method} ${path}`);
  assertValid(found.answers[200].content['application/json'].schema, answer, `${method} ${path}`);
}

// `answers`: by "GET /status" the body of an answer, or a function of {query, body} that gives it, at once or later. It may be
// changed at any time; `tell` sends an event to the pages, `hangUp` cuts their streams. `requests` has {line, query, body} of what was asked.
export async function openStage(t, answers) {
  const streams = new Set();
  const stage = {
    answers, requests: [], wrong: [],
    tell: (event, data) => { for (const stream of streams) stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`); },
    hangUp: () => { for (const stream of streams) stream.destroy(); },
    asked: (line) => stage.requests.filter((one) => one.line === line),
  };
  const answer = async (line, asked) => {
    const given = stage.answers[line];
    const made = typeof given === 'function' ? await given(asked) : given;
    if (made === undefined) return refusal(404, `nothing is said about ${line}`, 'not_found');
    if (made[REFUSED] === undefined) assertDescribed(asked.method, asked.path, made);
    return made;
  };
  const server = createServer(async (incoming, outgoing) => {
    const { pathname, searchParams } = new URL(incoming.url, 'http://localhost');
    if (!pathname.startsWith(`${ROOT}/`)) {
      const file = join(DIST, pathname === '/' ? 'index.html' : pathname);
      outgoing.writeHead(existsSync(file) ? 200 : 404, { 'content-type': TYPES[extname(file)] ?? 'text/plain' });
      return void outgoing.end(existsSync(file) ? readFileSync(file) : '');
    }
    let body = '';
    for await (const piece of incoming) body += piece;
    const line = `${incoming.method} ${decodeURIComponent(pathname.slice(ROOT.length))}`;
    const asked = { line, method: incoming.method, path: pathname, query: Object.fromEntries(searchParams), body: body && JSON.parse(body) };
    stage.requests.push(asked);
    if (line === 'GET /events' && stage.answers[line] === undefined) {
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
      outgoing.write('event: hello\ndata: {"heartbeat_seconds": 15}\n\n');
      streams.add(outgoing);
      return void outgoing.on('close', () => streams.delete(outgoing));
    }
    let made;
    try { made = await answer(line, asked); } catch (failure) {
      stage.wrong.push(failure.message);
      made = refusal(500, failure.message, 'internal');
    }
    if (made[REFUSED] !== undefined) outgoing.writeHead(made[REFUSED]).end(made.body);
    else outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(made));
    return undefined;
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  stage.url = `http://127.0.0.1:${server.address().port}`;
  return stage;
}

// What the answers are made of; `more` has what a test is about.
export const aJob = (more = {}) => {
  const { name = 'orders', zone = 'Asia/Shanghai' } = more;
  return { name, file: `${name}.yaml`, version: '0123456789ab', zone, timeout_seconds: 3600, priority: 1, max_parallel: null,
    schedule: { cycle: 'minute', text: 'every 5 min 00:00-23:59', start: '00:00', end: '23:59', interval_minutes: 5, at: null, on: null,
      off_days: null, cron: null, zone, dst: 'every_real_minute', generation: 'immediate', effective_from: '2018-01-01',
      effective_to: '9999-12-31', from: null, next: [] },
    rerun: { times: 3, property: 'always', interval_seconds: 120 }, depends_on: { self: true, jobs: [] }, parameters: [],
    counts: {}, paused: null,
    coverage: { job: name, zone, from: null, until: null, lag_seconds: null, fresh: true, gaps: [], windows: 0, rows: 0, retention: null },
    ...more };
};

export const aStatus = (more = {}) => ({ version: '1.0.0', started: '2018-10-15T00:00:00Z', now: '2018-10-16T04:00:00Z', running: 0,
  running_max: 16, draining: false, ready: true, clock_in_doubt: null, store_failure: null, jobs: [aJob()], blocked: [], incidents_open: 0,
  incidents: [], ...more });

// The instance `n` slots behind midnight of 2018-10-16 in Shanghai.
export const anInstance = (n, more = {}) => {
  const at = (slot) => new Date(Date.parse('2018-10-15T16:00:00Z') + slot * 300_000).toISOString().replace('.000', '');
  const local = new Date(Date.parse(at(n)) + 8 * 3_600_000).toISOString().slice(0, 16);
  return { id: `orders@${local}+08:00`, job: 'orders', group: 0, scheduled: at(n), zone: 'Asia/Shanghai', cycle: n + 1,
    version: '0123456789ab', state: 'SUCCESS', reason: '', reason_code: 'none', priority: 1, dry_run: false, released: false,
    window: { start: at(n - 2), end: at(n - 1) }, values: {}, attempt_count: 0, failures: 0, retry_at: null, started: null,
    finished: null, seconds: null, rows: 0, bytes: 0, objects: [], ...more };
};

// Columns of windows of instances.
export const columnsOf = (instances) => {
  const column = (of) => instances.map(of);
  return { id: column(({ id }) => id), scheduled: column(({ scheduled }) => scheduled), state: column(({ state }) => state),
    attempts: column(() => 1), started: column(({ started }) => started), finished: column(({ finished }) => finished),
    rows: column(({ rows }) => rows), bytes: column(({ bytes }) => bytes), seconds: column(({ seconds }) => seconds),
    lag_seconds: column(({ lag = null }) => lag) };
};

export const anIncident = (id, more = {}) => ({ id, rule: 'failed', severity: 'critical', open: true, event: false, job: 'orders',
  instance: null, business_date: null, zone: 'Asia/Shanghai', window: null, durable_until: null, error: null, count: 1, seconds: 0,
  opened: '2018-10-16T00:00:00Z', seen: '2018-10-16T00:00:00Z', recovered: null, acknowledged: null, acknowledged_by: null,
  notices: 0, channels: [], ...more });

export const aDelivery = (more = {}) => ({ id: 1, notice: 1, event: 'opened', rule: 'failed', at: '2018-10-16T00:00:00Z',
  channel: 'ops', state: 'sent', tries: 1, next: null, ended: '2018-10-16T00:00:01Z', error: null, ...more });

export const windowsAnswer = (instances = [], more = {}) => ({ job: 'orders', zone: 'Asia/Shanghai', from: null, to: null, whole: true,
  windows: columnsOf(instances), ...more });

// What every page asks for.
export const usual = (more = {}) => ({ 'GET /session': { role: 'admin', actor: 'tester', can_sign_in: false }, 'GET /status': aStatus(),
  'GET /jobs/orders': aJob(), 'GET /jobs/orders/windows': windowsAnswer(), ...more });
