// One day of a job: the grid of its windows, and when they really ran.
import { html } from 'htm/preact';
import { segment } from '../api.js';
import { count, dayOf, duration, isDay, shiftDay, size } from '../format.js';
import { useLive } from '../live.js';
import { links } from '../route.js';
import { countStates, STATES, windowsOf } from '../states.js';
import { t } from '../settings.js';
import { Card, Facts, StatePill, Waiting } from '../parts/basic.js';
import { DayGrid, Legend } from '../parts/day_grid.js';
import { DayInput } from '../parts/day_input.js';
import { Timeline } from '../parts/timeline.js';

const sum = (windows, key) => windows.reduce((total, window) => total + (window[key] ?? 0), 0);

function Totals({ job, day, windows }) {
  const counts = countStates(windows);
  const seconds = windows.map((window) => window.seconds).filter((value) => value !== null);
  const lags = windows.map((window) => window.lag).filter((value) => value !== null);
  return html`<div class="totals">
    <ul class="counts">${STATES.filter((state) => counts[state]).map((state) => html`<li key=${state}><a class="count"
      href=${links.instances({ job: job.name, date: day, state, due: 'false' })}><${StatePill} state=${state}
          label=${`${count(counts[state])} ${t(state)}`} /></a></li>`)}</ul>
    <${Facts} facts=${[
      [t('rowsTitle'), count(sum(windows, 'rows'))], [t('bytesTitle'), size(sum(windows, 'bytes'))],
      seconds.length > 0 && [t('longest'), duration(Math.max(...seconds))],
      lags.length > 0 && [t('largestLag'), duration(Math.max(...lags))]]} />
  </div>`;
}

// Of a link, which anybody may write; null: none that there is.
export const dayAsked = ({ date }) => (isDay(date) ? date : null);
export const dayPath = (job, day) => `/jobs/${segment(job)}/windows?date=${segment(day)}`;

export function DayTab({ job, query }) {
  const status = useLive('/status');
  const now = status.data?.now ?? new Date().toISOString();
  const today = dayOf(now, job.zone);
  const day = dayAsked(query) ?? today;
  const live = useLive(dayPath(job.name, day));
  const windows = live.data ? windowsOf(live.data) : [];
  const linkTo = (date) => links.job(job.name, '', { date });
  return html`
    <nav class="days" aria-label=${t('chooseDay')}>
      <a class="button" href=${linkTo(shiftDay(day, -1))} aria-label=${t('previousDay')}>←</a>
      <label><span class="hidden">${t('day')}</span><${DayInput} value=${day}
          linkTo=${(date) => (isDay(date) ? linkTo(date) : null)} /></label>
      <a class="button" href=${linkTo(shiftDay(day, 1))} aria-label=${t('nextDay')}>→</a>
      ${day !== today && html`<a href=${links.job(job.name)}>${t('today')}</a>`}
      <span class="faint">${job.zone}</span>
    </nav>
    ${!live.data ? html`<${Waiting} live=${live} />` : html`<div class="day">
      <${Card} title=${t('dayGrid')}><${DayGrid} windows=${windows} zone=${job.zone}
          caption=${t('dayGridOf', { job: job.name, day })} /><//>
      <div class="day-side">
        <${Card} title=${t('totals')}><${Totals} job=${job} day=${day} windows=${windows} /><//>
        <${Card} title=${t('timeline')}><${Timeline} windows=${windows} zone=${job.zone} from=${live.data.from}
            to=${live.data.to} now=${now} /><//>
        <${Card} title=${t('legend')}><${Legend} /><//>
      </div>
    </div>`}`;
}
