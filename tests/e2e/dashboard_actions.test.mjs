// What the dashboard does: every action with its confirmation, and that an open page follows the daemon by itself.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { barriers, dashboardWorld, openBrowser, openPage } from './dashboard_world.mjs';
import { ask, localSlot, pause, sluice, until } from './support.mjs';

const MINUTE = 60_000;

// Presses `name`, fills the dialog, and accepts.
async function act(page, name, { reason, options = [], fill } = {}) {
  await page.getByRole('main').getByRole('button', { name, exact: true }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  for (const option of options) await dialog.getByLabel(option).check();
  if (fill) await fill(dialog);
  if (reason !== undefined) await dialog.getByLabel('Reason').fill(reason);
  await dialog.locator('button[type="submit"]').click();
  await dialog.waitFor({ state: 'detached' });
}
const shows = (page, state) => page.locator(`.title .pill.${state}`).waitFor();
const toast = (page, text) => page.locator('.toast', { hasText: text }).waitFor();

test('the dashboard acts', async (t) => {
  const w = await dashboardWorld(t, { minutes: 60 });
  const browser = await openBrowser(t);
  const { page, complaints } = await openPage(browser, w.admin);
  const instance = (job, n) => `${job}@${localSlot(w.from + n * 5 * MINUTE)}`;
  const show = async (hash) => page.goto(`${w.admin}/${hash}`);
  const open = async (job, n) => show(`#/instances/${encodeURIComponent(instance(job, n))}`);
  const audit = (id) => ask(w.paths, 'show', id).audit.map(({ action, detail }) => `${action} ${detail}`).join('\n');
  const slow = (ms) => w.sandbox.admin('faults', ms === 0 ? [] :
    [{ service: 'ots', operation: 'GetStreamRecord', every: 1, action: 'delay_ms', value: ms }]);

  await t.test('reruns a window: asked first, followed while it runs, and kept in the audit log', async () => {
    const id = instance('orders', 3);
    await open('orders', 3);
    await shows(page, 'SUCCESS');
    await page.getByRole('button', { name: 'Rerun' }).click();
    await page.getByRole('dialog').waitFor();
    await page.getByLabel('And all that follows').check();
    await page.getByText('10 instances would run again').waitFor();
    assert.deepEqual(await barriers(page), []);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Rerun');
    assert.equal(ask(w.paths, 'show', id).attempt_count, 1);
    await slow(4000);
    await act(page, 'Rerun', { reason: 'the reader lost a file' });
    await toast(page, id);
    await shows(page, 'RUNNING');
    await page.locator('.log .live').waitFor();
    await page.locator('.log pre:has-text("attempt 2 of")').waitFor();
    await slow(0);
    await shows(page, 'SUCCESS');
    await page.locator('.log pre:has-text("wrote object")').waitFor();
    await page.locator('.log .live').waitFor({ state: 'detached' });
    assert.match(audit(id), /rerun .*the reader lost a file/);
    await page.locator('.card', { hasText: 'Audit log' }).getByText('the reader lost a file').waitFor();
  });

  await t.test('kills a run and sets it to success, as its states allow', async () => {
    await open('orders', 5);
    await slow(4000);
    await act(page, 'Rerun');
    await shows(page, 'RUNNING');
    await act(page, 'Kill', { reason: 'wrong day' });
    await shows(page, 'FAILURE');
    await slow(0);
    assert.equal(await page.getByRole('button', { name: 'Kill', exact: true }).count(), 0);
    await act(page, 'Set to success');
    await shows(page, 'SUCCESS');
    assert.match(audit(instance('orders', 5)), /set-success/);
  });

  await t.test('freezes, unfreezes, gives a priority, releases and skips', async () => {
    await open('refunds', 1);
    await shows(page, 'NOT_RUN');
    await act(page, 'Freeze', { reason: 'wait' });
    await shows(page, 'FROZEN');
    await act(page, 'Unfreeze');
    await shows(page, 'NOT_RUN');
    await act(page, 'Priority', { fill: (dialog) => dialog.getByLabel('Priority, 1 to 9').fill('8') });
    await page.locator('.facts div', { hasText: 'Priority' }).getByText('8', { exact: true }).waitFor();
    await act(page, 'Release');
    await page.locator('.facts div', { hasText: 'Released' }).waitFor();
    await page.getByRole('button', { name: 'Skip' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('button[type="submit"]').click();  // without a reason nothing is sent
    await dialog.getByLabel('Reason').fill('the table was rebuilt');
    await dialog.locator('button[type="submit"]').click();
    await shows(page, 'SKIPPED');
    assert.equal(w.door.requests.filter((line) => line.endsWith('/skip')).length, 1);
  });

  await t.test('acts on several at once, and names each refusal', async () => {
    await show('#/instances?job=refunds');
    for (const n of [4, 5]) await page.getByLabel(`Choose ${instance('refunds', n)}`).check();
    await act(page, 'Freeze');
    await toast(page, '2 done, 0 refused');
    await page.getByLabel(`Choose ${instance('refunds', 4)}`).check();
    await page.getByLabel(`Choose ${instance('refunds', 0)}`).check();
    await act(page, 'Unfreeze');
    await toast(page, '1 done, 1 refused');
    await page.locator('.notice', { hasText: instance('refunds', 0) }).waitFor();
  });

  await t.test('shows the refusal of the daemon in the dialog', async () => {
    await open('refunds', 6);
    await shows(page, 'NOT_RUN');
    await page.getByRole('button', { name: 'Freeze', exact: true }).click();
    assert.equal(sluice(['freeze', instance('refunds', 6), '--socket', w.paths.socket]).code, 0);
    const dialog = page.getByRole('dialog');
    await dialog.locator('button[type="submit"]').click();
    await dialog.getByRole('alert').waitFor();
    assert.match(await dialog.getByRole('alert').innerText(), /FROZEN/);
    assert.ok(complaints.splice(0).every((line) => line.includes('409')));
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  });

  await t.test('pauses and resumes a job', async () => {
    await show('#/jobs/orders');
    await act(page, 'Pause', { reason: 'table is being moved' });
    await shows(page, 'FROZEN');
    await page.getByText('table is being moved').waitFor();
    await act(page, 'Resume', { options: ['none of them'] });
    await shows(page, 'SUCCESS');
    assert.equal(ask(w.paths, 'jobs').jobs.find(({ name }) => name === 'orders').paused, null);
  });

  await t.test('previews a backfill, starts it, pauses, resumes and cancels it', async () => {
    await show('#/backfills/new?job=orders');
    await page.getByLabel('by slot').check();
    await page.getByLabel('From').fill(localSlot(w.from).slice(0, 16));
    await page.getByLabel('To (not included)').fill(localSlot(w.from + 20 * MINUTE).slice(0, 16));
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('alert').getByText('nothing to').waitFor();
    assert.ok(complaints.splice(0).every((line) => line.includes('409')));
    await page.getByLabel('Every slot').check();
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByText('4 windows would run').waitFor();
    await page.getByText(instance('orders', 3)).waitFor();
    await slow(2000);
    await act(page, 'Start backfill');
    await page.getByRole('heading', { name: 'Backfill 1', exact: true }).waitFor();
    await shows(page, 'RUNNING');
    await act(page, 'Pause');
    await shows(page, 'FROZEN');
    await act(page, 'Resume');
    await shows(page, 'RUNNING');
    await act(page, 'Cancel backfill', { options: ['Kill what runs'] });
    await shows(page, 'SKIPPED');
    await slow(0);
    assert.deepEqual(ask(w.paths, 'backfills').backfills.map(({ state }) => state), ['cancelled']);
  });

  await t.test('acknowledges an incident', async () => {
    await show('#/incidents');
    await page.locator('.list tbody tr', { hasText: 'refunds' }).first().waitFor();
    await act(page, 'Acknowledge');
    await page.locator('.list tbody tr .pill.RUNNING').waitFor();
    await page.locator('.list a[href^="#/incidents/"]').first().click();
    await page.locator('.facts div', { hasText: 'acknowledged' }).waitFor();
  });

  await t.test('sends a test notice through a channel', async () => {
    await show('#/incidents');
    await act(page, 'Test');
    await toast(page, 'is on its way');
  });

  await t.test('shows what an edited file would change, brings it into force, and compares versions', async () => {
    const file = w.paths.jobFile;
    const before = ask(w.paths, 'jobs').jobs.find(({ name }) => name === 'orders').version;
    writeFileSync(file, readFileSync(file, 'utf8').replace('times: 3', 'times: 4'));
    await show('#/jobs/orders/versions');
    await page.getByText('The file on the disk would change').waitFor();
    await page.locator('.list', { hasText: 'rerun.times' }).waitFor();
    await act(page, 'Reload', { fill: async (dialog) => {
      await dialog.getByRole('button', { name: 'Show what would change' }).click();
      await dialog.getByText('rerun.times').waitFor();
    } });
    await toast(page, '1 job changed');
    await until('the new version', () => ask(w.paths, 'jobs').jobs.find(({ name }) => name === 'orders').version !== before);
    await show(`#/jobs/orders/versions/${before}`);
    await page.locator('.diff .plus', { hasText: 'times: 4' }).waitFor();
  });

  await t.test('follows what others do, without being loaded again', async () => {
    await open('refunds', 8);
    await shows(page, 'NOT_RUN');
    await page.evaluate(() => { globalThis.notLoadedAgain = true; });
    assert.equal(sluice(['freeze', instance('refunds', 8), '--socket', w.paths.socket]).code, 0);
    await shows(page, 'FROZEN');
    assert.ok(await page.evaluate(() => globalThis.notLoadedAgain));
  });

  await t.test('shows what changes as it is told, without asking again and again', async () => {
    await show('#/');
    await page.locator('.stream', { hasText: /live$/ }).waitFor();
    await page.locator('.job .bars a').first().waitFor();
    await pause(2000);  // what was asked for because the stream began
    const asked = w.door.requests.length;
    const paused = page.locator('.job', { hasText: 'refunds' }).getByText('paused');
    assert.equal(await paused.count(), 0);
    assert.equal(sluice(['pause', 'refunds', '--reason', 'to be seen', '--socket', w.paths.socket]).code, 0);
    await paused.first().waitFor({ timeout: 10_000 });  // sooner than it would be asked for
    const times = w.door.requests.slice(asked).filter((line) => line.endsWith('/api/v1/status')).length;
    assert.ok(times >= 1 && times <= 3, `asked ${times} times`);
    assert.equal(sluice(['resume', 'refunds', '--run', 'all', '--socket', w.paths.socket]).code, 0);
    await paused.first().waitFor({ state: 'detached', timeout: 10_000 });
    assert.equal(w.door.requests.filter((line) => line.endsWith('/api/v1/events')).length > 0, true);
  });

  await t.test('says when the daemon does not answer, keeps what it knew, and recovers by itself', async () => {
    await show('#/');
    await page.locator('.job .bars a').first().waitFor();
    assert.deepEqual(complaints, []);
    w.door.broken = true;
    await page.locator('.notice.lost').waitFor();
    assert.ok(await page.locator('.job .bars a').count() > 0);
    w.door.broken = false;
    await page.locator('.notice.lost').waitFor({ state: 'detached' });
    complaints.length = 0;
  });

  await t.test('offers no action where the daemon allows none', async () => {
    const viewer = await openPage(browser, w.viewer, { hash: `#/instances/${encodeURIComponent(instance('orders', 3))}` });
    await viewer.page.locator('.log pre').waitFor();
    assert.equal(await viewer.page.locator('main button').count(), 0);
    assert.equal(await viewer.page.locator('.role').innerText(), 'read only');
    await viewer.page.goto(`${w.viewer}/#/backfills/new`);
    await viewer.page.getByText('This connection may only look').waitFor();
    await viewer.context.close();
  });

  assert.deepEqual(complaints, []);
});
