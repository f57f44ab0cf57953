// All jobs at a glance, with what needs a person first.
import { html } from 'htm/preact';
import { segment } from '../api.js';
import { count, duration, scheduleText } from '../format.js';
import { useLive } from '../live.js';
import { blockedText } from '../reasons.js';
import { links } from '../route.js';
import { windowsOf } from '../states.js';
import { t } from '../settings.js';
import { Moment, StatePill, Waiting } from '../parts/basic.js';
import { CoverageSentence, Freshness } from '../parts/coverage.js';
import { Legend } from '../parts/day_grid.js';
import { Heartbeat } from '../parts/heartbeat.js';
import { IncidentLink, Severity, ruleText } from '../parts/incident.js';
import { Sparkline } from '../parts/sparkline.js';

const HEARTBEAT = 60;

function Blocked({ chain, incident }) {
  return html`<li class="alarm">
    <div>${chain.instance ? html`<a href=${links.instance(chain.instance)}>${chain.instance}</a>` : html`<a
        href=${links.job(chain.job)}>${chain.job}</a>`}
      ${' '}${chain.state && html`<${StatePill} state=${chain.state} />`} <strong>${t('blocks', { n: chain.blocked })}</strong>
      <span class="faint"> · ${t('since')} <${Moment} time=${chain.since} zone=${chain.zone} /></span>
      ${incident && html`<span class="faint"> · <a
          href=${links.incident(incident.id)}>${t('incidentTitle', { id: incident.id })}</a>${incident.acknowledged ? ` (${t('acknowledgedShort')})` : ''}</span>`}</div>
    <p title=${chain.reason}>${blockedText(chain)}</p>
  </li>`;
}

function OpenIncident({ incident }) {
  return html`<li class="alarm">
    <div><${Severity} incident=${incident} /> <${IncidentLink} incident=${incident}>${ruleText(incident)}<//>
      ${incident.job && html`<span class="faint"> · ${incident.job}</span>`}
      ${incident.acknowledged && html`<span class="faint"> · ${t('acknowledgedShort')}</span>`}</div>
    ${incident.error && html`<p>${incident.error}</p>`}
  </li>`;
}

function Schedule({ job }) {
  return html`<span class="faint">${scheduleText(job.schedule)} · ${job.zone}</span>`;
}

// Nothing is started until the clock is believed again, or the state store works.
function Standstill({ label, text, why }) {
  return html`<section aria-label=${label}><ul class="alarms"><li class="alarm" role="alert">
    <strong>${text}</strong><p>${why}</p></li></ul></section>`;
}

const SHOWN_COUNTS = ['RUNNING', 'RETRY_WAIT', 'FAILURE', 'LOST', 'FROZEN'];

function JobCard({ job, now }) {
  const { data } = useLive(`/jobs/${segment(job.name)}/windows?last=${HEARTBEAT}`);
  const windows = data ? windowsOf(data) : [];
  return html`<section class="card job" aria-label=${job.name}>
    <div class="card-head">
      <h2><a href=${links.job(job.name)}>${job.name}</a></h2>
      <${Freshness} job=${job} />
      ${SHOWN_COUNTS.filter((state) => job.counts[state] > 0).map((state) => html`<a class="count" key=${state}
        href=${links.instances({ job: job.name, state, due: 'false' })}><${StatePill} state=${state}
            label=${`${count(job.counts[state])} ${t(state)}`} /></a>`)}
      <span class="grow"></span><${Schedule} job=${job} />
    </div>
    <${CoverageSentence} job=${job} now=${now} />
    <div class="job-strip">
      <${Heartbeat} windows=${windows} zone=${job.zone} />
      <div class="spark"><span class="faint">${t('lag')} <strong>${job.coverage.until ? duration(job.coverage.lag_seconds) : '–'}</strong></span>
        <${Sparkline} values=${windows.map(({ lag }) => lag)} /></div>
    </div>
  </section>`;
}

export function JobsView() {
  const live = useLive('/status');
  if (!live.data) return html`<h1>${t('jobs')}</h1><${Waiting} live=${live} />`;
  const { jobs, blocked, clock_in_doubt: doubt, store_failure: failure, incidents = [], incidents_open: open = 0, now } = live.data;
  const rest = incidents.filter(({ instance }) => !blocked.some((chain) => instance && chain.instance === instance));
  return html`
    <h1>${t('jobs')}</h1>
    ${doubt && html`<${Standstill} label=${t('clockInDoubt')} text=${t('clockInDoubtLong')} why=${doubt} />`}
    ${failure && html`<${Standstill} label=${t('storeFails')} text=${t('storeFailsLong')} why=${failure} />`}
    ${blocked.length > 0 && html`<section aria-label=${t('blocked')}><ul class="alarms">
      ${blocked.map((chain) => html`<${Blocked} key=${chain.cause} chain=${chain}
          incident=${incidents.find(({ instance }) => instance && instance === chain.instance)} />`)}</ul></section>`}
    ${(rest.length > 0 || open > incidents.length) && html`<section aria-label=${t('incidents')}><ul class="alarms">
      ${rest.map((incident) => html`<${OpenIncident} key=${incident.id} incident=${incident} />`)}
      ${open > incidents.length && html`<li><a
          href=${links.incidents()}>${t('moreIncidents', { n: open - incidents.length })}</a></li>`}</ul></section>`}
    ${jobs.length === 0 && html`<p class="empty">${t('noJobs')}</p>`}
    ${jobs.map((job) => html`<${JobCard} key=${job.name} job=${job} now=${now} />`)}
    ${jobs.length > 0 && html`<${Legend} />`}`;
}
