// Signing in to the dashboard with a token: what is seen before, what may be done after, and out again.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { barriers, openBrowser, openPage } from './dashboard_world.mjs';
import { daemonWithTokens } from './door_world.mjs';
import { sluice } from './support.mjs';

test('the dashboard is signed in to', async (t) => {
  const world = daemonWithTokens(t, { access: ['  anonymous: none'] });
  const base = `http://127.0.0.1:${await world.port()}`;
  const browser = await openBrowser(t);
  const { page, complaints } = await openPage(browser, base);
  const dialog = page.getByRole('dialog');
  const signIn = async (token) => {
    await dialog.getByLabel('Token').fill(token);
    await dialog.locator('button[type="submit"]').click();
  };

  await dialog.waitFor();  // by itself: nothing can be seen without
  assert.deepEqual(await barriers(page), []);
  assert.equal(await page.locator('.role').innerText(), 'not signed in');
  await signIn(`sluice_${'0'.repeat(64)}`);
  await dialog.getByRole('alert').getByText('not accepted').waitFor();
  await signIn(world.tokens.viewer.token);
  await dialog.waitFor({ state: 'detached' });
  await page.locator('.role', { hasText: 'read only' }).waitFor();
  assert.match(await page.locator('.role').getAttribute('title'), /^token a-viewer \(127\.0\.0\.1\) · This connection may only look/);

  await page.getByRole('button', { name: 'Sign out' }).click();
  await dialog.waitFor();
  await signIn(world.tokens.operator.token);
  await page.locator('.role', { hasText: 'operator' }).waitFor();
  await page.goto(`${base}/#/backfills`);
  await page.getByRole('link', { name: 'New backfill' }).waitFor();
  await page.reload();
  await page.locator('.role', { hasText: 'operator' }).waitFor();
  assert.equal(await dialog.count(), 0);

  writeFileSync(world.paths.config, readFileSync(world.paths.config, 'utf8').replace(/ {4}a-operator: .*\n/, ''));
  assert.equal(sluice(['reload', '--socket', world.paths.socket]).code, 0);
  await page.getByRole('dialog').getByText('does not accept your token any more').waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.getItem('token')), null);
  assert.ok(complaints.every((line) => line.includes('401')), complaints.join('\n'));
});
