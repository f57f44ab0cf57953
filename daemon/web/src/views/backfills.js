// All backfills, newest first.
import { html } from 'htm/preact';
import { withQuery } from '../api.js';
import { useLive } from '../live.js';
import { links } from '../route.js';
import { useSession } from '../session.js';
import { t } from '../settings.js';
import { BackfillPill, Progress, Range } from '../parts/backfill.js';
import { Moment, Table, Waiting } from '../parts/basic.js';

export function BackfillsView({ query }) {
  const session = useSession();
  const live = useLive(withQuery('/backfills', { job: query.job, before: query.before, limit: 50 }));
  return html`
    <div class="title"><h1>${t('backfills')}${query.job ? html` · <a
        href=${links.job(query.job)}>${query.job}</a>` : ''}</h1><span class="grow"></span>
      ${session.mayAct && html`<a class="button primary" href=${links.newBackfill({ job: query.job })}>${t('newBackfill')}</a>`}</div>
    <p class="faint">${t('aboutBackfills')}</p>
    ${!live.data ? html`<${Waiting} live=${live} />` : html`
      <${Table} caption=${t('backfills')} empty=${t('noBackfills')}
          columns=${[{ title: t('number') }, { title: t('job') }, { title: t('state') },
        { title: t('range') }, { title: t('progress') }, { title: t('actor') }, { title: t('created') }]}
        rows=${live.data.backfills.map((one) => [html`<a href=${links.backfill(one.id)}>#${one.id}</a>`, html`<a
            href=${links.job(one.job)}>${one.job}</a>`,
          html`<${BackfillPill} state=${one.state} />`, html`<${Range} backfill=${one} />`, html`<${Progress}
              counts=${one.counts} />`, one.actor,
          html`<${Moment} time=${one.created} zone=${one.zone} />`])} />
      <nav class="pages" aria-label=${t('pages')}>${query.before && html`<a href=${links.backfills({ job: query.job })}>${t('newest')}</a>`}
        ${live.data.next && html`<a href=${links.backfills({ job: query.job, before: live.data.next })}>${t('older')} →</a>`}</nav>`}`;
}
