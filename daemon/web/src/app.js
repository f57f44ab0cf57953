// The frame around every view: where one is, how the daemon is, language and theme.
import { html } from 'htm/preact';
import { useEffect, useRef } from 'preact/hooks';
import { useConnected, useLive, useReachable, useTrouble } from './live.js';
import { links, useRoute } from './route.js';
import { currentLanguage, currentTheme, switchLanguage, switchTheme, t, useSettings } from './settings.js';
import { useSession } from './session.js';
import { SignIn } from './parts/sign_in.js';
import { Toast } from './parts/toast.js';
import { AuditView } from './views/audit.js';
import { BackfillView } from './views/backfill.js';
import { BackfillsView } from './views/backfills.js';
import { IncidentView, IncidentsView } from './views/incidents.js';
import { InstanceView } from './views/instance.js';
import { InstancesView } from './views/instances.js';
import { JobView } from './views/job.js';
import { JobsView } from './views/jobs.js';
import { NewBackfillView } from './views/new_backfill.js';

// {section, title, view} of a route. The key makes a view anew when it is about something else.
function viewOf({ path, query }) {
  const [kind, id, tab, more] = path;
  if (kind === undefined) return { section: 'jobs', title: t('jobs'), view: html`<${JobsView} />` };
  if (kind === 'jobs' && id !== undefined)
    return { section: 'jobs', title: id, view: html`<${JobView} key=${id} name=${id} tab=${tab ?? 'day'} more=${more} query=${query} />` };
  if (kind === 'instances' && id !== undefined)
    return { section: 'instances', title: id, view: html`<${InstanceView} key=${id} id=${id} query=${query} />` };
  if (kind === 'instances') return { section: 'instances', title: t('instances'), view: html`<${InstancesView} query=${query} />` };
  if (kind === 'backfills' && id === 'new')
    return { section: 'backfills', title: t('newBackfill'), view: html`<${NewBackfillView} query=${query} />` };
  if (kind === 'backfills' && id !== undefined)
    return { section: 'backfills', title: t('backfillTitle', { id }), view: html`<${BackfillView} key=${id} id=${id} />` };
  if (kind === 'backfills') return { section: 'backfills', title: t('backfills'), view: html`<${BackfillsView} query=${query} />` };
  if (kind === 'incidents' && id !== undefined)
    return { section: 'incidents', title: t('incidentTitle', { id }), view: html`<${IncidentView} key=${id} id=${id} />` };
  if (kind === 'incidents') return { section: 'incidents', title: t('incidents'), view: html`<${IncidentsView} query=${query} />` };
  if (kind === 'audit') return { section: 'audit', title: t('audit'), view: html`<${AuditView} query=${query} />` };
  return { section: '', title: t('notFound'), view: html`<h1>${t('notFound')}</h1><p><a href=${links.jobs()}>${t('jobs')}</a></p>` };
}

function DaemonState() {
  const { data } = useLive('/status');
  const reachable = useReachable();
  const connected = useConnected();
  if (!reachable) return html`<span class="daemon bad"><i class="dot" aria-hidden="true"></i>${t('lostShort')}</span>`;
  if (!data) return html`<span class="daemon"></span>`;
  const words = data.draining ? t('draining') : data.ready ? t('ready')
    : t(data.clock_in_doubt ? 'clockInDoubt' : data.store_failure ? 'storeFails' : 'late');
  return html`<span class=${`daemon ${data.ready ? 'good' : 'bad'}`} title=${`sluice ${data.version}`}>
    <i class="dot" aria-hidden="true"></i>${words}<span class="faint"> · ${t('runningOf', { n: data.running, most: data.running_max })}</span>
    <span class=${`faint stream ${connected ? '' : 'off'}`} role="status"> · ${t(connected ? 'live' : 'reconnecting')}</span></span>`;
}

function Sections({ section }) {
  const { data } = useLive('/status');
  const open = data?.incidents_open ?? 0;
  const entries = [['jobs', links.jobs()], ['instances', links.instances()], ['backfills', links.backfills()],
    ['incidents', links.incidents()], ['audit', links.audit()]];
  return html`<nav class="sections" aria-label=${t('sections')}>${entries.map(([name, link]) => html`
    <a href=${link} aria-current=${name === section ? 'page' : null}>${t(name)}${name === 'incidents' && open > 0
      ? html` <span class="badge" aria-label=${t('openIncidents', { n: open })}>${open}</span>` : null}</a>`)}</nav>`;
}

export function App() {
  useSettings();
  const route = useRoute();
  const session = useSession();
  const reachable = useReachable();
  const trouble = useTrouble();
  const { section, title, view } = viewOf(route);
  const main = useRef(null);
  const first = useRef(true);
  const place = route.path.join('/');
  useEffect(() => { document.title = `${title} · Sluice`; }, [title]);
  useEffect(() => {
    if (!first.current) main.current.focus();
    first.current = false;
    scrollTo(0, 0);
  }, [place]);
  const other = currentLanguage() === 'en' ? ['中文', 'zh-CN'] : ['English', 'en'];
  return html`
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); main.current.focus(); }}>${t('skipToContent')}</a>
    <header>
      <a class="brand" href=${links.jobs()}><img src="/icon.svg" alt="" width="22" height="22" />Sluice</a>
      <${Sections} section=${section} />
      <div class="header-end">
        <${DaemonState} />
        <span class="role" title=${`${session.actor}${session.mayAct ? '' : ` · ${t('mayOnlyLook')}`}`}>${t(`role_${session.role}`)}</span>
        <${SignIn} session=${session} />
        <button type="button" class="plain" onClick=${switchTheme} aria-label=${t('themeIs', { theme: t(`theme_${currentTheme()}`) })}>
          ${t(`theme_${currentTheme()}`)}</button>
        <button type="button" class="plain" lang=${other[1]} onClick=${switchLanguage}>${other[0]}</button>
      </div>
    </header>
    ${(!reachable || trouble) && html`<div class="notice bad lost" role="alert">${reachable
      ? t('inTrouble', { detail: trouble.message }) : t('unreachable')}</div>`}
    <main id="main" tabindex="-1" ref=${main}>${view}</main>
    <footer><a href="/licenses.txt">${t('licences')}</a></footer>
    <${Toast} />`;
}
