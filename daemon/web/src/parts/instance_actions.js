// The buttons of an instance, each with its confirmation.
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { ACTIONS, actionsFor, actOn } from '../actions.js';
import { segment } from '../api.js';
import { useLive } from '../live.js';
import { t } from '../settings.js';
import { Check, Field, StatePill } from './basic.js';
import { ActionButton } from './dialog.js';

const SHOWN = 5;

// Whom a rerun with all that follows concerns.
function Downstream({ id }) {
  const live = useLive(`/instances/${segment(id)}/downstream`);
  if (!live.data) return html`<p class="faint" role="status">${live.failure?.message ?? t('loading')}</p>`;
  const { count: n, instances } = live.data;
  return html`<div class="downstream" role="status"><strong>${t('wouldRunAgain', { n })}</strong>
    <ul>${instances.slice(0, SHOWN).map((one) => html`<li key=${one.id}>${one.id} <${StatePill}
        state=${one.state} /></li>`)}${n > SHOWN && html`<li>…</li>`}</ul></div>`;
}

function InstanceAction({ instance, action }) {
  const [chosen, setChosen] = useState({});
  const [priority, setPriority] = useState(instance.priority);
  const members = action.name === 'priority' ? { priority } : chosen;
  const body = () => html`
    ${(action.options ?? []).map((option) => html`<${Check} label=${t(`option_${option}`)} hint=${t(`option_${option}_hint`)}
      checked=${chosen[option] ?? false} onChange=${(on) => setChosen({ ...chosen, [option]: on })} />`)}
    ${chosen.downstream && html`<${Downstream} id=${instance.id} />`}
    ${action.name === 'priority' && html`<${Field} label=${t('priorityLabel')}>
      <input type="number" min="1" max="9" required value=${priority}
        onInput=${(event) => setPriority(Number(event.target.value))} /><//>`}`;
  const forget = () => {
    setChosen({});
    setPriority(instance.priority);
  };
  return html`<${ActionButton} label=${t(`do_${action.name}`)} onOpen=${forget} title=${t(`ask_${action.name}`, { id: instance.id })}
    text=${t(`about_${action.name}`)} danger=${action.danger} needsReason=${action.needsReason} body=${body}
    run=${async (reason) => {
      const answer = await actOn(instance.id, action.name, { ...members, reason });
      return answer.count === undefined ? t('did', { action: t(`do_${action.name}`), id: instance.id })
        : t('didDownstream', { n: answer.count });
    }} />`;
}

export function InstanceActions({ instance }) {
  const allowed = new Set(actionsFor(instance).map(({ name }) => name));
  // All stay in place while the state changes, so that an open dialog is not torn down by an answer; only
  // the button is hidden, for a dialog goes with what it stands in, and leaves the page behind it dead.
  return html`<div class="actions" role="group" aria-label=${t('actions')}>${ACTIONS.map((action) => html`<span
    key=${action.name} class=${allowed.has(action.name) ? null : 'gone'}><${InstanceAction} instance=${instance} action=${action} /></span>`)}</div>`;
}
