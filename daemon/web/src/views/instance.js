// One instance: its window and values, why it is as it is, every attempt, what it wrote, and the log.
import { html } from 'htm/preact';
import { segment } from '../api.js';
import { count, dayOf, duration, size } from '../format.js';
import { useLive } from '../live.js';
import { stepText, whyText } from '../reasons.js';
import { links } from '../route.js';
import { useSession } from '../session.js';
import { has, t } from '../settings.js';
import { stateOfResult } from '../states.js';
import { Card, Facts, Moment, StatePill, Table, Waiting, WindowTimes } from '../parts/basic.js';
import { InstanceActions } from '../parts/instance_actions.js';
import { LogView } from '../parts/log.js';

function Why({ instance }) {
  const live = useLive(`/instances/${segment(instance.id)}/why`);
  if (!live.data) return html`<${Waiting} live=${live} />`;
  const { why, path } = live.data;
  return html`<p class="why" title=${why}>${whyText(live.data)}</p>${path.length > 1 && html`<ol class="path">${path.map((step, n) => html`<li key=${step.id ?? step.job}>
    ${step.id ? html`<a href=${links.instance(step.id)}>${step.id}</a>` : html`<a href=${links.job(step.job)}>${step.job}</a>`}
    ${' '}${step.state && html`<${StatePill} state=${step.state} />`} <span class="faint" title=${step.reason}>${stepText(path, n)}</span></li>`)}</ol>`}`;
}

// The counters of an attempt in the order in which they matter; times of records come in microseconds.
function Statistics({ statistics, zone }) {
  const rows = Object.entries(statistics).filter(([name, value]) => typeof value === 'number' && has(`stat_${name}`) &&
    !(value === 0 && ['dirty_rows', 'retries', 'late', 'ahead', 'hand_over_failures', 'left_behind', 'table_rows'].includes(name)));
  const shown = ([name, value]) => {
    if (name.endsWith('_us')) return html`<${Moment} time=${new Date(value / 1000).toISOString()} zone=${zone} />`;
    return name.endsWith('bytes') ? size(value) : count(value);
  };
  return html`<${Facts} facts=${[...rows.map((row) => [t(`stat_${row[0]}`), shown(row)]),
    ...Object.entries(statistics.ignored ?? {}).map(([reason, n]) => [`${t('ignored')}: ${reason}`, count(n)])]} />`;
}

function Attempts({ instance, chosen }) {
  const { zone } = instance;
  const seconds = (attempt) => (attempt.finished ? duration((Date.parse(attempt.finished) - Date.parse(attempt.started)) / 1000) : '–');
  return html`<${Table} caption=${t('attempts')} empty=${t('noAttempts')}
    columns=${[{ title: t('number') }, { title: t('result') }, { title: t('started') }, { title: t('seconds'), right: true }, { title: t('error') }, { title: t('log') }]}
    rows=${[...instance.attempts].reverse().map((attempt) => [attempt.number,
      html`<${StatePill} state=${stateOfResult(attempt.result)} label=${t(`result_${attempt.result}`)} />`,
      html`<${Moment} time=${attempt.started} zone=${zone} />`, seconds(attempt),
      html`${attempt.error}${attempt.dirty_file && html` <span class="faint">${t('dirtyFile')}: <code>${attempt.dirty_file}</code></span>`}`,
      html`<a href=${`${links.instance(instance.id)}?attempt=${attempt.number}`}
          aria-current=${attempt.number === chosen ? 'true' : null}>${t('showLog', { n: attempt.number })}</a>`])} />`;
}

function Objects({ instance }) {
  return html`<${Table} caption=${t('objects')} empty=${t('noObjects')}
    columns=${[{ title: t('name') }, { title: t('size'), right: true }, { title: t('rowsTitle'), right: true }, { title: 'CRC-64', right: true }]}
    rows=${instance.objects.map((object) => [html`<code>${object.name}</code>`,
      html`<span title=${`${count(object.bytes)} B`}>${size(object.bytes)}</span>`, count(object.rows), html`<code>${object.crc64}</code>`])} />`;
}

