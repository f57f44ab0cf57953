// Instances by job, state and day, newest first; several at once can be acted on.
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { BATCH_ACTIONS, actOnMany } from '../actions.js';
import { withQuery } from '../api.js';
import { count, duration, size } from '../format.js';
import { useLive } from '../live.js';
import { Reason } from '../reasons.js';
import { go, links } from '../route.js';
import { useSession } from '../session.js';
import { ATTENTION, STATES } from '../states.js';
import { t } from '../settings.js';
import { Field, Moment, StatePill, Table, Waiting, WindowTimes } from '../parts/basic.js';
import { DayInput } from '../parts/day_input.js';
import { ActionButton } from '../parts/dialog.js';

const PAGE = 100;

function Filters({ query, jobs }) {
  const linkTo = (change) => links.instances({ ...query, after: undefined, ...change });
  const set = (change) => go(linkTo(change));
  const known = query.job && !jobs.includes(query.job) ? [...jobs, query.job] : jobs;
  return html`<div class="filters" role="search">
    <${Field} label=${t('job')}><select value=${query.job ?? ''} onChange=${(event) => set({ job: event.target.value })}>
      <option value="">${t('all')}</option>${known.map((name) => html`<option value=${name}>${name}</option>`)}</select><//>
    <${Field} label=${t('state')}><select value=${query.state ?? ''} onChange=${(event) => set({ state: event.target.value })}>
      <option value="">${t('all')}</option><option value=${ATTENTION.join(',')}>${t('needsAttention')}</option>
      ${STATES.map((state) => html`<option value=${state}>${t(state)}</option>`)}</select><//>
    <${Field} label=${t('day')}><${DayInput} value=${query.date ?? ''} linkTo=${(date) => linkTo({ date })} /><//>
    <label class="check"><input type="checkbox" checked=${query.due === 'false'}
        onChange=${(event) => set({ due: event.target.checked ? 'false' : '' })} /><span>${t('alsoNotDue')}</span></label>
  </div>`;
}

// Results of a batch stay on the page: a refusal has to be read.
function Results({ results }) {
  const refused = results.results.filter(({ error }) => error);
  if (refused.length === 0) return null;
  return html`<div class="notice bad" role="alert">${t('refused', { n: refused.length })}
    <ul>${refused.slice(0, 10).map(({ id, error }) => html`<li><a href=${links.instance(id)}>${id}</a>: ${error.detail}</li>`)}</ul></div>`;
}

const NAMED = 10;
const Names = ({ ids }) => html`<ul>${ids.slice(0, NAMED).map((id) => html`<li key=${id}>${id}</li>`)}${
  ids.length > NAMED && html`<li>${t('andMore', { n: ids.length - NAMED })}</li>`}</ul>`;

function Batch({ ids, clear }) {
  const [results, setResults] = useState(null);
  return html`<div class="batch">
    <span role="status">${t('chosen', { n: ids.length })}</span>
    <div class="actions" role="group" aria-label=${t('actions')}>${BATCH_ACTIONS.map((action) => html`<${ActionButton}
        key=${action.name} small
      label=${t(`do_${action.name}`)} disabled=${ids.length === 0} title=${t('askMany', { action: t(`do_${action.name}`), n: ids.length })}
      text=${t(`about_${action.name}`)} danger=${action.danger} needsReason=${action.needsReason}
      subject=${ids} body=${(asked) => html`<${Names} ids=${asked} />`}
      run=${async (reason, asked) => {
        const answer = await actOnMany(asked, action.name, reason);
        setResults(answer);
        clear();
        return t('didMany', { done: answer.done, refused: answer.refused });
      }} />`)}</div>
    ${results && html`<${Results} results=${results} />`}
  </div>`;
}

export function InstancesView({ query }) {
  const session = useSession();
  const status = useLive('/status');
  const { due = 'true', ...rest } = query;
  const path = withQuery('/instances', { ...rest, due: due === 'true' ? 'true' : '', limit: PAGE });
  const live = useLive(path);
  const [choice, setChoice] = useState({ path, ids: new Set() });
  const chosen = choice.path === path ? choice.ids : new Set();  // what is asked for now knows nothing of another choice
  const setChosen = (ids) => setChoice({ path, ids });
  const jobs = status.data?.jobs.map(({ name }) => name) ?? [];
  const toggle = (id, on) => {
    const next = new Set(chosen);
    if (on) next.add(id); else next.delete(id);
    setChosen(next);
  };
  const rows = live.data?.instances ?? [];
  const shown = rows.map(({ id }) => id).filter((id) => chosen.has(id));  // one that left the page is not acted on
  const all = rows.length > 0 && rows.every(({ id }) => chosen.has(id));
  const choose = { title: html`<input type="checkbox" aria-label=${t('chooseAll')} checked=${all}
      onChange=${() => setChosen(all ? new Set() : new Set(rows.map(({ id }) => id)))} />` };
  const columns = [session.mayAct && choose, { title: t('state') }, { title: t('instance') }, { title: t('window') }, { title: t('started') },
    { title: t('seconds'), right: true }, { title: t('rowsTitle'), right: true }, { title: t('bytesTitle'), right: true }, { title: t('reasonTitle') }].filter(Boolean);
  return html`
    <h1>${t('instances')}</h1>
    <${Filters} query=${query} jobs=${jobs} />
    ${session.mayAct && html`<${Batch} ids=${shown} clear=${() => setChosen(new Set())} />`}
    ${!live.data ? html`<${Waiting} live=${live} />` : html`
      <${Table} caption=${t('instances')} empty=${t('noInstances')} columns=${columns}
        rows=${rows.map((one) => ({ key: one.id, cells: [session.mayAct && html`<input type="checkbox" aria-label=${t('choose', { id: one.id })}
            checked=${chosen.has(one.id)} onChange=${(event) => toggle(one.id, event.target.checked)} />`,
          html`<${StatePill} state=${one.state} />`, html`<a href=${links.instance(one.id)}>${one.id}</a>`,
          html`<${WindowTimes} window=${one.window} zone=${one.zone} />`, html`<${Moment} time=${one.started} zone=${one.zone} short />`,
          one.seconds === null ? '–' : duration(one.seconds), count(one.rows), size(one.bytes), html`<${Reason} of=${one} />`].slice(session.mayAct ? 0 : 1) }))} />
      <nav class="pages" aria-label=${t('pages')}>${query.after && html`<a
          href=${links.instances({ ...query, after: undefined })}>${t('newest')}</a>`}
        ${live.data.next && html`<a href=${links.instances({ ...query, after: live.data.next })}>${t('older')} →</a>`}</nav>`}`;
}
