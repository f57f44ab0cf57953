// How lag, rows, bytes and duration went over the last hours.
import { html } from 'htm/preact';
import { useMemo } from 'preact/hooks';
import { segment, withQuery } from '../api.js';
import { count, duration, size } from '../format.js';
import { useLive } from '../live.js';
import { links } from '../route.js';
import { windowsOf } from '../states.js';
import { t } from '../settings.js';
import { Card, Tabs, Waiting } from '../parts/basic.js';
import { Chart } from '../parts/chart.js';

const HOURS = { '6h': 6, '24h': 24, '3d': 72, '7d': 168 };
const HOUR = 3_600_000;
const MOST = 3000;  // windows of one answer
const PARTS = 4;    // answers that hold the longest range at a window a minute

const CHARTS = [
  { key: 'lag', title: 'lagTitle', about: 'lagAbout', format: duration, isTime: true },
  { key: 'rows', title: 'rowsPerWindow', format: (value) => count(Math.round(value)), bars: true },
  { key: 'bytes', title: 'bytesPerWindow', format: (value) => size(Math.round(value)), bars: true },
  { key: 'seconds', title: 'durationPerWindow', format: duration, isTime: true },
];

function average(values) {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

function Curve({ chart, windows, zone }) {
  const times = useMemo(() => windows.map(({ scheduled }) => Date.parse(scheduled) / 1000), [windows]);
  const values = useMemo(() => windows.map((window) => (window.state === 'SUCCESS' ? window[chart.key] : null)), [windows]);
  const known = values.filter((value) => value !== null);
  const aside = known.length > 0 && html`<span class="faint">${t('averageAndMost', { average: chart.format(average(known)), most: chart.format(Math.max(...known)) })}</span>`;
  return html`<${Card} title=${t(chart.title)} aside=${aside}>
    <${Chart} times=${times} values=${values} zone=${zone} name=${t(chart.title)} format=${chart.format}
        bars=${chart.bars} sync="job" isTime=${chart.isTime} />
    ${chart.about && html`<p class="faint">${t(chart.about)}</p>`}<//>`;
}

// What to ask for: one part of the range for each answer, none (null) where fewer are enough. In whole hours, so that the
// same is asked for while an hour passes. How often a cron expression is due nobody tells: a window a minute at most.
function pathsOf(job, range, now) {
  const end = Math.ceil(now / HOUR) * HOUR;
  const begin = end - (HOURS[range] + 1) * HOUR;
  const length = Math.floor((MOST * (job.schedule.interval_minutes ?? 1)) / 60) * HOUR;
  const text = (time) => `${new Date(time).toISOString().slice(0, 16)}Z`;
  return Array.from({ length: PARTS }, (_, n) => {
    const from = begin + n * length;
    return from >= end ? null : withQuery(`/jobs/${segment(job.name)}/windows`, { from: text(from), to: text(Math.min(end, from + length)) });
  });
}

// {windows, waiting}: those of the last hours, or an answer that is still to come.
function useWindows(job, range) {
  const status = useLive('/status');
  const now = Math.ceil(Date.parse(status.data?.now ?? new Date().toISOString()) / 60_000) * 60_000;
  const parts = pathsOf(job, range, now).map((path) => ({ path, live: useLive(path) })).filter(({ path }) => path !== null);
  const waiting = parts.find(({ live }) => !live.data)?.live;
  const since = now - HOURS[range] * HOUR;
  const windows = useMemo(() => (waiting ? [] : parts.flatMap(({ live }) => windowsOf(live.data)).filter(({ scheduled }) =>
    Date.parse(scheduled) > since && Date.parse(scheduled) <= now)), [now, range, ...parts.map(({ live }) => live.data)]);
  return { windows, waiting };
}

export function ChartsTab({ job, query }) {
  const range = query.range in HOURS ? query.range : '24h';
  const { windows, waiting } = useWindows(job, range);
  const tabs = Object.keys(HOURS).map((key) => [key, t(`range_${key}`), links.job(job.name, 'charts', { range: key })]);
  return html`<${Tabs} label=${t('range')} tabs=${tabs} chosen=${range} />
    ${waiting ? html`<${Waiting} live=${waiting} />` : windows.length === 0 ? html`<p class="empty">${t('noWindows')}</p>`
      : html`<div class="charts">${CHARTS.map((chart) => html`<${Curve} key=${chart.key} chart=${chart} windows=${windows}
          zone=${job.zone} />`)}</div>`}`;
}
