// What an operator may do to an instance, by its state (docs/state-machine.md). The daemon decides; this only keeps
// buttons away that it would refuse.
import { post, segment } from './api.js';

const WAITING = ['NOT_RUN', 'WAIT_TIME', 'WAIT_RESOURCE', 'RETRY_WAIT'];

// `options` are check boxes of the dialog, sent as members of the body.
export const ACTIONS = [
  { name: 'rerun', states: ['SUCCESS', 'FAILURE', 'LOST', 'SKIPPED', 'RETRY_WAIT'], options: ['latest', 'force', 'downstream'] },
  { name: 'kill', states: [...WAITING, 'RUNNING'], danger: true },
  { name: 'freeze', states: WAITING },
  { name: 'unfreeze', states: ['FROZEN'], options: ['latest'] },
  { name: 'set-success', states: ['FAILURE', 'LOST', 'FROZEN'], danger: true },
  { name: 'skip', states: [...WAITING, 'FAILURE', 'LOST', 'FROZEN'], needsReason: true, danger: true },
  { name: 'priority', states: [...WAITING, 'FAILURE', 'LOST', 'FROZEN'] },
  { name: 'release', states: [...WAITING, 'FAILURE', 'LOST', 'FROZEN'] },
];
// Those that make sense for a selection.
export const BATCH_ACTIONS = ACTIONS.filter(({ name }) => name !== 'priority' && name !== 'release');

// A window that is due is FROZEN only for who looks while its job is paused: it waits, and the daemon acts on it accordingly.
const stateToActOn = ({ state, reason_code: code }) => (state === 'FROZEN' && code === 'job_paused' ? 'WAIT_RESOURCE' : state);
export function actionsFor(instance) {
  const state = stateToActOn(instance);
  return ACTIONS.filter(({ states }) => states.includes(state));
}

const body = (members) => Object.fromEntries(Object.entries(members).filter(([, value]) => value !== '' && value !== false));

export const actOn = (id, action, members) => post(`/instances/${segment(id)}/${action}`, body(members));
export const actOnMany = (ids, action, reason) => post('/batch', body({ action, ids, reason }));
export const pauseJob = (job, reason) => post(`/jobs/${segment(job)}/pause`, body({ reason }));
export const resumeJob = (job, run, reason) => post(`/jobs/${segment(job)}/resume`, body({ run, reason }));
export const acknowledge = (incident) => post(`/incidents/${incident}/ack`);
export const testChannel = (channel) => post('/alerts/test', { channel });
export const previewBackfill = (order) => post('/backfills/preview?limit=200', order);
export const createBackfill = (order) => post('/backfills', order);
export const actOnBackfill = (id, action, members = {}) => post(`/backfills/${id}/${action}`, body(members));
export const reload = (dryRun) => post('/reload', { dry_run: dryRun });
