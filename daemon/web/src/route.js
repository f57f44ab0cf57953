// Every view has a URL: what follows '#' is a path and a query, read and written here alone.
import { useEffect, useReducer } from 'preact/hooks';
import { segment, withQuery } from './api.js';

export const links = {
  jobs: () => '#/',
  job: (job, tab = '', query = {}) => withQuery(`#/jobs/${segment(job)}${tab ? `/${tab}` : ''}`, query),
  version: (job, version) => `#/jobs/${segment(job)}/versions/${segment(version)}`,
  instances: (query = {}) => withQuery('#/instances', query),
  instance: (id) => `#/instances/${segment(id)}`,
  backfills: (query = {}) => withQuery('#/backfills', query),
  newBackfill: (query = {}) => withQuery('#/backfills/new', query),
  backfill: (id) => `#/backfills/${id}`,
  incidents: (query = {}) => withQuery('#/incidents', query),
  incident: (id) => `#/incidents/${id}`,
  audit: (query = {}) => withQuery('#/audit', query),
};

function decode(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

// {path: ['jobs', 'orders', 'charts'], query: {range: '7d'}}
export function readRoute(hash = location.hash) {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split('?');
  return {
    path: path.split('/').filter((part) => part !== '').map(decode),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

export const go = (link) => { location.hash = link; };
// The same, in the place of where one is in the history.
export const goInstead = (link) => location.replace(link);

export function useRoute() {
  const redraw = useReducer((n) => n + 1, 0)[1];
  useEffect(() => {
    addEventListener('hashchange', redraw);
    return () => removeEventListener('hashchange', redraw);
  }, []);
  return readRoute();
}
