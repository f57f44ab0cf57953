// Server-sent events by fetch: EventSource cannot send the headers that a door may ask for.
import { openStream } from './api.js';
import { onToken } from './token.js';

const SILENCE_MAX = 40_000;  // the daemon says something every 15 s
const PAUSE_MIN = 500;
const PAUSE_MAX = 10_000;

// The fields of "id: 1\nevent: log\ndata: {}", and nothing of a comment.
function parse(block) {
  const fields = {};
  for (const line of block.split('\n')) {
    const colon = line.indexOf(': ');
    if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 2);
  }
  return fields;
}

// Follows a stream until the function that it returns is called, or `told` returns true: told(event, data) for each
// event. changed(live, failure) says whether it is connected. Connects again behind the last event, and not while the
// page is hidden.
export function follow(path, { told, changed = () => {} }) {
  let id = null;
  let pause = PAUSE_MIN;
  let timer = null;
  let control = null;
  let ended = false;

  const take = (block) => {
    const { id: newer, event, data } = parse(block);
    if (newer !== undefined) id = newer;
    if (event === undefined) return;
    pause = PAUSE_MIN;
    if (told(event, JSON.parse(data)) === true) stop();
  };
  const read = async (mine) => {
    const body = await openStream(path, id, mine);
    changed(true, null);
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const silence = setTimeout(() => mine.abort(), SILENCE_MAX);
      const { done, value } = await reader.read().finally(() => clearTimeout(silence));
      if (done) return;
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop();
      for (const block of blocks) take(block);
    }
  };
  const connect = async () => {
    clearTimeout(timer);
    const mine = (control = new AbortController());
    let failure = null;
    try { await read(mine); } catch (caught) { failure = caught; }
    if (ended || control !== mine) return undefined;
    control = null;
    changed(false, failure);
    if (failure?.status === 404) return stop();
    // Not all at the same moment when the daemon is back.
    timer = setTimeout(connect, pause * (0.5 + Math.random() / 2));
    pause = Math.min(pause * 2, PAUSE_MAX);
    return undefined;
  };
  const leave = () => {
    clearTimeout(timer);
    const left = control;
    control = null;
    left?.abort();
  };
  const look = () => {
    if (document.hidden) leave();
    else if (control === null) connect();
  };
  // Another token, or none, may be shown something else.
  const forget = onToken(() => {
    leave();
    look();
  });
  function stop() {
    ended = true;
    forget();
    document.removeEventListener('visibilitychange', look);
    removeEventListener('online', look);
    leave();
  }
  document.addEventListener('visibilitychange', look);
  addEventListener('online', look);
  look();
  return stop;
}
