// When the windows of a day really ran. The upper rail has the slots, the lower one the attempts; a line joins the two. It
// stands upright where a window ran at its time, and leans the more the longer it had to wait. The grid has the same
// windows as links; here they can only be pointed at.
import { html } from 'htm/preact';
import { clockOf, duration } from '../format.js';
import { go, links } from '../route.js';
import { t } from '../settings.js';
import { summaryOf } from './heartbeat.js';

const WIDTH = 1000;
const UPPER = 10;
const LOWER = 70;
const RAIL = 10;
const LEAST = 2.5;  // of a bar, so that a run of a second can be seen

const secondsBetween = (from, to) => (Date.parse(to) - Date.parse(from)) / 1000;

function Run({ window, zone, x, now }) {
  const due = x(window.scheduled);
  const begin = x(window.started);
  const width = Math.max(LEAST, x(window.finished ?? now) - begin);
  const title = `${clockOf(window.scheduled, zone)} → ${clockOf(window.started, zone)}, ${t(window.state)}`;
  return html`<g class=${window.state}>
    <line class="wait" x1=${due} x2=${begin} y1=${UPPER} y2=${LOWER} />
    <rect x=${begin} y=${LOWER} width=${width} height=${RAIL} rx="1"
        onClick=${() => go(links.instance(window.id))}><title>${title}</title></rect>
  </g>`;
}

export function Timeline({ windows, zone, from, to, now }) {
  const start = Date.parse(from);
  const length = Date.parse(to) - start;
  const x = (time) => ((Date.parse(time) - start) / length) * WIDTH;
  const runs = windows.filter(({ started }) => started);
  const place = (hour) => (hour * 3600000) / length;  // 0 to 1; a day has 23 or 25 hours where the clocks change
  const hours = Array.from({ length: Math.round(length / 3600000) + 1 }, (_, n) => n).filter((n) => n % 3 === 0);
  const longest = duration(Math.max(0, ...runs.map((run) => secondsBetween(run.scheduled, run.started))));
  const label = `${t('timeline')}: ${summaryOf(runs) || t('none')}; ${t('longestWait', { time: longest })}`;
  const here = x(now);
  return html`<figure class="timeline">
    <svg viewBox=${`0 0 ${WIDTH} ${LOWER + RAIL}`} role="img" aria-label=${label} preserveAspectRatio="none">
      ${hours.map((hour) => html`<line class="rule" key=${hour} x1=${place(hour) * WIDTH}
          x2=${place(hour) * WIDTH} y1="0" y2=${LOWER + RAIL} />`)}
      ${runs.map((window) => html`<${Run} key=${window.id} window=${window} zone=${zone} x=${x} now=${now} />`)}
      ${windows.map((window) => html`<rect key=${window.id} class=${window.state} x=${x(window.scheduled)} y="0"
          width=${LEAST} height=${UPPER} />`)}
      ${here >= 0 && here <= WIDTH && html`<line class="now" x1=${here} x2=${here} y1="0" y2=${LOWER + RAIL} />`}
    </svg>
    <div class="hours" aria-hidden="true">${hours.map((hour) => html`<span key=${hour}
        style=${{ left: `${place(hour) * 100}%` }}>${clockOf(start + hour * 3600000, zone)}</span>`)}</div>
    <figcaption>${t('timelineHint')} · ${t('longestWait', { time: longest })}</figcaption>
  </figure>`;
}
