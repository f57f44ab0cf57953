// The dashboard in a browser: every view in both languages, light and dark, wide and narrow, by keyboard and for screen
// readers. dashboard_actions.test.mjs has what it does.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { en } from '../../daemon/web/src/text/en.js';
import { zh } from '../../daemon/web/src/text/zh.js';
import { zhReasons } from '../../daemon/web/src/text/zh_reasons.js';
import { barriers, dashboardWorld, openBrowser, openPage } from './dashboard_world.mjs';
import { description } from './openapi.mjs';
import { SLUICE, ask, localSlot, sluice, until, workDir } from './support.mjs';

const WEB = join(dirname(fileURLToPath(import.meta.url)), '../../daemon/web');
const SIZE_MAX = 150_000;

const placeholders = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

test('every state and every code of a reason has its Chinese text', () => {
  const { State, ReasonCode } = description.components.schemas;
  for (const state of State.enum) assert.match(zhReasons.states[state] ?? '', /[\u4e00-\u9fff]/, state);
  for (const code of ReasonCode.enum) if (code !== 'none') assert.match(zhReasons.codes[code] ?? '', /[\u4e00-\u9fff]/, code);
});

test('every rule of an alert has its text', () => {
  for (const rule of [...description.components.schemas.AlertRule.enum, 'test']) assert.ok(`rule_${rule}` in en, rule);
});

test('both languages have the same texts with the same placeholders, and every text that is used', () => {
  assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en)) assert.deepEqual(placeholders(zh[key]), placeholders(en[key]), key);
  const sources = readdirSync(join(WEB, 'src'), { recursive: true }).filter((name) => name.endsWith('.js'));
  for (const name of sources) {
    const text = readFileSync(join(WEB, 'src', name), 'utf8');
    for (const [, key] of text.matchAll(/\bt\('([\w-]+)'/g)) assert.ok(key in en, `${name}: no text ${key}`);
    assert.ok(text.split('\n').length <= 400, `${name} is too long`);
  }
});

