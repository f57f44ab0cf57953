// What the dashboard's tests and its screenshots look at: a daemon with a job that works and one that fails, a browser,
// and a door that lets the browser act.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { ask, fillSeed, lastSlot, startDaemon, until, world, writeConfig } from './support.mjs';

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const MINUTE = 60_000;

// Carries the browser's requests to the control socket, where everything is allowed. `broken` makes it answer nothing.
export async function openDoor(t, socketPath) {
  let broken = false;
  const door = {
    requests: [],
    get broken() { return broken; },
    set broken(now) {
      broken = now;
      if (now) server.closeAllConnections();  // streams too
    },
  };
  const server = createServer((incoming, outgoing) => {
    if (broken) return void incoming.socket.destroy();
    door.requests.push(`${incoming.method} ${incoming.url}`);
    const { origin, host, connection, ...headers } = incoming.headers;
    const onward = request({ socketPath, method: incoming.method, path: incoming.url, headers: { ...headers, host: 'localhost' } },
      (answer) => {
        outgoing.writeHead(answer.statusCode, answer.headers);
        answer.on('error', () => outgoing.destroy());
        answer.pipe(outgoing);
      });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  door.url = `http://127.0.0.1:${server.address().port}`;
  return door;
}

// A job that always fails: its table does not exist.
function writeBrokenJob(paths, from, to) {
  const text = readFileSync(paths.jobFile, 'utf8').replace('name: orders', 'name: refunds')
    .replace(/rerun: .*/, 'rerun: {times: 0, interval: 2m}').replace('seed-job.json', 'refunds.json');
  writeFileSync(join(paths.jobs, 'refunds.yaml'), text);
  writeFileSync(join(paths.jobs, 'refunds.json'), fillSeed({ table: 'refunds', object: 'demo/refunds/{date}' }));
}

// Windows of `minutes` up to the latest slot, all through: `orders` succeeded, `refunds` failed at its first one. With
// `onward` the jobs go on after it, as they would.
export async function dashboardWorld(t, { minutes = 120, onward = false } = {}) {
  const { dir, sandbox, client } = await world(t);
  const to = lastSlot(minutes + 10);
  const from = to - minutes * MINUTE;
  const filled = onward ? Date.now() - 5 * MINUTE : to;
  for (let at = from - 10 * MINUTE, seed = 1; at < filled; at += 5 * MINUTE, seed++) {
    const rows = Math.round(500 + 250 * Math.sin(at / 7_200_000) + (seed * 37) % 120);
    await sandbox.admin('fill', { instance: 'demo', table: 'orders', rows, columns: ['name'],
      kinds: ['string'], seed, from_ms: at, to_ms: at + 5 * MINUTE });
  }
  const paths = writeConfig(dir, sandbox, { from, to: onward ? undefined : to });
  writeFileSync(paths.config, readFileSync(paths.config, 'utf8').replace('tcp: none', 'tcp: "127.0.0.1:0"') +
    'alerts:\n  channels:\n    ops: {type: command, command: [/bin/true]}\n');
  writeBrokenJob(paths, from, to);
  const daemon = startDaemon(t, dir, paths);
  await daemon.ready();
  const windows = minutes / 5 + 1;
  await until('the windows to be through', () => {
    const counts = Object.fromEntries(ask(paths, 'jobs')?.jobs.map((job) => [job.name, job.counts]) ?? []);
    return counts.orders?.SUCCESS >= windows && counts.refunds?.FAILURE === 1;
  });
  const door = await openDoor(t, paths.socket);
  const port = /127\.0\.0\.1:(\d+)/.exec(daemon.text())[1];
  return { dir, sandbox, client, paths, daemon, door, from, to, windows, admin: door.url, viewer: `http://127.0.0.1:${port}` };
}

export async function openBrowser(t) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  t.after(() => browser.close());
  return browser;
}

// A page that minds: `complaints` gathers errors, refused content and requests to anywhere else than `base`.
export async function openPage(browser, base, { hash = '#/', width = 1280, height = 900, dark = false, language = 'en-GB' } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light', locale: language });
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${base}/`)) complaints.push(`asked ${request.url()}`);
  });
  await page.goto(`${base}/${hash}`);
  return { page, context, complaints };
}

// What axe finds wrong with the page as it is, one line a rule. The script comes past the page's policy, which lets no other in.
export async function barriers(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
