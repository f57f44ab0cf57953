// The states of an instance. Each has its colour in style.css, and a letter or sign besides, so that nobody has to tell
// colours apart. The order is the legend's.
export const SIGNS = {
  SUCCESS: '✓', RUNNING: '▶', WAIT_TIME: '·', WAIT_RESOURCE: '…', NOT_RUN: '–', RETRY_WAIT: '↻', FAILURE: '✕', LOST: '?',
  FROZEN: '∗', KILLING: '■', SKIPPED: '»',
};
export const STATES = Object.keys(SIGNS);
export const ATTENTION = ['FAILURE', 'LOST', 'FROZEN', 'RETRY_WAIT'];
const ATTEMPT_STATES = {
  open: 'RUNNING', success: 'SUCCESS', failed: 'FAILURE', lost: 'LOST', killed: 'FAILURE', timed_out: 'FAILURE',
};
// An attempt's result looks like the state it led to.
export const stateOfResult = (result) => ATTEMPT_STATES[result] ?? 'NOT_RUN';

// Columns of GET /jobs/{job}/windows as a list of windows.
export function windowsOf(answer) {
  const columns = answer.windows;
  return columns.id.map((id, n) => ({
    id, scheduled: columns.scheduled[n], state: columns.state[n], attempts: columns.attempts[n],
    started: columns.started[n], finished: columns.finished[n], rows: columns.rows[n], bytes: columns.bytes[n],
    seconds: columns.seconds[n], lag: columns.lag_seconds[n],
  }));
}

// {SUCCESS: 12, FAILURE: 1} of a list of windows.
export function countStates(windows) {
  const counts = {};
  for (const { state } of windows) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}
