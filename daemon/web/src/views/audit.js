// What operators did, latest first.
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { withQuery } from '../api.js';
import { HOME, isDay, shiftDay } from '../format.js';
import { useLive } from '../live.js';
import { go, links } from '../route.js';
import { t } from '../settings.js';
import { Field, Moment, Table, Waiting } from '../parts/basic.js';

const TEXTS = ['job', 'instance', 'actor', 'action'];
// Of "orders", "orders@2018-10-16T00:15+08:00" and "orders#7".
const jobOf = (target) => target.split(/[@#]/)[0];
const INSTANCE = /^[^@\s]+@\d{4}-\d\d-\d\dT/;

function Filters({ query }) {
  const [form, setForm] = useState(query);
  const submit = (event) => {
    event.preventDefault();
    go(links.audit({ ...form, before: undefined }));
  };
  const field = (name, type) => html`<${Field} label=${t(name)}><input type=${type} name=${name}
      value=${form[name] ?? ''} autocomplete="off"
    onInput=${(event) => setForm({ ...form, [name]: event.target.value })} /><//>`;
  return html`<form class="filters" role="search" onSubmit=${submit}>${TEXTS.map((name) => field(name, 'text'))}
    ${field('from', 'date')}${field('to', 'date')}<button type="submit">${t('search')}</button></form>`;
}

export function AuditView({ query }) {
  const status = useLive('/status');
  // The API goes up to a time, people up to a day and with it.
  const to = isDay(query.to) ? shiftDay(query.to, 1) : query.to;
  const live = useLive(withQuery('/audit', { ...query, to, limit: 100 }));
  const zoneOf = (job) => status.data?.jobs.find(({ name }) => name === job)?.zone ?? HOME;
  return html`
    <h1>${t('audit')}</h1>
    <${Filters} key=${JSON.stringify(query)} query=${query} />
    ${!live.data ? html`<${Waiting} live=${live} />` : html`
      <${Table} caption=${t('audit')} empty=${t('noAudit')}
          columns=${[{ title: t('number') }, { title: t('at') }, { title: t('actor') }, { title: t('action') }, { title: t('target') }, { title: t('detail') }]}
        rows=${live.data.entries.map((entry) => [entry.number, html`<${Moment} time=${entry.at}
          zone=${zoneOf(query.job || jobOf(entry.target))} named />`, entry.actor, entry.action,
          INSTANCE.test(entry.target) ? html`<a href=${links.instance(entry.target)}>${entry.target}</a>` : entry.target, entry.detail])} />
      <nav class="pages" aria-label=${t('pages')}>${query.before && html`<a
          href=${links.audit({ ...query, before: undefined })}>${t('newest')}</a>`}
        ${live.data.next && html`<a href=${links.audit({ ...query, before: live.data.next })}>${t('older')} →</a>`}</nav>`}`;
}
