// The last windows of a job as a row of bars, the newest at the right.
import { html } from 'htm/preact';
import { clockOf, count, duration } from '../format.js';
import { links } from '../route.js';
import { SIGNS, countStates } from '../states.js';
import { t } from '../settings.js';

export function labelOf(window, zone) {
  const words = [clockOf(window.scheduled, zone), t(window.state)];
  if (window.state === 'SUCCESS') words.push(t('rows', { n: window.rows, rows: count(window.rows) }));
  if (window.seconds !== null) words.push(duration(window.seconds));
  return words.join(', ');
}

// "58 succeeded, 2 failed"
export const summaryOf = (windows) => Object.entries(countStates(windows))
  .map(([state, n]) => `${count(n)} ${t(state)}`).join(', ');

export function Heartbeat({ windows, zone }) {
  return html`<div class="heartbeat">
    <p class="hidden">${t('lastWindows', { n: windows.length })}: ${summaryOf(windows)}</p>
    <div class="bars" aria-hidden="true">${windows.map((window) => html`<a key=${window.id} tabindex="-1" class=${`slot ${window.state}`}
      href=${links.instance(window.id)} title=${labelOf(window, zone)}>${window.state === 'SUCCESS' ? '' : SIGNS[window.state]}</a>`)}</div>
  </div>`;
}
