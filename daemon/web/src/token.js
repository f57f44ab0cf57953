// The token of this browser tab: kept until the tab is closed or the daemon refuses it.
const KEY = 'token';
const listeners = new Set();

export const token = () => sessionStorage.getItem(KEY);

// `refused`: the daemon does not accept it any more.
function change(text, refused) {
  if (text === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, text);
  for (const listener of listeners) listener({ refused });
}
export const keepToken = (text) => change(text, false);
export const forgetToken = ({ refused = false } = {}) => change(null, refused);

export function onToken(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
