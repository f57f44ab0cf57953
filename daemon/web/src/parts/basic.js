// Small things every view is made of.
import { html } from 'htm/preact';
import { isUnreachable } from '../api.js';
import { dayOf, momentOf, clockOf, utcOf } from '../format.js';
import { SIGNS } from '../states.js';
import { t } from '../settings.js';

// A state in words, with its sign.
export function StatePill({ state, label }) {
  return html`<span class=${`pill ${state}`}><i class="sign" aria-hidden="true">${SIGNS[state]}</i>${label ?? t(state)}</span>`;
}
// Only the sign, for legends and grids.
export function StateSign({ state }) {
  return html`<i class=${`slot ${state}`} aria-hidden="true">${SIGNS[state]}</i>`;
}
export function Pill({ tone = '', children }) {
  return html`<span class=${`pill ${tone}`}>${children}</span>`;
}

// A time in the job's zone; pointing at it shows UTC. `short` leaves the day out, `named` writes the zone.
export function Moment({ time, zone, short = false, named = false }) {
  if (!time) return html`<span class="faint">–</span>`;
  const text = short ? clockOf(time, zone) : momentOf(time, zone);
  return html`<time datetime=${time} title=${`${utcOf(time)} · ${zone}`}>${text}</time>${named && html` <span class="faint">${zone}</span>`}`;
}

// [start, end) of a window: the day once when both are of it.
export function WindowTimes({ window, zone }) {
  const sameDay = dayOf(window.start, zone) === dayOf(window.end, zone);
  return html`<span class="window"><${Moment} time=${window.start} zone=${zone} /> – <${Moment} time=${window.end}
      zone=${zone} short=${sameDay} /></span>`;
}

export function Card({ title, aside, children, ...rest }) {
  return html`<section class="card" ...${rest}>
    ${title && html`<div class="card-head"><h2>${title}</h2>${aside}</div>`}
    ${children}
  </section>`;
}

// `columns`: [{title, right}], `rows`: lists of cells. Rows in which something is open or chosen are {key, cells}, so that it
// stays with what it is about when others come before it.
export function Table({ caption, columns, rows, empty }) {
  if (rows.length === 0) return html`<p class="empty">${empty ?? t('none')}</p>`;
  const side = (column) => (column.right ? 'right' : null);
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${caption}><table class="list">
    <caption class="hidden">${caption}</caption>
    <thead><tr>${columns.map((column) => html`<th scope="col" class=${side(column)}>${column.title}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.key}>
      ${(row.cells ?? row).map((cell, n) => html`<td class=${side(columns[n])}>${cell}</td>`)}
    </tr>`)}</tbody>
  </table></div>`;
}

// Names and values, as a list of definitions.
export function Facts({ facts }) {
  return html`<dl class="facts">${facts.filter(Boolean).map(([name, value]) =>
    html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

export function Tabs({ label, tabs, chosen }) {
  return html`<nav class="tabs" aria-label=${label}>${tabs.map(([key, title, link]) =>
    html`<a href=${link} aria-current=${key === chosen ? 'page' : null}>${title}</a>`)}</nav>`;
}

export function Field({ label, hint, children }) {
  return html`<label class="field"><span>${label}</span>${children}${hint && html`<small>${hint}</small>`}</label>`;
}
export function Check({ label, hint, checked, onChange }) {
  return html`<label class="check"><input type="checkbox" checked=${checked} onChange=${(event) => onChange(event.target.checked)} />
    <span>${label}${hint && html`<small>${hint}</small>`}</span></label>`;
}

// What stands in place of a view that has no answer yet, or a refusal.
export function Waiting({ live }) {
  if (live.failure) {
    return html`<div class="notice bad" role="alert">${isUnreachable(live.failure) ? t('unreachable') : live.failure.message}</div>`;
  }
  return html`<p class="empty" role="status">${t('loading')}</p>`;
}
