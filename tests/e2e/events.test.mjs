// What the daemon tells as it happens: changes of states and logs, over connections that break, fill up and never end.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { ask, lastSlot, localSlot, sluice, startDaemon, until, workDir, world, writeConfig } from './support.mjs';

const STREAMS_MAX = 64;

// A stream over the Unix socket: {status, events, ended, cut()}. `read: false` leaves everything in the socket.
async function open(paths, target, { id, read = true } = {}) {
  const stream = { events: [], ended: false };
  const headers = { host: 'localhost', ...(id === undefined ? {} : { 'last-event-id': id }) };
  const asked = request({ socketPath: paths.socket, path: `/api/v1${target}`, headers, agent: false });
  asked.end();
  const answer = await new Promise((resolve, reject) => asked.on('response', resolve).on('error', reject));
  stream.status = answer.statusCode;
  stream.cut = () => asked.destroy();
  stream.id = () => stream.events.findLast((event) => event.id !== undefined)?.id;
  let rest = '';
  answer.on('error', () => {}).on('close', () => { stream.ended = true; });
  if (!read) return stream;
  answer.setEncoding('utf8').on('data', (text) => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const event = {};
      for (const line of block.split('\n')) {
        const colon = line.indexOf(': ');
        if (colon > 0) event[line.slice(0, colon)] = line.slice(colon + 2);
      }
      if (event.data !== undefined) stream.events.push({ ...event, data: JSON.parse(event.data) });
    }
  });
  return stream;
}

