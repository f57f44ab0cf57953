// How lag, rows, bytes and duration went over the last windows.
import { html } from 'htm/preact';
import { useMemo } from 'preact/hooks';
import { segment } from '../api.js';
import { count, duration, shortDuration, size } from '../format.js';
import { useLive } from '../live.js';
import { links } from '../route.js';
import { windowsOf } from '../states.js';
import { t } from '../settings.js';
import { Card, Tabs, Waiting } from '../parts/basic.js';
import { Chart } from '../parts/chart.js';

const HOURS = { '6h': 6, '24h': 24, '3d': 72, '7d': 168 };
const MOST = 3000;

const CHARTS = [
  { key: 'lag', title: 'lagTitle', about: 'lagAbout', format: shortDuration, exact: duration },
  { key: 'rows', title: 'rowsPerWindow', format: (value) => count(Math.round(value)), bars: true },
  { key: 'bytes', title: 'bytesPerWindow', format: (value) => size(Math.round(value)), bars: true },
  { key: 'seconds', title: 'durationPerWindow', format: shortDuration, exact: duration },
];

function average(values) {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

function Curve({ chart, windows, zone }) {
  const times = useMemo(() => windows.map(({ scheduled }) => Date.parse(scheduled) / 1000), [windows]);
  const values = useMemo(() => windows.map((window) => (window.state === 'SUCCESS' ? window[chart.key] : null)), [windows]);
  const known = values.filter((value) => value !== null);
  const exact = chart.exact ?? chart.format;
  const aside = known.length > 0 && html`<span class="faint">${t('averageAndMost', { average: exact(average(known)), most: exact(Math.max(...known)) })}</span>`;
  return html`<${Card} title=${t(chart.title)} aside=${aside}>
    <${Chart} times=${times} values=${values} zone=${zone} name=${t(chart.title)} format=${chart.format}
        bars=${chart.bars} sync="job" isTime=${chart.exact !== undefined} />
    ${chart.about && html`<p class="faint">${t(chart.about)}</p>`}<//>`;
}

export function ChartsTab({ job, query }) {
  const range = query.range in HOURS ? query.range : '24h';
  const last = Math.min(MOST, Math.max(2, Math.ceil((HOURS[range] * 60) / (job.schedule.interval_minutes ?? 24 * 60))));
  const live = useLive(`/jobs/${segment(job.name)}/windows?last=${last}`);
  const windows = useMemo(() => (live.data ? windowsOf(live.data) : []), [live.data]);
  const tabs = Object.keys(HOURS).map((key) => [key, t(`range_${key}`), links.job(job.name, 'charts', { range: key })]);
  return html`<${Tabs} label=${t('range')} tabs=${tabs} chosen=${range} />
    ${!live.data ? html`<${Waiting} live=${live} />` : windows.length === 0 ? html`<p class="empty">${t('noWindows')}</p>`
      : html`<div class="charts">${CHARTS.map((chart) => html`<${Curve} key=${chart.key} chart=${chart} windows=${windows}
          zone=${job.zone} />`)}</div>`}`;
}
