// One line that says what an action did; screen readers are told as well.
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../settings.js';

const SHOWN_FOR = 8000;
let show = () => {};

export function say(text) {
  show({ text });
}

export function Toast() {
  const [note, setNote] = useState(null);
  useEffect(() => {
    show = setNote;
    return () => { show = () => {}; };
  }, []);
  useEffect(() => {
    if (note === null) return undefined;
    const timer = setTimeout(() => setNote(null), SHOWN_FOR);
    return () => clearTimeout(timer);
  }, [note]);
  return html`<div class="toasts" role="status" aria-live="polite">${note && html`<div class="toast">
    <span>${note.text}</span>
    <button type="button" class="plain" aria-label=${t('close')} onClick=${() => setNote(null)}>✕</button>
  </div>`}</div>`;
}
