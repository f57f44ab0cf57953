// The dashboard over answers made up for the test: what comes at an awkward moment, late, wrong, or not at all.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { openBrowser, openPage } from './dashboard_world.mjs';
import { aDelivery, aJob, aStatus, anIncident, anInstance, openStage, refusal, usual, windowsAnswer } from './dashboard_stage.mjs';
import { pause, until } from './support.mjs';

// A page at `hash` of a stage that gives the usual answers and `answers`.
async function stand(t, browser, hash, answers, options = {}) {
  const stage = await openStage(t, usual(answers));
  const { page, context, complaints } = await openPage(browser, stage.url, { hash, ...options });
  page.setDefaultTimeout(10_000);
  t.after(async () => {
    await context.close();
    assert.deepEqual(stage.wrong, []);
  });
  return { stage, page, complaints };
}
const told = (stage, event, data = {}) => stage.tell(event, { at: '2018-10-16T04:00:00Z', ...data });
const dialogOf = (page) => page.getByRole('dialog');
const accept = (page) => dialogOf(page).locator('button[type="submit"]').click();

// What a backfill or its preview says of its order.
const terms = ({ job, parallel, order, all, run_now, alerts, priority }) => ({ job, zone: 'Asia/Shanghai', from: '2018-10-14T16:00:00Z',
  to: '2018-10-15T16:00:00Z', ranges: [], between: null, parallel, order, all, run_now, run_between: null, weekends: true,
  parameters: {}, alerts, priority });

