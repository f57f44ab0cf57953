// An attempt's log: its end, growing while the attempt runs, with a search in what is loaded.
import { html } from 'htm/preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { get, mayPass, segment, withQuery } from '../api.js';
import { count } from '../format.js';
import { t } from '../settings.js';
import { follow } from '../stream.js';

const KEPT = 2_000_000;  // characters
const PART = 1_000_000;  // bytes of one request
const AGAIN_AFTER = 3000;
const LINES_SHOWN = 3000;

// The text of the attempt's log so far; what it grows by is told while it is open.
function useLog(id, attempt) {
  const [log, setLog] = useState({ text: '', cut: false, open: true, failure: null, loaded: false });
  useEffect(() => {
    let left = false;
    let timer = null;
    let offset = 0;
    let text = '';
    let cut = false;
    let stop = () => {};
    const path = `/instances/${segment(id)}/logs`;
    const show = (open, failure = null) => setLog({ text, cut, open, failure, loaded: true });
    const add = (part) => {
      offset = part.next;
      cut = cut || text.length + part.text.length > KEPT;
      text = (text + part.text).slice(-KEPT);
    };
    const told = (event, data) => {
      if (event === 'log') add(data);
      show(event !== 'end');
      return event === 'end';
    };
    const load = async () => {
      try {
        const part = await get(withQuery(path, { attempt, offset, limit: PART }));
        if (left) return;
        add(part);
        show(part.open);
        if (!part.at_end) timer = setTimeout(load, 0);
        else if (part.open) stop = follow(withQuery(`${path}/stream`, { attempt, offset }), { told });
      } catch (failure) {
        if (left) return;
        show(false, failure);
        if (mayPass(failure)) timer = setTimeout(load, AGAIN_AFTER);
      }
    };
    load();
    return () => {
      left = true;
      clearTimeout(timer);
      stop();
    };
  }, [id, attempt]);
  return log;
}

// "a [warning] b": the wanted text of a line, marked.
function marked(line, wanted) {
  const pieces = [];
  const low = line.toLowerCase();
  let at = 0;
  for (let found = low.indexOf(wanted); found >= 0; found = low.indexOf(wanted, at)) {
    pieces.push(line.slice(at, found), html`<mark>${line.slice(found, found + wanted.length)}</mark>`);
    at = found + wanted.length;
  }
  return [...pieces, line.slice(at), '\n'];
}

export function LogView({ id, attempt }) {
  const log = useLog(id, attempt);
  const [wanted, setWanted] = useState('');
  const [follow, setFollow] = useState(true);
  const box = useRef(null);
  const low = wanted.toLowerCase();
  const lines = useMemo(() => {
    const all = log.text.split('\n');
    if (all[all.length - 1] === '') all.pop();
    return low === '' ? all : all.filter((line) => line.toLowerCase().includes(low));
  }, [log.text, low]);
  const shown = lines.slice(-LINES_SHOWN);
  useEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [log.text, follow, low]);
  const scrolled = () => {
    const { scrollHeight, scrollTop, clientHeight } = box.current;
    setFollow(scrollHeight - scrollTop - clientHeight < 20);
  };
  if (log.failure && !mayPass(log.failure)) return html`<p class="empty">${log.failure.message}</p>`;
  return html`<div class="log">
    <div class="log-bar">
      <input type="search" placeholder=${t('searchLog')} aria-label=${t('searchLog')} value=${wanted}
          onInput=${(event) => setWanted(event.target.value)} />
      <span role="status" class="faint">${low === '' ? t('lines', { n: lines.length, lines: count(lines.length) })
        : t('linesFound', { n: lines.length, lines: count(lines.length) })}</span>
      <label class="check"><input type="checkbox" checked=${follow}
          onChange=${(event) => setFollow(event.target.checked)} /><span>${t('follow')}</span></label>
      ${log.open && log.loaded && html`<span class="live">${t('live')}</span>`}
    </div>
    ${(log.cut || shown.length < lines.length) && html`<p class="faint">${t('logCut')}</p>`}
    <pre ref=${box} tabindex="0" aria-label=${t('log')}
        onScroll=${scrolled}>${low === '' ? shown.join('\n') : shown.flatMap((line) => marked(line, low))}</pre>
  </div>`;
}
