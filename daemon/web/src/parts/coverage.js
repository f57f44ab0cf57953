// What is proved about a job: durable up to when, gaps, how long the stream keeps what is still to come.
import { html } from 'htm/preact';
import { clockOf, count, dayOf, duration, shortDuration } from '../format.js';
import { t } from '../settings.js';
import { Moment, Pill } from './basic.js';

export function Freshness({ job }) {
  if (job.paused) return html`<${Pill} tone="FROZEN"><i class="sign" aria-hidden="true">∗</i>${t('paused')}<//>`;
  return job.coverage.fresh ? html`<${Pill} tone="SUCCESS"><i class="sign" aria-hidden="true">✓</i>${t('fresh')}<//>`
    : html`<${Pill} tone="FAILURE"><i class="sign" aria-hidden="true">✕</i>${t('late')}<//>`;
}

const retentionText = (retention) => (retention.left_seconds <= 0 ? t('retentionOver')
  : t('untilRetention', { time: shortDuration(retention.left_seconds) }));

// "durable up to 14:05, no gaps, 17 h until retention"
export function CoverageSentence({ job, now }) {
  const { coverage } = job;
  if (!coverage.until) return html`<p class="coverage">${t('nothing')}</p>`;
  const gaps = coverage.gaps.length;
  const today = dayOf(coverage.until, job.zone) === dayOf(now, job.zone);
  return html`<p class="coverage">${t('durable')} <strong><${Moment} time=${coverage.until} zone=${job.zone}
      short=${today} /></strong>${t('comma')}<span
      class=${gaps ? 'bad' : 'good'}>${gaps ? t('gaps', { n: gaps }) : t('noGaps')}</span>${coverage.retention && html`${t('comma')}<span class=${coverage.retention.low ? 'bad' : null}>${retentionText(coverage.retention)}</span>`}</p>`;
}

function Tile({ title, tone, children, note }) {
  return html`<div class=${`tile ${tone ?? ''}`}><dt>${title}</dt><dd>${children}</dd>${note && html`<dd class="note">${note}</dd>`}</div>`;
}

export function CoverageTiles({ job }) {
  const { coverage } = job;
  const { retention } = coverage;
  const gaps = coverage.gaps.length;
  if (!coverage.until) return html`<p class="coverage">${t('nothing')}</p>`;
  return html`<dl class="tiles">
    <${Tile} title=${t('durableTitle')} note=${dayOf(coverage.until, job.zone)}>
      <time datetime=${coverage.until}>${clockOf(coverage.until, job.zone)}</time><//>
    <${Tile} title=${t('lag')} tone=${coverage.fresh ? '' : 'bad'}
        note=${coverage.fresh ? t('fresh') : t('late')}>${duration(coverage.lag_seconds)}<//>
    <${Tile} title=${t('gapsTitle')} tone=${gaps ? 'bad' : 'good'} note=${gaps ? t('seeGaps') : t('noGaps')}>${count(gaps)}<//>
    ${retention && html`<${Tile} title=${t('retentionLeft')} tone=${retention.low ? 'bad' : ''}
        note=${t('ofRetention', { time: shortDuration(retention.retention_seconds) })}>
      ${retention.left_seconds <= 0 ? t('over') : duration(retention.left_seconds)}<//>`}
    <${Tile} title=${t('windowsTitle')} note=${html`${t('since')} <${Moment} time=${coverage.from}
        zone=${job.zone} />`}>${count(coverage.windows)}<//>
    <${Tile} title=${t('rowsTitle')} note=${t('durableRows')}>${count(coverage.rows)}<//>
  </dl>`;
}

export function GapList({ job }) {
  if (job.coverage.gaps.length === 0) return null;
  return html`<ul class="gaps">${job.coverage.gaps.map((gap) => html`<li><span class="bad">${t('gap')}</span>
    ${' '}<${Moment} time=${gap.from} zone=${job.zone} /> – <${Moment} time=${gap.to}
        zone=${job.zone} /> · ${gap.shard} · ${gap.reason}</li>`)}</ul>`;
}