test('the dashboard over answers', async (t) => {
  const browser = await openBrowser(t);

  await t.test('acknowledges the incident that it asked about, whatever comes above it', async (t) => {
    const list = (...ids) => ({ incidents: ids.map((id) => anIncident(id)), next: null, channels: [], failed_deliveries: [] });
    const { stage, page } = await stand(t, browser, '#/incidents', {
      'GET /incidents': list(7), 'POST /incidents/7/ack': anIncident(7, { acknowledged: '2018-10-16T04:00:00Z' }),
      'POST /incidents/8/ack': anIncident(8, { acknowledged: '2018-10-16T04:00:00Z' }) });
    await page.getByRole('button', { name: 'Acknowledge' }).click();
    await dialogOf(page).getByText('Acknowledge incident 7?').waitFor();
    stage.answers['GET /incidents'] = list(8, 7);
    told(stage, 'incident', { incident: 8, job: 'orders', rule: 'failed', open: true, acknowledged: false });
    await page.getByRole('link', { name: '#8' }).waitFor({ state: 'attached' });
    assert.equal(await dialogOf(page).locator('h2').innerText(), 'Acknowledge incident 7?');
    await accept(page);
    await dialogOf(page).waitFor({ state: 'detached' });
    assert.deepEqual(stage.requests.filter(({ method }) => method === 'POST').map(({ line }) => line), ['POST /incidents/7/ack']);
  });

  await t.test('shows the refusal of an action that is no longer allowed when it is accepted', async (t) => {
    const detail = (more) => ({ ...anInstance(3, more), attempts: [], present_version: '0123456789ab', audit: [] });
    const { id } = anInstance(3);
    const { stage, page } = await stand(t, browser, `#/instances/${encodeURIComponent(id)}`, {
      [`GET /instances/${id}`]: detail({ state: 'NOT_RUN' }), [`GET /instances/${id}/why`]: refusal(503, 'not now', 'unavailable'),
      [`POST /instances/${id}/freeze`]: refusal(409, 'it is RUNNING', 'refused_by_state') });
    await page.getByRole('button', { name: 'Freeze', exact: true }).click();
    await dialogOf(page).waitFor();
    stage.answers[`GET /instances/${id}`] = detail({ state: 'RUNNING' });
    told(stage, 'instance', { instance: id, job: 'orders', state: 'RUNNING' });
    await page.locator('.title .pill.RUNNING').waitFor({ state: 'attached' });
    assert.ok(await dialogOf(page).isVisible());
    await accept(page);
    await dialogOf(page).getByRole('alert').getByText('it is RUNNING').waitFor();
    await page.keyboard.press('Escape');
    await dialogOf(page).waitFor({ state: 'detached' });
    assert.deepEqual(await page.locator('.title button:visible').allInnerTexts(), ['Kill']);
  });

  await t.test('starts the backfill that was shown, not what the form says by then', async (t) => {
    const preview = (order) => ({ ...terms(order), runs: 3, left_out: 0, groups: [], instances: [] });
    let answered = () => {};
    const { stage, page } = await stand(t, browser, '#/backfills/new?job=orders', {
      'POST /backfills/preview': ({ body }) => new Promise((resolve) => { answered = () => resolve(preview(body)); }),
      'POST /backfills': ({ body }) => ({ ...terms(body), id: 1, state: 'running', version: '0123456789ab', actor: 'tester',
        created: '2018-10-16T04:00:00Z', planned: true, left_out: 0, counts: {}, groups: [], stuck: [] }) });
    const parallel = page.getByLabel('Groups at once');
    const look = () => page.getByRole('button', { name: 'Preview' }).click();
    const start = page.getByRole('button', { name: 'Start backfill' });
    await parallel.fill('2');
    await look();
    await until('the question', () => stage.asked('POST /backfills/preview').length === 1);
    await parallel.fill('9');
    answered();
    await page.waitForTimeout(300);
    assert.equal(await start.count(), 0);
    await look();
    await until('the question', () => stage.asked('POST /backfills/preview').length === 2);
    answered();
    await start.click();
    await accept(page);
    await dialogOf(page).waitFor({ state: 'detached' });
    assert.deepEqual(stage.asked('POST /backfills').map(({ body }) => body), [stage.asked('POST /backfills/preview')[1].body]);
  });

  await t.test('acts on those of the chosen instances that are shown, and names them', async (t) => {
    const list = (...slots) => ({ instances: slots.map((n) => anInstance(n, { state: 'FAILURE' })), next: null });
    const range = (n) => Array.from({ length: n }, (_, slot) => slot);
    const { stage, page } = await stand(t, browser, '#/instances?state=FAILURE', { 'GET /instances': list(...range(12)),
      'POST /batch': ({ body }) => ({ action: body.action, done: body.ids.length, refused: 0, results: body.ids.map((id) => ({ id })) }) });
    const choose = (n) => page.getByLabel(`Choose ${anInstance(n).id}`);
    await page.getByLabel('Choose all of the page').check();
    await page.getByRole('button', { name: 'Rerun' }).click();
    assert.deepEqual(await dialogOf(page).locator('li').allInnerTexts(), [...range(10).map((n) => anInstance(n).id), 'and 2 more']);
    await page.keyboard.press('Escape');
    stage.answers['GET /instances'] = list(0, 1);
    told(stage, 'instances', { job: 'orders', change: 'planned' });
    await page.getByText('2 chosen').waitFor();
    await page.getByLabel('State').selectOption('LOST');
    await page.getByText('0 chosen').waitFor();
    await choose(1).check();
    await page.getByRole('button', { name: 'Rerun' }).click();
    await accept(page);
    await dialogOf(page).waitFor({ state: 'detached' });
    assert.deepEqual(stage.asked('POST /batch').map(({ body }) => body.ids), [[anInstance(1).id]]);
  });

  await t.test('shows today where a link has no real date, and keeps the history free of dates half typed', async (t) => {
    const { stage, page, complaints } = await stand(t, browser, '#/jobs/orders?date=2018-13-45', {
      'GET /jobs/orders/windows': ({ query }) => windowsAnswer([], query.date
        ? { from: `${query.date}T00:00:00Z`, to: `${query.date}T23:59:59Z` } : {}),
      'GET /instances': { instances: [], next: null } });
    const day = page.locator('.days input');
    for (const bad of ['2018-13-45', '2018-02-30', '', 'today']) {
      await page.goto(`${stage.url}/#/jobs/orders?date=${bad}`);
      await day.waitFor();
      assert.equal(await day.inputValue(), '2018-10-16', bad);
      await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: 'Jobs' }).click();
      await page.locator('.card.job').waitFor();
    }
    assert.deepEqual(stage.requests.filter(({ query }) => query.date && query.date !== '2018-10-16'), []);
    for (const [hash, field] of [['#/jobs/orders', day], ['#/instances', page.getByLabel('Day')]]) {
      await page.goto(`${stage.url}/${hash}`);
      await field.waitFor();
      const before = await page.evaluate(() => history.length);
      for (const typed of ['0002-10-15', '0020-10-15', '0201-10-15', '2018-10-15']) await field.fill(typed);
      await page.waitForURL(/date=2018-10-15/);
      assert.equal(await page.evaluate(() => history.length), before + 1, hash);
    }
    assert.deepEqual(complaints, []);
  });

  const never = () => new Promise(() => {});

  await t.test('says so when the daemon takes requests and does not answer them', async (t) => {
    const { stage, page } = await stand(t, browser, '#/', {}, { width: 360 });
    await page.clock.install();
    await page.reload();
    await page.locator('.card.job').waitFor();
    for (const line of Object.keys(stage.answers)) stage.answers[line] = never;
    stage.answers['GET /events'] = never;
    stage.hangUp();
    await page.locator('.stream', { hasText: 'reconnecting' }).waitFor();  // on a phone too
    await page.clock.fastForward(16_000);
    const streams = stage.asked('GET /events').length;
    assert.equal(await page.locator('.notice.lost').count(), 0);
    await page.clock.fastForward(21_000);
    await page.locator('.notice.lost').waitFor();
    assert.ok(await page.locator('.card.job').isVisible());
    await page.clock.fastForward(10_000);
    await until('another stream', () => stage.asked('GET /events').length > streams);
    delete stage.answers['GET /events'];
    Object.assign(stage.answers, usual());
    await page.clock.fastForward(36_000);
    await page.clock.fastForward(10_000);
    await page.locator('.notice.lost').waitFor({ state: 'detached' });
  });

  await t.test('shows answers that take longer than the daemon is silent', async (t) => {
    const { stage, page } = await stand(t, browser, '#/');
    await page.locator('.card.job').waitFor();
    stage.answers['GET /status'] = async () => {
      await pause(2500);
      return aStatus({ incidents_open: 5 });
    };
    const busy = setInterval(() => told(stage, 'instances', { job: 'orders', change: 'planned' }), 300);
    t.after(() => clearInterval(busy));
    await page.locator('.badge', { hasText: '5' }).waitFor();
  });

  await t.test('keeps the page and what was typed when a proxy or the daemon is in trouble', async (t) => {
    const { stage, page } = await stand(t, browser, '#/backfills/new?job=orders');
    const parallel = page.getByLabel('Groups at once');
    await parallel.fill('7');
    const fail = async (failure) => {
      stage.answers['GET /status'] = failure;
      const before = stage.asked('GET /status').length;
      told(stage, 'instances', { job: 'orders', change: 'planned' });
      await until('the question', () => stage.asked('GET /status').length > before);
    };
    const notice = page.locator('.notice.lost');
    await fail(refusal(502, 'Bad Gateway'));
    await notice.filter({ hasText: 'does not answer' }).waitFor();
    assert.equal(await parallel.inputValue(), '7');
    for (const [status, code] of [[503, 'unavailable'], [429, 'throttled']]) {
      await fail(refusal(status, `it says ${code}`, code));
      await notice.filter({ hasText: `it says ${code}` }).waitFor();
      assert.equal(await parallel.inputValue(), '7');
    }
    await fail(aStatus());
    await notice.waitFor({ state: 'detached' });
    assert.equal(await parallel.inputValue(), '7');
  });

  await t.test('goes on with a log that a proxy or the daemon did not give at once', async (t) => {
    const one = anInstance(0, { attempt_count: 1 });
    const attempt = { number: 1, result: 'success', started: '2018-10-15T16:00:00Z', finished: '2018-10-15T16:00:01Z',
      error_code: '', error: '', statistics: null, dirty_file: null };
    const wanted = `GET /instances/${one.id}/logs`;
    const { stage, page } = await stand(t, browser, `#/instances/${encodeURIComponent(one.id)}`, {
      [`GET /instances/${one.id}`]: { ...one, attempts: [attempt], audit: [], present_version: '0123456789ab' },
      [wanted]: () => (stage.asked(wanted).length === 1 ? refusal(502, 'Bad Gateway')
        : { attempt: 1, offset: 0, next: 14, at_end: true, open: false, text: 'window begins\n' }) });
    await page.locator('.log pre', { hasText: 'window begins' }).waitFor();
  });

  await t.test('asks what an edit changes when the job changes, not with each of its windows', async (t) => {
    const asks = 'GET /jobs/orders/diff';
    const { stage, page } = await stand(t, browser, '#/jobs/orders/versions', { 'GET /jobs/orders/versions': { job: 'orders', versions: [] } });
    await page.getByText('Versions').first().waitFor();
    await until('the first question', () => stage.asked(asks).length === 1);
    const versions = stage.asked('GET /jobs/orders/versions').length;
    told(stage, 'instance', { job: 'orders', instance: anInstance(0).id, state: 'RUNNING' });
    await until('another question about the job', () => stage.asked('GET /jobs/orders/versions').length > versions);
    assert.equal(stage.asked(asks).length, 1);
    told(stage, 'job', { job: 'orders', change: 'changed' });
    await until('the question again', () => stage.asked(asks).length === 2);
  });

  await t.test('shows the refusal of an action whose dialog was left meanwhile', async (t) => {
    let answered = () => {};
    const { stage, page } = await stand(t, browser, '#/jobs/orders', {
      'POST /jobs/orders/pause': () => new Promise((resolve) => { answered = () => resolve(refusal(409, 'it is paused', 'conflict')); }) });
    await page.getByRole('button', { name: 'Pause' }).click();
    await accept(page);
    await dialogOf(page).getByText('Working').waitFor();
    await page.keyboard.press('Escape');
    assert.ok(await dialogOf(page).getByRole('button', { name: 'Cancel' }).isDisabled());
    await page.keyboard.press('Escape');  // the browser lets a page refuse once
    await until('the question', () => stage.asked('POST /jobs/orders/pause').length === 1);
    answered();
    await page.getByText('it is paused').waitFor();
  });

  await t.test('does not call a reload done that left files with errors', async (t) => {
    const { page } = await stand(t, browser, '#/jobs/orders/versions', {
      'GET /jobs/orders/versions': { job: 'orders', versions: [] },
      'POST /reload': { dry_run: false, jobs: 1, changes: [], settings: [], needs_restart: [],
        problems: [{ severity: 'error', file: 'orders.yaml', line: 3, column: 1, message: 'no such cycle' }] } });
    await page.getByRole('button', { name: 'Reload' }).click();
    await accept(page);
    await dialogOf(page).getByRole('alert').filter({ hasText: '1 error' }).waitFor();
    await dialogOf(page).getByText('orders.yaml:3: no such cycle').waitFor();
  });

  await t.test('says of a token that cannot be one that it cannot', async (t) => {
    const { page } = await stand(t, browser, '#/', { 'GET /session': { role: 'none', actor: 'nobody', can_sign_in: true } });
    await dialogOf(page).getByLabel('Token').fill('sluice_“abc”');
    await accept(page);
    await dialogOf(page).getByRole('alert').filter({ hasText: 'characters' }).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.getItem('token')), null);
  });

  await t.test('says that the clock is in doubt, and that nothing is planned or started', async (t) => {
    const doubt = 'the clock jumped ahead by 9 d; set it back, or run sluice reload if it is right';
    const { page } = await stand(t, browser, '#/', { 'GET /status': aStatus({ ready: false, clock_in_doubt: doubt }) });
    await page.locator('.alarm').filter({ hasText: doubt }).waitFor();
    assert.match(await page.locator('.daemon').innerText(), /clock in doubt/);
  });

  await t.test('says that the state store does not work, with the incident that has no page yet', async (t) => {
    const failure = 'the state store has not worked since 2018-10-16T04:00+00:00: write state file: no space left on device';
    const incident = { id: null, rule: 'store', severity: 'critical', open: true, event: false, job: null, instance: null,
      business_date: null, zone: null, window: null, durable_until: null, error: 'no space left', count: 0, seconds: 60,
      opened: '2018-10-16T04:00:00Z', seen: '2018-10-16T04:01:00Z', recovered: null, acknowledged: null, acknowledged_by: null,
      notices: 1, channels: [] };
    const { page } = await stand(t, browser, '#/', { 'GET /status': aStatus({ ready: false, store_failure: failure,
      incidents_open: 1, incidents: [incident] }) });
    await page.locator('.alarm').filter({ hasText: failure }).waitFor();
    assert.match(await page.locator('.daemon').innerText(), /state store fails/);
    const told = page.locator('.alarm').filter({ hasText: 'no space left' }).last();
    assert.equal(await told.locator('a').count(), 0);
  });

  await t.test('offers for a window of a paused job what it offers for one that waits', async (t) => {
    const { id } = anInstance(3);
    const frozen = (reason_code) => ({ ...anInstance(3, { state: 'FROZEN', reason_code }), attempts: [], present_version: null, audit: [] });
    const { stage, page } = await stand(t, browser, `#/instances/${encodeURIComponent(id)}`,
      { [`GET /instances/${id}`]: frozen('job_paused') });
    const buttons = page.locator('.title button:visible');
    await buttons.first().waitFor();
    assert.deepEqual(await buttons.allInnerTexts(), ['Kill', 'Freeze', 'Skip', 'Priority', 'Release']);
    stage.answers[`GET /instances/${id}`] = frozen('frozen');
    await page.reload();
    await buttons.first().waitFor();
    assert.deepEqual(await buttons.allInnerTexts(), ['Unfreeze', 'Set to success', 'Skip', 'Priority', 'Release']);
  });

  await t.test('leads from a count to what was counted', async (t) => {
    const waiting = anInstance(3, { state: 'FROZEN' });
    const { stage, page } = await stand(t, browser, '#/jobs/orders', {
      'GET /status': aStatus({ jobs: [aJob({ counts: { FROZEN: 1 } })] }), 'GET /audit': { entries: [], next: null },
      'GET /jobs/orders/windows': windowsAnswer([waiting], { from: '2018-10-15T16:00:00Z', to: '2018-10-16T16:00:00Z' }),
      'GET /instances': ({ query }) => ({ instances: query.due === 'true' ? [] : [waiting], next: null }) });
    for (const hash of ['#/jobs/orders', '#/']) {
      await page.goto(`${stage.url}/${hash}`);
      await page.getByRole('main').getByRole('link', { name: '1 frozen' }).click();
      await page.getByRole('link', { name: waiting.id }).waitFor();
    }
    await page.goto(`${stage.url}/#/audit?from=2018-10-16&to=2018-10-16`);
    await until('the question', () => stage.asked('GET /audit').length > 0);
    const { from, to } = stage.asked('GET /audit')[0].query;
    assert.deepEqual({ from, to }, { from: '2018-10-16', to: '2018-10-17' });
    assert.equal(await page.locator('input[name="to"]').inputValue(), '2018-10-16');
  });

  await t.test('writes times in the zone of what they are about, and the zone where it is not clear', async (t) => {
    const NY = 'America/New_York';
    const entry = (number, target) => ({ number, at: '2018-10-16T00:00:00Z', actor: 'tester', action: 'pause', target, detail: '' });
    const { stage, page } = await stand(t, browser, '#/incidents/7', {
      'GET /status': aStatus({ jobs: [aJob(), aJob({ name: 'sales', zone: NY })] }),
      'GET /incidents/7': { ...anIncident(7, { zone: NY }), deliveries: [aDelivery()] },
      'GET /incidents': { incidents: [], next: null, channels: [], failed_deliveries: [aDelivery()] },
      'GET /audit': { entries: [entry(4, 'clock'), entry(3, 'sales@2018-10-16T00:00-04:00'), entry(2, 'sales'), entry(1, 'orders#7')], next: null } });
    const rows = (caption) => page.getByRole('region', { name: caption }).locator('tbody tr');
    const head = (caption) => page.getByRole('region', { name: caption }).locator('th').first();
    const times = async (caption) => (await rows(caption).locator('td:has(time)').allInnerTexts());
    await rows('Deliveries').first().waitFor();
    assert.deepEqual(await times('Deliveries'), ['2018-10-15 20:00']);
    await page.goto(`${stage.url}/#/incidents`);
    await rows('Given up').first().waitFor();
    assert.deepEqual([await head('Given up').innerText(), ...await times('Given up')], ['At (Asia/Shanghai)', '2018-10-16 08:00']);
    await page.goto(`${stage.url}/#/audit`);
    await rows('Audit log').first().waitFor();
    const [there, here] = [`2018-10-15 20:00 ${NY}`, '2018-10-16 08:00 Asia/Shanghai'];
    assert.deepEqual(await times('Audit log'), [here, there, there, here]);
  });

  await t.test('draws the hours that were asked for, whatever the schedule, and exact times', async (t) => {
    const slots = [0, 18, 36].map((n) => ({ ...anInstance(n, { started: anInstance(n).scheduled, finished: anInstance(n + 18).scheduled,
      seconds: 1800 * (n / 18 + 1) }), lag: 60 }));
    const schedule = { ...aJob().schedule, cycle: 'cron', text: 'cron */10 * * * *', cron: '*/10 * * * *', interval_minutes: null };
    const { stage, page } = await stand(t, browser, '#/jobs/orders/charts?range=7d', { 'GET /jobs/orders': aJob({ schedule }),
      'GET /jobs/orders/windows': ({ query }) => windowsAnswer(slots.filter(({ scheduled }) =>
        Date.parse(scheduled) >= Date.parse(query.from) && Date.parse(scheduled) < Date.parse(query.to))) });
    const label = page.locator('.chart').nth(3);
    await label.waitFor();
    assert.equal(await label.getAttribute('aria-label'), 'Duration of the run: 3 windows, from 30 min to 1 h 30 min, last 1 h 30 min');
    const asked = [...new Set(stage.asked('GET /jobs/orders/windows').map(({ query }) => `${query.from} ${query.to}`))].sort();
    for (const one of asked) assert.match(one, /^(\d{4}-\d\d-\d\dT\d\d:\d\dZ ?){2}$/);  // the API takes no fractions
    const parts = asked.map((one) => one.split(' ').map(Date.parse));
    const hours = (from, to) => (to - from) / 3_600_000;
    for (const [from, to] of parts) assert.ok(hours(from, to) * 60 <= 3000, asked);  // the most of an answer, a window a minute
    for (let n = 1; n < parts.length; n++) assert.equal(parts[n][0], parts[n - 1][1]);
    const now = Date.parse(aStatus().now);
    assert.ok(hours(parts[0][0], now) >= 168 && parts.at(-1)[1] >= now, asked);
  });

  await t.test('puts the hours of a day at their places where the clocks change', async (t) => {
    const zone = 'America/New_York';
    const { page } = await stand(t, browser, '#/jobs/orders?date=2018-11-04', { 'GET /jobs/orders': aJob({ zone }),
      'GET /jobs/orders/windows': windowsAnswer([], { zone, from: '2018-11-04T04:00:00Z', to: '2018-11-05T05:00:00Z' }) });
    const labels = page.locator('.timeline .hours span');
    await labels.first().waitFor();
    assert.deepEqual(await labels.allInnerTexts(), ['00:00', '02:00', '05:00', '08:00', '11:00', '14:00', '17:00', '20:00', '23:00']);
    const [rules, texts] = await page.evaluate(() => ['.timeline .rule', '.timeline .hours span'].map((places) =>
      [...document.querySelectorAll(places)].map((one) => one.getBoundingClientRect()).map(({ left, width }) => left + width / 2)));
    assert.equal(rules.length, texts.length);
    for (let n = 1; n < rules.length; n++) assert.ok(Math.abs(rules[n] - texts[n]) < 2, `${n}: ${rules[n]} and ${texts[n]}`);
  });

  await t.test('counts what a backfill ran as done, and what it skipped as skipped', async (t) => {
    const backfill = { ...terms({ job: 'orders', parallel: 1, order: 'asc', all: false, run_now: false, alerts: 'none', priority: 1 }), id: 1,
      state: 'cancelled', version: '0123456789ab', actor: 'tester', created: '2018-10-16T04:00:00Z', planned: true, left_out: 0,
      counts: { SKIPPED: 9, FAILURE: 1 }, groups: [], stuck: [] };
    const { page } = await stand(t, browser, '#/backfills', { 'GET /backfills': { backfills: [backfill], next: null } });
    await page.locator('.progress').getByText('0 of 10 done, 9 skipped').waitFor();
  });

  await t.test('says in Chinese what a resume does, and writes dates of a chart as everywhere', async (t) => {
    const slots = [0, 1, 2].map((n) => ({ ...anInstance(n, { started: anInstance(n).scheduled, finished: anInstance(n + 1).scheduled,
      seconds: 300 }), lag: 60 }));
    const paused = { since: '2018-10-16T00:00:00Z', actor: 'tester', reason: '' };
    const { page } = await stand(t, browser, '#/jobs/orders/charts', { 'GET /jobs/orders': aJob({ paused }),
      'GET /jobs/orders/windows': windowsAnswer(slots),
      'POST /jobs/orders/resume': { job: 'orders', paused: false, due: 5, skipped: 4, text: '1 due windows run, 4 are skipped' } },
    { language: 'zh-CN' });
    await page.locator('.uplot .u-over').first().hover();
    await page.locator('.uplot .u-value').first().filter({ hasText: /^2018-10-16 00:\d\d$/ }).waitFor();
    await page.getByRole('button', { name: '恢复' }).click();
    await accept(page);
    await page.locator('.toast').filter({ hasText: '运行 1 个已到时间的窗口，跳过 4 个' }).waitFor();
  });
});
