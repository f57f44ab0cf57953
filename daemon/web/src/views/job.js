// One job: what is proved about it, and its tabs.
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { pauseJob, resumeJob } from '../actions.js';
import { segment } from '../api.js';
import { count, duration, scheduleText } from '../format.js';
import { useLive } from '../live.js';
import { resumedText } from '../reasons.js';
import { links } from '../route.js';
import { useSession } from '../session.js';
import { t } from '../settings.js';
import { Facts, Moment, Tabs, Waiting } from '../parts/basic.js';
import { CoverageTiles, Freshness, GapList } from '../parts/coverage.js';
import { ActionButton } from '../parts/dialog.js';
import { ChartsTab } from './job_charts.js';
import { DayTab, dayAsked, dayPath } from './job_day.js';
import { VersionTab, VersionsTab } from './job_versions.js';

const CHOICES = ['all', 'latest', 'none'];

function ResumeButton({ job }) {
  const [run, setRun] = useState('latest');
  const body = () => html`<fieldset><legend>${t('resumeWhich')}</legend>${CHOICES.map((choice) => html`<label class="check">
    <input type="radio" name="run" value=${choice} checked=${run === choice}
        onChange=${() => setRun(choice)} /><span>${t(`resume_${choice}`)}</span></label>`)}</fieldset>`;
  return html`<${ActionButton} label=${t('resume')} tone="primary" title=${t('askResume', { job: job.name })} body=${body}
    run=${async (reason) => resumedText(await resumeJob(job.name, run, reason)) || t('did', { action: t('resume'), id: job.name })} />`;
}

function JobActions({ job }) {
  return html`<div class="actions" role="group" aria-label=${t('actions')}>
    ${job.paused ? html`<${ResumeButton} key="resume" job=${job} />` : html`<${ActionButton} key="pause" label=${t('pause')}
      title=${t('askPause', { job: job.name })} text=${t('aboutPause')}
      run=${async (reason) => { await pauseJob(job.name, reason); return t('did', { action: t('pause'), id: job.name }); }} />`}
    <a class="button" href=${links.newBackfill({ job: job.name })}>${t('newBackfill')}</a>
  </div>`;
}

function Definition({ job }) {
  const { schedule } = job;
  return html`<details class="definition"><summary>${t('definition')}</summary><${Facts} facts=${[
    [t('schedule'), `${scheduleText(schedule)}, ${job.zone}`],
    [t('effective'), `${schedule.effective_from} – ${schedule.effective_to}`],
    [t('reruns'), t('rerunsText', { n: job.rerun.times, time: duration(job.rerun.interval_seconds) })],
    [t('timeout'), duration(job.timeout_seconds)],
    [t('priorityTitle'), job.priority],
    [t('file'), html`<code>${job.file}</code>`],
    [t('version'), html`<a href=${links.version(job.name, job.version)}><code>${job.version}</code></a>`],
    ...job.parameters.map(({ name, expression }) => [name, html`<code>${expression}</code>`]),
  ]} /></details>`;
}

export function JobView({ name, tab, more, query }) {
  const session = useSession();
  const live = useLive(`/jobs/${segment(name)}`);
  const day = dayAsked(query);
  useLive(tab === 'day' && day ? dayPath(name, day) : null);  // asked for beside the job, not after it
  if (!live.data) return html`<h1>${name}</h1><${Waiting} live=${live} />`;
  const job = live.data;
  const tabs = [['day', t('day'), links.job(name)], ['charts', t('charts'), links.job(name, 'charts')],
    ['versions', t('versions'), links.job(name, 'versions')]];
  return html`
    <div class="title"><h1>${job.name}</h1><${Freshness}
        job=${job} /><span class="grow"></span>${session.mayAct && html`<${JobActions} job=${job} />`}</div>
    ${job.paused && html`<p class="notice">${t('pausedBy', { actor: job.paused.actor })} <${Moment} time=${job.paused.since}
        zone=${job.zone} />${job.paused.reason ? `: ${job.paused.reason}` : ''}</p>`}
    <${CoverageTiles} job=${job} />
    <${GapList} job=${job} />
    <${Definition} job=${job} />
    <div class="tab-row"><${Tabs} label=${t('views')} tabs=${tabs} chosen=${tab} />
      <a href=${links.instances({ job: name })}>${t('instances')} (${count(Object.values(job.counts).reduce((sum, n) => sum + n, 0))})</a>
      <a href=${links.backfills({ job: name })}>${t('backfills')}</a><a href=${links.audit({ job: name })}>${t('audit')}</a></div>
    ${tab === 'charts' ? html`<${ChartsTab} job=${job} query=${query} />`
      : tab === 'versions' && more ? html`<${VersionTab} key=${more} job=${job} version=${more} />`
        : tab === 'versions' ? html`<${VersionsTab} job=${job} />` : html`<${DayTab} job=${job} query=${query} />`}`;
}