test('the bundle is made of the lock file alone: the same bytes again, and no address of a registry', (t) => {
  assert.doesNotMatch(readFileSync(join(WEB, 'package-lock.json'), 'utf8'), /"resolved"/);
  const built = join(dirname(SLUICE), 'web');
  const dir = workDir(t);
  mkdirSync(join(dir, 'source'));
  for (const name of ['src', 'bundle.mjs']) cpSync(join(WEB, name), join(dir, 'source', name), { recursive: true });
  mkdirSync(join(dir, 'web'));
  cpSync(join(built, 'package.json'), join(dir, 'web/package.json'));
  symlinkSync(join(built, 'node_modules'), join(dir, 'web/node_modules'));
  const made = spawnSync(process.execPath, [join(dir, 'source/bundle.mjs'), join(dir, 'web')], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  for (const name of readdirSync(join(built, 'dist')))
    assert.ok(readFileSync(join(built, 'dist', name)).equals(readFileSync(join(dir, 'web/dist', name))), name);
});

// What every view must be, whoever looks at it.
async function examine({ page, complaints }, name) {
  assert.deepEqual(await barriers(page), [], name);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(over, 0, `${name} is wider than the window`);
  assert.equal(await page.locator('h1').count(), 1, `${name} has one heading`);
  assert.deepEqual(complaints.splice(0), [], name);
}

// [hash, a locator that shows that the answers are there]
function viewsOf(w) {
  const segment = encodeURIComponent;
  const good = segment(`orders@${localSlot(w.to)}`);
  const bad = segment(`refunds@${localSlot(w.from)}`);
  const day = localSlot(w.to).slice(0, 10);
  return [
    ['#/', '.job .bars a >> nth=20'],
    [`#/jobs/orders?date=${day}`, '.grid .SUCCESS >> nth=20'],
    ['#/jobs/orders/charts?range=6h', '.uplot canvas >> nth=3'],
    ['#/jobs/orders/versions', '.list tbody tr'],
    [`#/jobs/orders/versions/${w.version}`, 'pre.code >> nth=1'],
    ['#/instances?job=orders', '.list tbody tr >> nth=20'],
    [`#/instances/${good}`, 'pre:has-text("wrote object")'],
    [`#/instances/${bad}`, '.why[title*="refunds"]'],
    ['#/backfills', '.list tbody tr'],
    ['#/backfills/new?job=orders', 'form select'],
    ['#/backfills/1', '.progress >> nth=1'],
    ['#/incidents?state=all', '.list tbody tr'],
    [`#/incidents/${w.incident}`, '.facts'],
    ['#/audit', '.list tbody tr >> nth=1'],
    ['#/nowhere', 'h1'],
  ];
}

test('the dashboard', async (t) => {
  const w = await dashboardWorld(t);
  const browser = await openBrowser(t);
  const backfill = sluice(['backfill', 'orders', '--from', localSlot(w.from).slice(0, 16), '--to',
    localSlot(w.from + 600_000).slice(0, 16), '--all', '--socket', w.paths.socket]);
  assert.equal(backfill.code, 0, backfill.err);
  w.version = ask(w.paths, 'jobs').jobs.find(({ name }) => name === 'orders').version;
  // The daemon looks for causes some seconds apart.
  w.incident = await until('the incident of refunds',
    () => ask(w.paths, 'incidents', '--all')?.incidents.find(({ job }) => job === 'refunds')?.id);

  await t.test('is small, and comes from the daemon alone', async () => {
    let size = 0;
    for (const path of ['/', '/app.js', '/style.css', '/icon.svg']) {
      const answer = await fetch(w.viewer + path);
      assert.equal(answer.status, 200, path);
      const policy = answer.headers.get('content-security-policy');
      assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
      assert.doesNotMatch(policy, /unsafe/);
      size += gzipSync(Buffer.from(await answer.arrayBuffer())).length;
    }
    assert.ok(size < SIZE_MAX, `${size} bytes`);
    assert.match(await (await fetch(`${w.viewer}/licenses.txt`)).text(), /preact .*MIT/);
  });

  await t.test('shows every view in English, wide and light', async () => {
    const open = await openPage(browser, w.admin);
    for (const [hash, there] of viewsOf(w)) {
      await open.page.goto(`${w.admin}/${hash}`);
      await open.page.locator(there).first().waitFor();
      await examine(open, hash);
    }
    await open.context.close();
  });

  await t.test('shows every view in Chinese, on a phone and dark, to one who may only look', async () => {
    const open = await openPage(browser, w.viewer, { width: 360, height: 740, dark: true, language: 'zh-CN' });
    for (const [hash, there] of viewsOf(w)) {
      await open.page.goto(`${w.viewer}/${hash}`);
      await open.page.locator(hash.startsWith('#/backfills/new') ? '.notice' : there).first().waitFor();
      await examine(open, hash);
      assert.equal(await open.page.locator('.actions').count(), 0, hash);
    }
    assert.equal(await open.page.evaluate(() => document.documentElement.lang), 'zh-CN');
    assert.equal(await open.page.title(), `${zh.notFound} · Sluice`);
    await open.context.close();
  });

  await t.test('says in Chinese why something is as it is, with the words of the API as the title', async () => {
    const { page, context, complaints } = await openPage(browser, w.viewer, { language: 'zh-CN' });
    const instance = (n) => `refunds@${localSlot(w.from + n * 300_000)}`;
    const shown = async (place) => [await place.innerText(), await place.getAttribute('title')];
    const stands = page.locator('.alarm', { hasText: instance(0) }).locator('p').first();
    await stands.waitFor();
    const [blocked, blockedInFull] = await shown(stands);
    assert.equal(blocked, zhReasons.states.FAILURE);
    assert.match(blockedInFull, /^failed: .*; sluice rerun /);
    await page.goto(`${w.viewer}/#/instances/${encodeURIComponent(instance(3))}`);
    await page.locator('.path').waitFor();
    const [why, whyInFull] = await shown(page.locator('.why'));
    assert.equal(why, `等待 ${instance(2)}，后者等待 ${instance(0)}，后者运行失败`);
    assert.match(whyInFull, /^waits for refunds@/);
    assert.equal((await shown(page.locator('.path li .faint').last()))[0], zhReasons.codes.attempt_failed);
    await page.goto(`${w.viewer}/#/instances?job=refunds&state=FAILURE`);
    const [reason, reasonInFull] = await shown(page.locator('td .reason').first());
    assert.equal(reason, zhReasons.codes.attempt_failed);
    assert.doesNotMatch(reasonInFull, /[\u4e00-\u9fff]/);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  await t.test('says how far a job is, in the zone of the job with UTC beside it', async () => {
    const { page, context } = await openPage(browser, w.viewer);
    const sentence = page.locator('.job', { hasText: 'orders' }).locator('.coverage');
    await sentence.waitFor();
    assert.match(await sentence.innerText(), /^durable up to .*\d\d:\d\d, no gaps, \d+ h until retention$/);
    const until = ask(w.paths, 'coverage', 'orders').coverage[0].until;
    const time = sentence.locator('time');
    assert.equal(await time.getAttribute('datetime'), until);
    assert.equal(await time.getAttribute('title'), `${until.replace('T', ' ').replace('Z', '')} UTC · Asia/Shanghai`);
    assert.ok((await time.innerText()).endsWith(localSlot(Date.parse(until)).slice(11, 16)));
    await context.close();
  });

  await t.test('keeps language and theme, and has a URL for each view', async () => {
    const { page, context } = await openPage(browser, w.viewer);
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    assert.equal(await theme(), 'light');
    await page.getByRole('button', { name: /^Theme/ }).click();
    await page.getByRole('button', { name: /^Theme: Light/ }).click();
    assert.equal(await theme(), 'dark');
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('link', { name: 'orders', exact: true }).click();
    await page.getByRole('link', { name: zh.charts }).click();
    await page.locator('.uplot').first().waitFor();
    await page.reload();
    await page.locator('.uplot').first().waitFor();
    assert.equal(await theme(), 'dark');
    assert.match(page.url(), /#\/jobs\/orders\/charts$/);
    await page.goBack();
    await page.locator('.grid, .empty').first().waitFor();
    assert.equal(await page.locator(`nav[aria-label="${zh.sections}"] a[aria-current]`).innerText(), zh.jobs);
    await context.close();
  });

  await t.test('can be used by keyboard: one stop in the grid, arrows inside, Enter opens', async () => {
    const { page, context } = await openPage(browser, w.viewer, { hash: `#/jobs/orders?date=${localSlot(w.to).slice(0, 10)}` });
    await page.locator('.grid a').first().waitFor();
    assert.equal(await page.locator('.grid a[tabindex="0"]').count(), 1);
    await page.locator('.grid a[tabindex="0"]').focus();
    const label = () => page.evaluate(() => document.activeElement.getAttribute('aria-label'));
    const first = await label();
    assert.match(first, /^\d\d:\d\d, succeeded, /);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    const other = await label();
    assert.notEqual(other, first);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: /^orders@/ }).waitFor();
    assert.ok((await page.locator('h1').innerText()).includes(`T${other.slice(0, 5)}`));
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
    await context.close();
  });

  await t.test('searches a log, and pages through instances by what they are', async () => {
    const { page, context } = await openPage(browser, w.viewer, { hash: `#/instances/${encodeURIComponent(`orders@${localSlot(w.to)}`)}` });
    await page.locator('.log pre:has-text("wrote object")').waitFor();
    await page.getByRole('searchbox').fill('WROTE OBJECT');
    await page.getByText('1 line found').waitFor();
    assert.match(await page.locator('.log pre').innerText(), /^[^\n]*wrote object[^\n]*\n?$/);
    await page.getByRole('link', { name: 'Instances' }).click();
    await page.getByLabel('Job').selectOption('refunds');
    await page.getByLabel('State').selectOption({ label: 'needs attention' });
    await page.getByText(`refunds@${localSlot(w.from)}`).waitFor();
    assert.equal(await page.locator('.list tbody tr').count(), 1);
    assert.match(page.url(), /job=refunds&state=FAILURE/);
    await context.close();
  });
});
