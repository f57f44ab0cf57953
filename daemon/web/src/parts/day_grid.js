// A day as a grid of its windows: a row for each hour, a column for each slot within it. One stop for the Tab key;
// the arrow keys move inside.
import { html } from 'htm/preact';
import { useRef, useState } from 'preact/hooks';
import { hourOf } from '../format.js';
import { links } from '../route.js';
import { SIGNS, STATES } from '../states.js';
import { t } from '../settings.js';
import { StateSign } from './basic.js';
import { labelOf } from './heartbeat.js';

// Hours as the zone reads them; where the clocks go back an hour comes twice and its row is longer.
function rowsOf(windows, zone) {
  const rows = new Map();
  for (const window of windows) {
    const hour = hourOf(window.scheduled, zone);
    if (!rows.has(hour)) rows.set(hour, []);
    rows.get(hour).push(window);
  }
  return [...rows].sort(([a], [b]) => a - b);
}

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -Infinity], End: [0, Infinity] };

export function DayGrid({ windows, zone, caption }) {
  const rows = rowsOf(windows, zone);
  const table = useRef(null);
  const [at, setAt] = useState([0, 0]);
  const limit = (value, length) => Math.min(Math.max(value, 0), length - 1);
  const row = limit(at[0], rows.length);
  const column = rows.length ? limit(at[1], rows[row][1].length) : 0;
  const move = (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const nextRow = limit(row + step[0], rows.length);
    const nextColumn = limit(column + step[1], rows[nextRow][1].length);
    setAt([nextRow, nextColumn]);
    table.current.querySelectorAll('tbody tr')[nextRow].querySelectorAll('a')[nextColumn].focus();
  };
  if (rows.length === 0) return html`<p class="empty">${t('noWindows')}</p>`;
  return html`<div class="scroll"><table class="grid" role="grid" ref=${table} aria-label=${caption} onKeyDown=${move}>
    <tbody>${rows.map(([hour, slots], y) => html`<tr key=${hour}>
      <th scope="row">${String(hour).padStart(2, '0')}</th>
      ${slots.map((window, x) => html`<td key=${window.id} role="gridcell"><a class=${`slot ${window.state}`}
          href=${links.instance(window.id)}
        tabindex=${x === column && y === row ? 0 : -1} onFocus=${() => setAt([y, x])}
        title=${labelOf(window, zone)} aria-label=${labelOf(window, zone)}>${SIGNS[window.state]}</a></td>`)}
    </tr>`)}</tbody>
  </table></div>`;
}

export function Legend({ states = STATES }) {
  return html`<ul class="legend" aria-label=${t('legend')}>${states.map((state) => html`<li key=${state}><${StateSign}
      state=${state} /> ${t(state)}</li>`)}</ul>`;
}
