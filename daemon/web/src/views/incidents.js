// What is or was wrong, one line a cause, and how the channels are.
import { html } from 'htm/preact';
import { acknowledge, testChannel } from '../actions.js';
import { withQuery } from '../api.js';
import { HOME, count, duration } from '../format.js';
import { useLive } from '../live.js';
import { links } from '../route.js';
import { useSession } from '../session.js';
import { t } from '../settings.js';
import { Card, Facts, Moment, Pill, Table, Tabs, Waiting, WindowTimes } from '../parts/basic.js';
import { ActionButton } from '../parts/dialog.js';
import { IncidentLink, Severity, ruleText } from '../parts/incident.js';

const zoneOf = (incident) => incident.zone ?? HOME;
const inZone = (title, zone) => `${title} (${zone})`;  // over times that stand alone

function Status({ incident }) {
  if (!incident.open) return html`<${Pill} tone="SUCCESS"><i class="sign" aria-hidden="true">✓</i>${t('overNow')}<//>`;
  if (incident.acknowledged) return html`<${Pill} tone="RUNNING">${t('acknowledgedShort')}<//>`;
  return html`<${Pill} tone="FAILURE"><i class="sign" aria-hidden="true">!</i>${t('openNow')}<//>`;
}

function Acknowledge({ incident, small }) {
  if (!incident.open || incident.acknowledged || incident.id === null) return null;
  return html`<${ActionButton} small=${small} label=${t('acknowledge')} title=${t('askAcknowledge', { id: incident.id })}
      text=${t('aboutAcknowledge')} subject=${incident.id}
    withReason=${false} run=${async (_, id) => { await acknowledge(id); return t('didAcknowledge', { id }); }} />`;
}

const SubjectOf = ({ incident }) => (incident.instance ? html`<a href=${links.instance(incident.instance)}>${incident.instance}</a>`
  : incident.job ? html`<a href=${links.job(incident.job)}>${incident.job}</a>` : '–');

function TestChannel({ name }) {
  return html`<${ActionButton} small label=${t('testChannel')} title=${t('askTestChannel', { name })}
      text=${t('aboutTestChannel')} withReason=${false} subject=${name}
    run=${async (_, channel) => t('didTestChannel', { id: (await testChannel(channel)).delivery })} />`;
}

function Channels({ channels, mayAct }) {
  const columns = [{ title: t('name') }, { title: t('type') }, { title: t('pending'), right: true }, { title: inZone(t('lastSent'), HOME) }, { title: t('error') }, mayAct && { title: t('action') }].filter(Boolean);
  return html`<${Card} title=${t('channels')}><${Table} caption=${t('channels')} empty=${t('noChannels')} columns=${columns}
    rows=${channels.map((channel) => ({ key: channel.name, cells: [channel.name, channel.type, count(channel.pending), html`<${Moment}
        time=${channel.last_sent} zone=${HOME} />`,
      channel.error ? html`<span class="bad">${channel.error}</span>` : html`<span class="good">${t('channelGood')}</span>`,
      html`<${TestChannel} name=${channel.name} />`].slice(0, columns.length) }))} /><//>`;
}

const deliveryRows = (deliveries, zone) => deliveries.map((one) => [html`<${Moment} time=${one.at}
    zone=${zone} />`, one.channel, t(`event_${one.event}`),
  t(`delivery_${one.state}`), one.tries, one.error ?? '']);
const deliveryColumns = (zone) => [{ title: inZone(t('at'), zone) }, { title: t('channel') }, { title: t('event') }, { title: t('state') }, { title: t('tries'), right: true }, { title: t('error') }];

