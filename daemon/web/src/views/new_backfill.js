// A new backfill: the order, what it would run, and only then the start.
import { html } from 'htm/preact';
import { useRef, useState } from 'preact/hooks';
import { createBackfill, previewBackfill } from '../actions.js';
import { count, dayOf, shiftDay } from '../format.js';
import { useLive } from '../live.js';
import { go, links } from '../route.js';
import { useSession } from '../session.js';
import { t } from '../settings.js';
import { Card, Check, Field, Table, Waiting, WindowTimes } from '../parts/basic.js';
import { ActionButton } from '../parts/dialog.js';

const ALERTS = ['none', 'failure', 'success', 'both'];

// What the API calls an order.
function orderOf(form) {
  const { job, by, first, last, from, to, parallel, order, all, runNow, alerts, priority } = form;
  const range = by === 'dates' ? { first_date: first, last_date: last || first } : { from, to };
  return { job, ...range, parallel: Number(parallel), order, all, run_now: runNow, alerts, priority: Number(priority) };
}

function RangeFields({ form, set }) {
  const field = (name, label, type) => html`<${Field} label=${label}><input type=${type} required value=${form[name]}
    onInput=${(event) => set({ [name]: event.target.value })} /><//>`;
  return html`<fieldset class="row"><legend>${t('whichWindows')}</legend>
    ${['dates', 'slots'].map((by) => html`<label class="check"><input type="radio" name="by" checked=${form.by === by}
        onChange=${() => set({ by })} /><span>${t(`by_${by}`)}</span></label>`)}
    ${form.by === 'dates' ? html`${field('first', t('firstDate'), 'date')}${field('last', t('lastDate'), 'date')}`
      : html`${field('from', t('fromSlot'), 'datetime-local')}${field('to', t('toSlot'), 'datetime-local')}`}
  </fieldset>`;
}

function Order({ form, set, jobs }) {
  return html`
    <div class="row"><${Field} label=${t('job')}><select required value=${form.job} onChange=${(event) => set({ job: event.target.value })}>
        ${jobs.map(({ name }) => html`<option value=${name}>${name}</option>`)}</select><//>
      <${Field} label=${t('parallel')}><input type="number" min="1" max="10" value=${form.parallel}
          onInput=${(event) => set({ parallel: event.target.value })} /><//>
      <${Field} label=${t('order')}><select value=${form.order} onChange=${(event) => set({ order: event.target.value })}>
        <option value="asc">${t('order_asc')}</option><option value="desc">${t('order_desc')}</option></select><//>
      <${Field} label=${t('priorityTitle')}><input type="number" min="1" max="9" value=${form.priority}
          onInput=${(event) => set({ priority: event.target.value })} /><//></div>
    <${RangeFields} form=${form} set=${set} />
    <div class="row"><${Check} label=${t('everySlot')} hint=${t('everySlotHint')} checked=${form.all} onChange=${(all) => set({ all })} />
      <${Check} label=${t('runNow')} hint=${t('runNowHint')} checked=${form.runNow} onChange=${(runNow) => set({ runNow })} />
      <${Field} label=${t('alertsAtEnd')}><select value=${form.alerts} onChange=${(event) => set({ alerts: event.target.value })}>
        ${ALERTS.map((which) => html`<option value=${which}>${t(`alerts_${which}`)}</option>`)}</select><//></div>`;
}

// What `order` would run. That very order is started, whatever the form says by then.
function Preview({ preview, order }) {
  const start = html`<${ActionButton} label=${t('startBackfill')} tone="primary" disabled=${preview.runs === 0} withReason=${false} subject=${order}
    title=${t('askStartBackfill', { n: preview.runs, job: preview.job })} text=${t('aboutStartBackfill')}
    run=${async (_, asked) => {
      const made = await createBackfill(asked);
      go(links.backfill(made.id));
      return t('startedBackfill', { id: made.id });
    }} />`;
  return html`<div class="preview"><${Card} title=${t('preview')} aside=${start}>
    <p role="status"><strong>${t('wouldRun', { n: preview.runs, runs: count(preview.runs) })}</strong>, ${t('wouldLeaveOut', { n: count(preview.left_out) })},
      ${' '}${t('inGroups', { n: preview.groups.length })}.</p>
    <${Table} caption=${t('preview')}
        columns=${[{ title: t('instance') }, { title: t('window') }, { title: t('group'), right: true }, { title: t('object') }, { title: t('leftOut') }]}
      rows=${preview.instances.map((one) => [one.id, html`<${WindowTimes} window=${one.window}
          zone=${one.zone ?? preview.zone} />`, one.group ?? '–',
        html`<code>${one.object}</code>`, one.left_out ?? ''])} />
    ${preview.instances.length < preview.runs + preview.left_out && html`<p class="faint">${t('firstOnly', { n: preview.instances.length })}</p>`}<//></div>`;
}

function Form({ jobs, chosen }) {
  const job = jobs.find(({ name }) => name === chosen) ?? jobs[0];
  const yesterday = shiftDay(dayOf(new Date(), job.zone), -1);
  const [form, setForm] = useState({ job: job.name, by: 'dates', first: yesterday, last: yesterday, from: '', to: '', parallel: 1, order: 'asc',
    all: false, runNow: false, alerts: 'none', priority: 1 });
  const [preview, setPreview] = useState(null);
  const [failure, setFailure] = useState(null);
  const asked = useRef(null);  // the order whose preview is on its way; an answer to another one is dropped
  const set = (change) => {
    setForm({ ...form, ...change });
    setPreview(null);
    asked.current = null;
  };
  const look = async (event) => {
    event.preventDefault();
    setFailure(null);
    const order = orderOf(form);
    asked.current = order;
    try {
      const answer = await previewBackfill(order);
      if (asked.current === order) setPreview({ order, answer });
    } catch (caught) {
      if (asked.current === order) setFailure(caught);
    }
  };
  return html`
    <${Card} title=${t('orderTitle')}><form onSubmit=${look}><${Order} form=${form} set=${set} jobs=${jobs} />
      ${failure && html`<p class="notice bad" role="alert">${failure.message}</p>`}
      <div class="buttons"><button type="submit" class=${preview ? null : 'primary'}>${t('showPreview')}</button></div></form><//>
    ${preview && html`<${Preview} preview=${preview.answer} order=${preview.order} />`}`;
}

export function NewBackfillView({ query }) {
  const session = useSession();
  const live = useLive('/status');
  const head = html`<p class="crumbs"><a
      href=${links.backfills()}>${t('backfills')}</a></p><h1>${t('newBackfill')}</h1><p class="faint">${t('aboutBackfills')}</p>`;
  if (!live.data) return html`${head}<${Waiting} live=${live} />`;
  if (!session.mayAct) return html`${head}<p class="notice">${t('mayOnlyLook')}</p>`;
  if (live.data.jobs.length === 0) return html`${head}<p class="empty">${t('noJobs')}</p>`;
  return html`${head}<${Form} key=${query.job} jobs=${live.data.jobs} chosen=${query.job} />`;
}
