// The definitions of a job that were in force, what changed between them, and what an edited file would change.
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { reload } from '../actions.js';
import { segment } from '../api.js';
import { count } from '../format.js';
import { useLive } from '../live.js';
import { links } from '../route.js';
import { useSession } from '../session.js';
import { t } from '../settings.js';
import { Card, Facts, Moment, Pill, Table, Waiting } from '../parts/basic.js';
import { ActionButton } from '../parts/dialog.js';

const SELDOM = 15000;

function KeyChanges({ keys }) {
  return html`<${Table} caption=${t('keyChanges')} columns=${[{ title: t('key') }, { title: t('before') }, { title: t('after') }]}
    rows=${keys.map(({ key, before, after }) => [html`<code>${key}</code>`, html`<code>${before || '–'}</code>`, html`<code>${after || '–'}</code>`])} />`;
}

function kindOf(line) {
  if (line.startsWith('+++') || line.startsWith('---') || line.startsWith('@@')) return 'head';
  return line.startsWith('+') ? 'plus' : line.startsWith('-') ? 'minus' : null;
}
function Diff({ text }) {
  if (text === '') return html`<p class="empty">${t('noDifference')}</p>`;
  return html`<pre class="code diff" tabindex="0" aria-label=${t('difference')}>${text.split('\n').map((line) => html`<span
      class=${kindOf(line)}>${`${line}\n`}</span>`)}</pre>`;
}

function Problems({ problems }) {
  return problems.map((problem) => html`<p
      class=${problem.severity === 'error' ? 'bad' : 'faint'}>${problem.file}:${problem.line}: ${problem.message}</p>`);
}

// What the files on the disk would change, asked without changing anything; then the same for good.
function ReloadButton() {
  const [report, setReport] = useState(null);
  const [failure, setFailure] = useState(null);
  const look = async () => {
    try { setReport(await reload(true)); } catch (caught) { setFailure(caught); }
  };
  const bringIntoForce = async () => {
    const done = await reload(false);
    const text = t('didReload', { n: done.changes.length });
    const errors = done.problems.filter(({ severity }) => severity === 'error');
    if (errors.length === 0) return text;
    setReport(done);
    throw new Error(`${text}${t('comma')}${t('filesWithErrors', { n: errors.length })}`);
  };
  const body = () => html`<div class="report">
    ${failure && html`<p class="notice bad" role="alert">${failure.message}</p>`}
    ${report === null ? html`<button type="button" onClick=${look}>${t('lookFirst')}</button>` : html`
      <${Problems} problems=${report.problems} />
      ${report.changes.length === 0 && report.settings.length === 0 && html`<p class="empty">${t('nothingChanges')}</p>`}
      <ul>${report.changes.map((change) => html`<li><strong>${change.job}</strong>: ${t(`change_${change.change}`)} ${change.keys.map(({ key }) => key).join(', ')}</li>`)}
        ${report.settings.map((text) => html`<li>${text}</li>`)}${report.needs_restart.map((text) => html`<li class="bad">${t('needsRestart')}: ${text}</li>`)}</ul>`}
  </div>`;
  return html`<${ActionButton} label=${t('reload')} title=${t('askReload')} text=${t('aboutReload')} withReason=${false}
      body=${body} onOpen=${() => { setReport(null); setFailure(null); }}
    run=${bringIntoForce} />`;
}

function Pending({ job }) {
  const live = useLive(`/jobs/${segment(job.name)}/diff`, SELDOM);
  const found = live.data;
  const wrong = found?.problems.filter(({ severity }) => severity === 'error') ?? [];
  if (!found || (found.keys.length === 0 && wrong.length === 0)) return null;
  return html`<${Card} title=${t('onDisk')}><${Problems} problems=${wrong} />
    <${KeyChanges} keys=${found.keys} />
    <p>${t('slotsChange', { n: found.slots.length, unchanged: count(found.unchanged) })}</p><//>`;
}

export function VersionsTab({ job }) {
  const session = useSession();
  const live = useLive(`/jobs/${segment(job.name)}/versions`, SELDOM);
  if (!live.data) return html`<${Waiting} live=${live} />`;
  return html`<${Pending} job=${job} /><${Card} title=${t('versions')} aside=${session.role === 'admin' && html`<${ReloadButton} />`}>
    <${Table} caption=${t('versions')}
        columns=${[{ title: t('version') }, { title: t('inForceSince') }, { title: t('actor') }, { title: t('replaces') }]}
      rows=${live.data.versions.map((version) => [
        html`<a href=${links.version(job.name, version.version)}><code>${version.version}</code></a> ${version.present && html`<${Pill} tone="SUCCESS">${t('present')}<//>`}`,
        html`<${Moment} time=${version.since} zone=${job.zone} />`, version.actor, html`<code>${version.replaces || '–'}</code>`])} /><//>`;
}

export function VersionTab({ job, version }) {
  const path = `/jobs/${segment(job.name)}/versions/${segment(version)}`;
  const live = useLive(path, SELDOM);
  const difference = useLive(live.data && !live.data.present ? `${path}/diff` : null, SELDOM);
  if (!live.data) return html`<${Waiting} live=${live} />`;
  const found = live.data;
  return html`
    <p><a href=${links.job(job.name, 'versions')}>← ${t('versions')}</a></p>
    <${Card} title=${html`${t('version')} <code>${found.version}</code>`}
        aside=${found.present && html`<${Pill} tone="SUCCESS">${t('present')}<//>`}>
      <${Facts} facts=${[[t('firstSeen'), html`<${Moment} time=${found.first_seen} zone=${job.zone} />`],
        [t('inForceSince'), html`<${Moment} time=${found.since} zone=${job.zone} />`], [t('actor'), found.actor],
        found.replaces && [t('replaces'), html`<a
            href=${links.version(job.name, found.replaces)}><code>${found.replaces}</code></a>`]]} /><//>
    ${difference.data && html`<${Card} title=${t('toPresent')}>
      ${difference.data.missing && html`<p class="bad">${difference.data.missing}</p>`}
      <${KeyChanges} keys=${difference.data.keys} /><${Diff} text=${difference.data.diff} /><//>`}
    ${found.missing ? html`<p class="notice">${found.missing}</p>` : html`
      <${Card} title=${html`<code>${found.file}</code>`}><pre class="code" tabindex="0" aria-label=${found.file}>${found.text}</pre><//>
      ${found.script && html`<${Card} title=${html`<code>${found.script_file}</code>`}><pre class="code" tabindex="0"
          aria-label=${found.script_file}>${found.script}</pre><//>`}`}`;
}
