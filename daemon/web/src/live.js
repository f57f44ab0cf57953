// What the views show is kept fresh here, and only here: every path somebody shows is asked again when the daemon tells
// of a change that concerns it, once for all who show it. What nobody tells of, such as the time that passes, is asked
// for seldom, while the page is visible.
import { useEffect, useReducer } from 'preact/hooks';
import { getText, isUnreachable, mayPass } from './api.js';
import { follow } from './stream.js';

const PERIOD = 15_000;
const SPACE = 1500;  // between two requests for the same, however much changes
const SOON = 50;     // what changes together is asked for once
const feeds = new Map();
const watchers = new Set();  // called when the daemon is lost or found, or the stream is
let reachable = true;
let connected = false;

class Feed {
  constructor(path, period) {
    this.path = path;
    this.period = Math.max(period, PERIOD);
    this.shown = new Set();
    this.text = null;
    this.data = null;
    this.failure = null;
    this.trouble = null;  // why data is not as fresh as it should be
    this.asking = false;
    this.again = false;  // something changed while it was asked for
    this.timer = null;
    this.due = null;  // the timer of a request for what changed
    this.asked = 0;
  }

  // Asks again, soon; after the answer that is on its way, however late it is: one that takes longer than the daemon is
  // silent would never be shown.
  touch() {
    if (this.asking) this.again = true;
    if (this.asking || this.due !== null) return;
    this.due = setTimeout(() => this.load(), Math.max(SOON, this.asked + SPACE - performance.now()));
  }

  leave() {
    clearTimeout(this.timer);
    clearTimeout(this.due);
  }

  async load() {
    if (this.asking) {
      this.again = true;
      return;
    }
    this.leave();
    this.due = null;
    this.asked = performance.now();
    this.asking = true;
    let text = null;
    let failure = null;
    try {
      text = await getText(this.path);
    } catch (caught) {
      failure = caught;
    }
    this.asking = false;
    if (this.shown.size === 0) return;
    setReachable(failure === null || !isUnreachable(failure));
    this.take(text, failure);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { if (!document.hidden) this.load(); }, this.period);
    if (this.again) {
      this.again = false;
      this.touch();
    }
  }

  // Of a daemon that is gone or in trouble the last answer stays on the screen.
  take(text, failure) {
    const kept = failure !== null && mayPass(failure) && this.text !== null;
    this.setTrouble(kept ? failure : null);
    if (kept) return;
    if (text !== null && text === this.text && this.failure === null) return;
    this.failure = failure;
    this.text = text;
    this.data = text === null ? null : JSON.parse(text);
    for (const redraw of this.shown) redraw();
  }

  setTrouble(failure) {
    if (failure?.message === this.trouble?.message) return;
    this.trouble = failure;
    for (const redraw of watchers) redraw();
  }
}

function setReachable(now) {
  if (now === reachable) return;
  reachable = now;
  for (const redraw of watchers) redraw();
}

function feedOf(path, period) {
  if (!feeds.has(path)) feeds.set(path, new Feed(path, period));
  return feeds.get(path);
}

const useRedraw = () => useReducer((n) => n + 1, 0)[1];

// {data, failure} of an API path; both are null until the first answer. A null path asks nothing.
export function useLive(path, period = PERIOD) {
  const redraw = useRedraw();
  useEffect(() => {
    if (path === null) return undefined;
    const feed = feedOf(path, period);
    feed.shown.add(redraw);
    if (feed.shown.size === 1) feed.load();
    return () => {
      feed.shown.delete(redraw);
      if (feed.shown.size > 0) return;
      feed.leave();
      feeds.delete(path);
    };
  }, [path, period]);
  const feed = path === null ? null : feeds.get(path);
  return { data: feed?.data ?? null, failure: feed?.failure ?? null };
}

function useWatch() {
  const redraw = useRedraw();
  useEffect(() => {
    watchers.add(redraw);
    return () => watchers.delete(redraw);
  }, []);
}

export function useReachable() {
  useWatch();
  // While something shown was last answered by nobody, another answer that came is no reason to say all is well.
  const lost = ({ shown, trouble }) => shown.size > 0 && trouble !== null && isUnreachable(trouble);
  return reachable && ![...feeds.values()].some(lost);
}

// The refusal that keeps something shown from being fresh, or null.
export function useTrouble() {
  useWatch();
  for (const { trouble } of feeds.values()) if (trouble !== null && !isUnreachable(trouble)) return trouble;
  return null;
}

// True while changes are told as they happen.
export function useConnected() {
  useWatch();
  return connected;
}

// Asks everything shown at once: after an action, and when the page is looked at again.
export function refresh() {
  for (const feed of feeds.values()) feed.load();
}

// The kinds of events that change an answer, by the first segment of its path. Others change with every event.
const KINDS = {
  session: [], version: [], incidents: ['incident'], deliveries: [],
  backfills: ['backfill', 'instance', 'instances'],
};

function concerns(path, event, data) {
  const [, first, rest] = /^\/(\w+)(?:\/([^?]*))?/.exec(path);
  if (KINDS[first] !== undefined) return KINDS[first].includes(event);
  if (rest === undefined || rest === '' || !data.job) return true;
  // Of one job: what it waits for may be another one's.
  const [subject, part] = rest.split('/');
  if (part === 'diff') return event === 'job';  // the daemon reads files for it
  const job = decodeURIComponent(subject).split(/[@#]/)[0];
  return job === data.job || part === 'why' || part === 'downstream';
}

follow('/events', {
  told: (event, data) => {
    // What was asked for before may be older than the place the stream begins at.
    const anew = event === 'hello' || event === 'reset';
    for (const feed of feeds.values()) if (anew || (event !== 'bye' && concerns(feed.path, event, data))) feed.touch();
  },
  changed: (now, failure) => {
    connected = now;
    for (const redraw of watchers) redraw();
    if (failure && isUnreachable(failure)) setReachable(false);
    else if (now) setReachable(true);
  },
});
document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
addEventListener('online', refresh);
