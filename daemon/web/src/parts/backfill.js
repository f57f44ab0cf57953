// How a backfill reads.
import { html } from 'htm/preact';
import { count } from '../format.js';
import { STATES } from '../states.js';
import { t } from '../settings.js';
import { Moment } from './basic.js';

const TONES = { running: 'RUNNING', paused: 'FROZEN', cancelled: 'SKIPPED', done: 'SUCCESS', failed: 'FAILURE' };
const SIGNS = { running: '▶', paused: '∗', cancelled: '»', done: '✓', failed: '✕' };

export function BackfillPill({ state }) {
  return html`<span class=${`pill ${TONES[state]}`}><i class="sign" aria-hidden="true">${SIGNS[state]}</i>${t(`backfill_${state}`)}</span>`;
}

// Done of all, what was skipped besides as `sluice backfills` has it, and a bar with a piece for each state.
export function Progress({ counts }) {
  const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
  const done = counts.SUCCESS ?? 0;
  const skipped = counts.SKIPPED ?? 0;
  const states = STATES.filter((state) => counts[state]);
  const pieces = [];
  let at = 0;
  for (const state of states) {
    const width = (counts[state] / total) * 100;
    pieces.push(html`<rect key=${state} class=${state} x=${at} y="0"
        width=${width} height="8"><title>${`${counts[state]} ${t(state)}`}</title></rect>`);
    at += width;
  }
  return html`<div class="progress"><svg viewBox="0 0 100 8" preserveAspectRatio="none" role="img"
    aria-label=${states.map((state) => `${count(counts[state])} ${t(state)}`).join(', ') || t('none')}>${pieces}</svg>
    <span>${t('doneOf', { done: count(done), total: count(total) })}${skipped > 0
      && `${t('comma')}${t('skippedOf', { n: count(skipped) })}`}</span></div>`;
}

export const Range = ({ backfill }) => html`<${Moment} time=${backfill.from} zone=${backfill.zone} /> – <${Moment}
    time=${backfill.to} zone=${backfill.zone} />`;
