// One backfill: its order, how far it is, its groups, and who must be helped.
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { actOnBackfill } from '../actions.js';
import { count } from '../format.js';
import { useLive } from '../live.js';
import { Reason } from '../reasons.js';
import { links } from '../route.js';
import { useSession } from '../session.js';
import { t } from '../settings.js';
import { BackfillPill, Progress, Range } from '../parts/backfill.js';
import { Card, Check, Facts, Moment, StatePill, Table, Waiting } from '../parts/basic.js';
import { ActionButton } from '../parts/dialog.js';

function Actions({ backfill }) {
  const [kill, setKill] = useState(false);
  const { id, state } = backfill;
  const title = (action) => t('askBackfill', { action: t(action), id });
  const run = (action, members) => async () => {
    await actOnBackfill(id, action, members);
    return t('did', { action: t(action), id: t('backfillTitle', { id }) });
  };
  return html`<div class="actions" role="group" aria-label=${t('actions')}>
    ${['running', 'failed'].includes(state) && html`<${ActionButton} key="pause" label=${t('pause')} title=${title('pause')}
        text=${t('aboutPauseBackfill')} withReason=${false} run=${run('pause')} />`}
    ${state === 'paused' && html`<${ActionButton} key="resume" tone="primary" label=${t('resume')} title=${title('resume')}
        withReason=${false} run=${run('resume')} />`}
    ${['running', 'failed', 'paused'].includes(state) && html`<${ActionButton} key="cancel" label=${t('cancelBackfill')}
        title=${title('cancelBackfill')}
      text=${t('aboutCancelBackfill')} danger withReason=${false} onOpen=${() => setKill(false)} run=${run('cancel', { kill })}
      body=${() => html`<${Check} label=${t('alsoKill')} checked=${kill} onChange=${setKill} />`} />`}
  </div>`;
}

export function BackfillView({ id }) {
  const session = useSession();
  const live = useLive(`/backfills/${id}`);
  if (!live.data) return html`<h1>${t('backfillTitle', { id })}</h1><${Waiting} live=${live} />`;
  const backfill = live.data;
  return html`
    <p class="crumbs"><a href=${links.backfills()}>${t('backfills')}</a></p>
    <div class="title"><h1>${t('backfillTitle', { id })}</h1><${BackfillPill} state=${backfill.state} /><span class="grow"></span>
      ${session.mayAct && html`<${Actions} backfill=${backfill} />`}</div>
    <${Card} title=${t('progress')}><${Progress} counts=${backfill.counts} />
      <${Facts} facts=${[[t('job'), html`<a href=${links.job(backfill.job)}>${backfill.job}</a>`], [t('range'), html`<${Range}
          backfill=${backfill} />`],
        [t('parallel'), backfill.parallel], [t('order'), t(`order_${backfill.order}`)], [t('priorityTitle'), backfill.priority],
        [t('alertsAtEnd'), t(`alerts_${backfill.alerts}`)],
        [t('leftOut'), count(backfill.left_out)], [t('actor'), backfill.actor],
        [t('created'), html`<${Moment} time=${backfill.created}
            zone=${backfill.zone} />`], [t('version'), html`<code>${backfill.version}</code>`]]} /><//>
    ${backfill.stuck.length > 0 && html`<${Card} title=${t('stuck')}><${Table} caption=${t('stuck')}
        columns=${[{ title: t('instance') }, { title: t('state') }, { title: t('reasonTitle') }]}
      rows=${backfill.stuck.map((one) => [html`<a href=${links.instance(one.id)}>${one.id}</a>`, html`<${StatePill}
          state=${one.state} />`, html`<${Reason} of=${one} whole />`])} /><//>`}
    <${Card} title=${t('groups')}><${Table} caption=${t('groups')}
        columns=${[{ title: t('group') }, { title: t('businessDates') }, { title: t('progress') }]}
      rows=${backfill.groups.map((group) => [html`<a href=${links.instances({ job: group.chain, due: 'false' })}>${group.chain}</a>`,
        group.first_date === group.last_date ? group.first_date : `${group.first_date} – ${group.last_date}`, html`<${Progress} counts=${group.counts} />`])} /><//>`;
}
