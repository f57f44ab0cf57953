// Why something is as it is, in the language of the page. The API's texts are English: they stay as the title, with the
// details and the command that helps; what is shown in Chinese comes from reason_code, state and the structure of a path.
import { html } from 'htm/preact';
import { currentLanguage } from './settings.js';
import { zhReasons as zh } from './text/zh_reasons.js';

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

// Of an instance, or of the last step of a path: {state, reason, reason_code}. One that waits or is done and has no reason
// of its own has none in a list either, unless `whole`.
function inChinese({ state, reason, reason_code: code }, whole) {
  const known = zh.codes[`${state} ${code}`] ?? zh.codes[code];
  if (known) return known;
  return whole || reason ? zh.states[state] ?? reason : reason;
}
export const reasonText = (one, whole = false) => (currentLanguage() === 'zh' ? inChinese(one, whole) : one.reason);

// `whole`: say it also when the reason is empty.
export const Reason = ({ of: one, whole = false }) => {
  const text = reasonText(one, whole);
  return html`<span class="reason" title=${text === one.reason ? undefined : one.reason}>${text}</span>`;
};

// A step waits for the next one; the last is the cause.
const waitsFor = (step) => fill(zh.waitsFor, { name: step.name }) + (step.open > 1 ? fill(zh.andMore, { n: step.open }) : '');
const causeText = (step) => (step.id ? inChinese(step, true) : zh.noInstance);
export function stepText(path, n) {
  if (currentLanguage() !== 'zh') return path[n].reason;
  return n + 1 < path.length ? waitsFor(path[n + 1]) : causeText(path[n]);
}
// The sentence over the path.
export function whyText({ why, path }) {
  if (currentLanguage() !== 'zh') return why;
  return [...path.slice(1).map(waitsFor), causeText(path.at(-1))].join(zh.which);
}

// What became of the windows that were due when a job was resumed; nothing when there were none.
export function resumedText({ text, due, skipped }) {
  if (currentLanguage() !== 'zh') return text;
  if (due === 0) return '';
  return fill(zh.resumed, { n: due - skipped }) + (skipped > 0 ? fill(zh.skipping, { n: skipped }) : '');
}

export function blockedText(chain) {
  if (currentLanguage() !== 'zh') return chain.reason;
  return chain.instance ? zh.states[chain.state] ?? chain.reason : zh.jobStands;
}