// An endpoint that takes every connection and never answers.
async function silentEndpoint(t) {
  const connections = new Set();
  const server = createServer((connection) => connections.add(connection.on('error', () => {})));
  t.after(() => {
    server.close();
    for (const connection of connections) connection.destroy();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

const statesOf = (events, instance) => events
  .filter(({ event, data }) => event === 'instance' && data.instance === instance).map(({ data }) => data.state);
const numberOf = ({ id }) => Number(id.split('-')[1]);
const residentKiB = (daemon) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.child.pid}/status`, 'utf8'))[1]);

function run(paths, ...args) {
  const done = sluice([...args, '--socket', paths.socket]);
  assert.equal(done.code, 0, done.err);
}

test('events and log tails', async (t) => {
  const { dir, sandbox } = await world(t);
  const to = lastSlot(5);
  const from = to - 300_000;
  await sandbox.admin('fill', { instance: 'demo', table: 'orders', rows: 20, columns: ['name'], kinds: ['string'],
    seed: 1, from_ms: from - 600_000, to_ms: to - 300_000 });
  const paths = writeConfig(dir, sandbox, { from, to });
  let daemon = startDaemon(t, dir, paths);
  await daemon.ready();
  const [first, second] = [localSlot(from), localSlot(to)].map((slot) => `orders@${slot}`);
  const success = (instance, attempts) => until(`attempt ${attempts} of ${instance}`, () => {
    const shown = ask(paths, 'show', instance);
    return shown?.state === 'SUCCESS' && shown.attempt_count === attempts;
  });
  await success(first, 1);
  await success(second, 1);

  await t.test('tell the states of a run in order, and a broken connection loses and doubles none', async () => {
    const whole = await open(paths, '/events');
    const part = await open(paths, '/events?job=orders');
    await until('both to be greeted', () => whole.events.length > 0 && part.events.length > 0);
    assert.equal(whole.events[0].event, 'hello');
    run(paths, 'rerun', first);
    await until('the run to be told of', () => statesOf(part.events, first).includes('RUNNING'));
    part.cut();
    await success(first, 2);
    run(paths, 'rerun', second);
    await success(second, 2);
    const rest = await open(paths, '/events?job=orders', { id: part.id() });
    await until('what was missed', () => statesOf(rest.events, second).includes('SUCCESS'));
    await until('the same on the unbroken one', () => statesOf(whole.events, second).includes('SUCCESS'));
    const both = [...part.events, ...rest.events];
    assert.deepEqual(statesOf(both, first).slice(-2), ['RUNNING', 'SUCCESS']);
    assert.deepEqual(statesOf(both, second).slice(-2), ['RUNNING', 'SUCCESS']);
    assert.deepEqual(statesOf(both, first), statesOf(whole.events, first));
    assert.deepEqual(statesOf(both, second), statesOf(whole.events, second));
    const numbers = both.map(numberOf);
    assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
    whole.cut();
    rest.cut();
  });

  await t.test('a log tail follows to the next attempt and goes on where it was cut', async () => {
    run(paths, 'pause', 'orders', '--reason', 'the tail is first');
    run(paths, 'rerun', first);
    const tail = await open(paths, `/instances/${encodeURIComponent(first)}/logs/stream?offset=0`);
    await until('the log so far', () => tail.events.some(({ event }) => event === 'log'));
    tail.cut();
    const before = tail.events.filter(({ event }) => event === 'log').map(({ data }) => data.text).join('');
    assert.equal(before, sluice(['logs', first, '--attempt', '2', '--socket', paths.socket]).out);
    const rest = await open(paths, `/instances/${encodeURIComponent(first)}/logs/stream`, { id: tail.id() });
    run(paths, 'resume', 'orders', '--run', 'all');
    await until('the end', () => rest.ended);
    const logs = rest.events.filter(({ event }) => event === 'log').map(({ data }) => data);
    assert.ok(logs.every(({ attempt }) => attempt === 3));
    assert.equal(logs.map(({ text }) => text).join(''), sluice(['logs', first, '--attempt', '3', '--socket', paths.socket]).out);
    const end = rest.events.at(-1);
    assert.deepEqual([end.event, end.data.state, end.data.attempt], ['end', 'SUCCESS', 3]);
  });

  await t.test('the instances of a backfill are told of together when they are made and when they are skipped', async () => {
    const stream = await open(paths, '/events?job=orders');
    await until('the greeting', () => stream.events.length > 0);
    // Its run hours lie half a day away, so nothing of it starts.
    const clock = (hours) => `${String((new Date(Date.now() + 8 * 3_600_000).getUTCHours() + hours) % 24).padStart(2, '0')}:00`;
    const made = ask(paths, 'backfill', 'orders', '--from', localSlot(from), '--to', localSlot(to + 300_000), '--all',
      '--run-between', `${clock(12)}-${clock(13)}`);
    const changes = () => stream.events.filter(({ event }) => event === 'instances').map(({ data }) => data.change);
    await until('the instances to be made', () => changes().length > 0);
    run(paths, 'backfill', 'cancel', `${made.id}`, '--kill');
    await until('the instances to be skipped', () => changes().includes('skipped'));
    assert.deepEqual(changes(), ['planned', 'skipped']);
    stream.cut();
  });

  await t.test('one stream too many is refused, readers that do not read cost nothing', async () => {
    const before = residentKiB(daemon);
    const streams = [];
    for (let n = 0; n < STREAMS_MAX; n++) streams.push(await open(paths, '/events', { read: false }));
    assert.ok(streams.every(({ status }) => status === 200));
    assert.equal((await open(paths, '/events')).status, 503);
    assert.ok(ask(paths, 'status'));
    for (let n = 0; n < 20; n++) {
      run(paths, 'pause', 'orders', '--reason', 'x'.repeat(200));
      run(paths, 'resume', 'orders', '--run', 'all');
    }
    const grown = residentKiB(daemon) - before;
    assert.ok(grown < 16 * 1024, `${grown} KiB`);
    for (const stream of streams) stream.cut();
    await until('a place', async () => {
      const again = await open(paths, '/events');
      again.cut();
      return again.status === 200;
    });
  });

  await t.test('a stop ends them at once with a good-bye, and the next start answers old ids with a reset', async () => {
    const streams = [await open(paths, '/events'), await open(paths, '/events?job=orders')];
    await until('the greetings', () => streams.every(({ events }) => events.length > 0));
    const began = performance.now();
    await daemon.kill('SIGTERM');
    assert.ok(performance.now() - began < 8000, 'the streams kept the daemon from stopping');
    await until('the ends', () => streams.every(({ ended }) => ended));
    for (const { events } of streams) assert.equal(events.at(-1).event, 'bye');
    daemon = startDaemon(t, dir, paths);
    await daemon.ready();
    const again = await open(paths, '/events', { id: streams[0].id() });
    await until('the reset', () => again.events.length > 0);
    assert.equal(again.events[0].event, 'reset');
    assert.notEqual(again.events[0].id.split('-')[0], streams[0].id().split('-')[0]);
    again.cut();
  });
});

test('the log of an attempt that still plans is open, and followed', async (t) => {
  const dir = workDir(t);
  const to = lastSlot();
  const paths = writeConfig(dir, { endpoint: await silentEndpoint(t) }, { from: to, to });
  const daemon = startDaemon(t, dir, paths);
  await daemon.ready();
  const id = `orders@${localSlot(to)}`;
  const logs = `/instances/${encodeURIComponent(id)}/logs`;
  await until('the first line', () => sluice(['logs', id, '--socket', paths.socket]).out !== '');
  assert.equal(ask(paths, 'show', id).attempt_count, 0, 'it is not stored yet');
  assert.match(sluice(['why', id, '--socket', paths.socket]).out, /is running, attempt 1/);
  assert.deepEqual(ask(paths, 'logs', id).map(({ attempt, open }) => [attempt, open]), [[1, true]]);
  const streams = [await open(paths, `${logs}/stream`), await open(paths, `${logs}/stream?attempt=1`)];
  await until('the lines', () => streams.every(({ events }) => events.length > 0));
  for (const { events } of streams) assert.deepEqual([events[0].event, events[0].data.open], ['log', true]);
  run(paths, 'kill', id);
  await until('the ends', () => streams.every(({ ended }) => ended));
  for (const { events } of streams) assert.deepEqual([events.at(-1).event, events.at(-1).data.state], ['end', 'FAILURE']);
  assert.deepEqual(ask(paths, 'logs', id).map(({ open }) => open), [false]);
});
