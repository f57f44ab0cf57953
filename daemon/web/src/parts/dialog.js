// An action asks before it is done: what will happen, a reason for the audit log, and the daemon's refusal if it refuses.
import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { refresh } from '../live.js';
import { t } from '../settings.js';
import { say } from './toast.js';

const textOf = (failure) => (failure.status === 0 ? t('unreachable') : failure.message);

// `run(reason)` acts and gives the text to say afterwards; `ready` false keeps the button from being pressed.
export function Confirm({ title, text, action, danger, withReason = true, needsReason = false, ready = true, run, onClose, children }) {
  const dialog = useRef(null);
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState(null);
  useEffect(() => { dialog.current.showModal(); }, []);
  const close = () => dialog.current?.close();
  // It stays while the daemon is asked, so that a refusal is read. Browsers close it all the same when Esc is pressed twice.
  const refuseWhileBusy = (event) => { if (busy) event.preventDefault(); };
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setFailure(null);
    try {
      const told = await run(reason.trim());
      say(told ?? t('accepted'));
      close();
    } catch (caught) {
      if (dialog.current === null) say(textOf(caught));
      setFailure(caught);
      setBusy(false);
    }
    refresh();
  };
  return html`<dialog ref=${dialog} aria-labelledby="dialog-title" onCancel=${refuseWhileBusy} onClose=${onClose}>
    <form onSubmit=${submit}>
      <h2 id="dialog-title">${title}</h2>
      ${text && html`<p>${text}</p>`}
      ${children}
      ${withReason && html`<label class="field"><span>${needsReason ? t('reasonNeeded') : t('reason')}</span>
        <input name="reason" value=${reason} required=${needsReason} maxlength="500" autocomplete="off"
          onInput=${(event) => setReason(event.target.value)} /></label>`}
      ${failure && html`<p class="notice bad" role="alert">${textOf(failure)}</p>`}
      <div class="buttons">
        <button type="button" disabled=${busy} onClick=${close}>${t('cancel')}</button>
        <button type="submit" class=${danger ? 'danger' : 'primary'} disabled=${busy || !ready}>${busy ? t('working') : action}</button>
      </div>
    </form>
  </dialog>`;
}

// A button that opens a Confirm about `subject`: `body(subject)` gives its children, `run(reason, subject)` acts. `onOpen` forgets
// what was chosen in it before. Title and subject stay what they were when it opened, whatever is told meanwhile.
export function ActionButton({ label, small, tone, disabled, onOpen, title, subject, ...confirm }) {
  const [asked, setAsked] = useState(null);
  return html`
    <button type="button" class=${[small ? 'small' : '', tone ?? ''].join(' ').trim() || null} disabled=${disabled}
      onClick=${() => { onOpen?.(); setAsked({ title, subject }); }}>${label}</button>
    ${asked && html`<${Confirm} action=${label} ...${confirm} title=${asked.title} run=${(reason) => confirm.run(reason, asked.subject)}
        onClose=${() => setAsked(null)}>${confirm.body?.(asked.subject)}<//>`}`;
}