function History({ instance }) {
  if (instance.audit.length === 0) return null;
  return html`<${Card} title=${t('audit')}><${Table} caption=${t('audit')}
      columns=${[{ title: t('at') }, { title: t('actor') }, { title: t('action') }, { title: t('detail') }]}
    rows=${instance.audit.map((entry) => [html`<${Moment} time=${entry.at}
        zone=${instance.zone} />`, entry.actor, entry.action, entry.detail])} /><//>`;
}

export function InstanceView({ id, query }) {
  const session = useSession();
  const live = useLive(`/instances/${segment(id)}`);
  if (!live.data) return html`<h1>${id}</h1><${Waiting} live=${live} />`;
  const instance = live.data;
  const { zone } = instance;
  const newest = instance.attempts[instance.attempts.length - 1];
  const chosen = query.attempt ? Number(query.attempt) : newest?.number;
  const shown = instance.attempts.find(({ number }) => number === chosen) ?? newest;
  const chain = instance.group ? `${instance.job}#${instance.group}` : instance.job;
  return html`
    <p class="crumbs"><a href=${links.job(instance.job)}>${instance.job}</a> / <a href=${instance.group ? links.instances({ job: chain })
      : links.job(instance.job, '', { date: dayOf(instance.scheduled, zone) })}>${dayOf(instance.scheduled, zone)}</a></p>
    <div class="title"><h1>${instance.id}</h1><${StatePill} state=${instance.state} /><span class="grow"></span>
      ${session.mayAct && html`<${InstanceActions} instance=${instance} />`}</div>
    <div class="columns"><div>
      <${Card} title=${t('why')}><${Why} instance=${instance} /><//>
      ${shown?.statistics && shown.result !== 'open' && html`<${Card}
          title=${t('statistics', { n: shown.number })}><${Statistics} statistics=${shown.statistics} zone=${zone} /><//>`}
    </div><div>
      <${Card} title=${t('window')}><${Facts} facts=${[
        [t('window'), html`<${WindowTimes} window=${instance.window} zone=${zone} />`],
        [t('slot'), html`<${Moment} time=${instance.scheduled} zone=${zone} /> (${zone})`],
        [t('cycle'), count(instance.cycle)],
        [t('started'), html`<${Moment} time=${instance.started} zone=${zone} />`],
        [t('seconds'), instance.seconds === null ? '–' : duration(instance.seconds)],
        [t('rowsTitle'), count(instance.rows)], [t('bytesTitle'), size(instance.bytes)],
        instance.retry_at && [t('retryAt'), html`<${Moment} time=${instance.retry_at} zone=${zone} />`],
        [t('priorityTitle'), instance.priority],
        instance.dry_run && [t('dryRun'), t('yes')], instance.released && [t('released'), t('yes')],
        [t('version'), html`<a href=${links.version(instance.job, instance.version)}><code>${instance.version}</code></a>${
          instance.present_version && instance.present_version !== instance.version ? html` <span class="faint">${t('newerVersion')}</span>` : ''}`],
      ]} /><//>
      <${Card} title=${t('values')}><${Facts}
          facts=${Object.entries(instance.values).map(([name, value]) => [html`<code>${name}</code>`, html`<code>${value}</code>`])} /><//>
    </div>
    </div>
    <${Card} title=${t('attempts')}><${Attempts} instance=${instance} chosen=${shown?.number} /><//>
    <${Card} title=${t('objects')}><${Objects} instance=${instance} /><//>
    ${shown && html`<${Card} title=${t('logOf', { n: shown.number })}><${LogView} key=${shown.number} id=${instance.id}
        attempt=${shown.number} /><//>`}
    <${History} instance=${instance} />`;
}
