// What the views show is kept fresh here, and only here: every path somebody shows is asked again after its period
// while the page is visible, once for all who show it.
import { useEffect, useReducer } from 'preact/hooks';
import { getText } from './api.js';

const PERIOD = 3000;
const feeds = new Map();
const watchers = new Set();  // called when the daemon is lost or found
let reachable = true;

class Feed {
  constructor(path, period) {
    this.path = path;
    this.period = period;
    this.shown = new Set();
    this.text = null;
    this.data = null;
    this.failure = null;
    this.turn = 0;
    this.timer = null;
  }

  async load() {
    clearTimeout(this.timer);
    const turn = (this.turn += 1);
    let text = null;
    let failure = null;
    try {
      text = await getText(this.path);
    } catch (caught) {
      failure = caught;
    }
    if (turn !== this.turn || this.shown.size === 0) return;
    setReachable(failure === null || failure.status !== 0);
    this.take(text, failure);
    this.timer = setTimeout(() => { if (!document.hidden) this.load(); }, this.period);
  }

  // Of a daemon that is gone the last answer stays on the screen.
  take(text, failure) {
    if (failure?.status === 0 && this.text !== null) return;
    if (text !== null && text === this.text && this.failure === null) return;
    this.failure = failure;
    this.text = text;
    this.data = text === null ? null : JSON.parse(text);
    for (const redraw of this.shown) redraw();
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
      clearTimeout(feed.timer);
      feeds.delete(path);
    };
  }, [path, period]);
  const feed = path === null ? null : feeds.get(path);
  return { data: feed?.data ?? null, failure: feed?.failure ?? null };
}

export function useReachable() {
  const redraw = useRedraw();
  useEffect(() => {
    watchers.add(redraw);
    return () => watchers.delete(redraw);
  }, []);
  return reachable;
}

// Asks everything shown at once: after an action, and when the page is looked at again.
export function refresh() {
  for (const feed of feeds.values()) feed.load();
}

document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
addEventListener('online', refresh);