export function IncidentsView({ query }) {
  const session = useSession();
  const state = query.state === 'all' ? 'all' : 'open';
  const live = useLive(withQuery('/incidents', { state, before: query.before, limit: 100 }));
  const tabs = [['open', t('openNow'), links.incidents()], ['all', t('all'), links.incidents({ state: 'all' })]];
  const columns = [{ title: t('number') }, { title: t('severity') }, { title: t('rule') }, { title: t('subject') }, { title: t('state') },
    { title: t('opened') }, { title: t('concerned'), right: true }, session.mayAct && { title: t('action') }].filter(Boolean);
  return html`
    <h1>${t('incidents')}</h1>
    <${Tabs} label=${t('incidents')} tabs=${tabs} chosen=${state} />
    ${!live.data ? html`<${Waiting} live=${live} />` : html`
      <${Table} caption=${t('incidents')} empty=${state === 'open' ? t('noOpenIncidents') : t('noIncidents')} columns=${columns}
        rows=${live.data.incidents.map((one) => ({ key: one.id, cells: [html`<${IncidentLink} incident=${one}>${one.id === null ? '–' : `#${one.id}`}<//>`, html`<${Severity}
            incident=${one} />`, ruleText(one),
          html`<${SubjectOf} incident=${one} />`, html`<${Status} incident=${one} />`, html`<${Moment} time=${one.opened}
              zone=${zoneOf(one)} />`, count(one.count),
          html`<${Acknowledge} incident=${one} small />`].slice(0, columns.length) }))} />
      <nav class="pages" aria-label=${t('pages')}>${live.data.next && html`<a
          href=${links.incidents({ state, before: live.data.next })}>${t('older')} →</a>`}</nav>
      <${Channels} channels=${live.data.channels} mayAct=${session.mayAct} />
      ${live.data.failed_deliveries.length > 0 && html`<${Card} title=${t('failedDeliveries')}><${Table}
          caption=${t('failedDeliveries')} columns=${deliveryColumns(HOME)} rows=${deliveryRows(live.data.failed_deliveries, HOME)} /><//>`}`}`;
}

export function IncidentView({ id }) {
  const session = useSession();
  const live = useLive(`/incidents/${id}`);
  if (!live.data) return html`<h1>${t('incidentTitle', { id })}</h1><${Waiting} live=${live} />`;
  const incident = live.data;
  const zone = zoneOf(incident);
  return html`
    <p class="crumbs"><a href=${links.incidents()}>${t('incidents')}</a></p>
    <div class="title"><h1>#${incident.id} ${ruleText(incident)}</h1><${Severity} incident=${incident} /><${Status}
        incident=${incident} /><span class="grow"></span>
      ${session.mayAct && html`<div class="actions"><${Acknowledge} incident=${incident} /></div>`}</div>
    ${incident.error && html`<p class="notice bad">${incident.error}</p>`}
    <${Card} title=${t('facts')}><${Facts} facts=${[
      [t('subject'), html`<${SubjectOf} incident=${incident} />`],
      incident.window && [t('window'), html`<${WindowTimes} window=${incident.window} zone=${zone} />`],
      incident.business_date && [t('businessDate'), incident.business_date],
      incident.durable_until && [t('durableTitle'), html`<${Moment} time=${incident.durable_until} zone=${zone} />`],
      [t('concerned'), count(incident.count)], incident.seconds > 0 && [t('lasts'), duration(incident.seconds)],
      [t('opened'), html`<${Moment} time=${incident.opened} zone=${zone} />`], [t('seen'), html`<${Moment}
          time=${incident.seen} zone=${zone} />`],
      [t('recovered'), html`<${Moment} time=${incident.recovered} zone=${zone} />`],
      incident.acknowledged && [t('acknowledgedShort'), html`<${Moment} time=${incident.acknowledged}
          zone=${zone} /> ${incident.acknowledged_by ?? ''}`],
      [t('notices'), count(incident.notices)]]} /><//>
    <${Card} title=${t('deliveries')}><${Table} caption=${t('deliveries')} empty=${t('noDeliveries')}
        columns=${deliveryColumns(zone)} rows=${deliveryRows(incident.deliveries, zone)} /><//>`;
}
