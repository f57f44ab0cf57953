// Signing in by a token, and out again. It opens by itself where nothing can be seen without.
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import { sessionOf } from '../api.js';
import { refresh } from '../live.js';
import { t } from '../settings.js';
import { forgetToken, keepToken, onToken, token } from '../token.js';
import { Field } from './basic.js';
import { Confirm } from './dialog.js';

function SignInDialog({ refused, onClose }) {
  const [text, setText] = useState('');
  const run = async () => {
    if (!/^[\x21-\x7e]*$/.test(text.trim())) throw new Error(t('tokenCharacters'));  // no header may hold others
    const session = await sessionOf(text.trim());
    keepToken(text.trim());
    return t('signedIn', { actor: session.actor, role: t(`role_${session.role}`) });
  };
  return html`<${Confirm} title=${t('signIn')} text=${t(refused ? 'tokenRefused' : 'aboutSignIn')} action=${t('signIn')}
    withReason=${false} ready=${text.trim() !== ''} run=${run} onClose=${onClose}>
    <${Field} label=${t('token')}><input type="password" name="token" required autocomplete="off" spellcheck="false" maxlength="256"
      value=${text} onInput=${(event) => setText(event.target.value)} /><//><//>`;
}

export function SignIn({ session }) {
  const [open, setOpen] = useState(false);
  const [refused, setRefused] = useState(false);
  useEffect(() => onToken((change) => {
    setRefused(change.refused);
    if (change.refused) setOpen(true);
    refresh();
  }), []);
  const blind = session.known && session.role === 'none' && session.canSignIn;
  useEffect(() => { if (blind) setOpen(true); }, [blind]);
  if (!session.canSignIn && !token()) return null;
  return html`
    <button type="button" class="plain" onClick=${() => (token() ? forgetToken() : setOpen(true))}>
      ${t(token() ? 'signOut' : 'signIn')}</button>
    ${open && html`<${SignInDialog} refused=${refused} onClose=${() => setOpen(false)} />`}`;
}
