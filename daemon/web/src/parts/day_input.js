// A day to choose. A date that is typed is a date after each key: the first one is a step in the history, and what follows
// while the field is not left takes its place.
import { html } from 'htm/preact';
import { useRef } from 'preact/hooks';
import { go, goInstead } from '../route.js';

// `linkTo(day)` is where a day leads to, and may be null.
export function DayInput({ value, linkTo }) {
  const moved = useRef(false);
  const change = (event) => {
    const link = linkTo(event.target.value);
    if (link === null) return;
    (moved.current ? goInstead : go)(link);
    moved.current = true;
  };
  return html`<input type="date" value=${value} onChange=${change} onBlur=${() => { moved.current = false; }} />`;
}
