// Language and theme: this browser's choice, kept in it.
import { useEffect, useReducer } from 'preact/hooks';
import { en } from './text/en.js';
import { zh } from './text/zh.js';

const texts = { en, zh };
const THEMES = ['auto', 'light', 'dark'];
const darkness = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set();

const kept = (key, allowed) => {
  const value = localStorage.getItem(key);
  return allowed.includes(value) ? value : null;
};

let language = kept('language', Object.keys(texts)) ??
  (navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en');
let theme = kept('theme', THEMES) ?? 'auto';

function apply() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  document.documentElement.dataset.theme = shownTheme();
  for (const listener of listeners) listener();
}

export const currentLanguage = () => language;
export const currentTheme = () => theme;
export const shownTheme = () => (theme === 'auto' ? (darkness.matches ? 'dark' : 'light') : theme);

export function switchLanguage() {
  language = language === 'en' ? 'zh' : 'en';
  localStorage.setItem('language', language);
  apply();
}

export function switchTheme() {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  localStorage.setItem('theme', theme);
  apply();
}

// The text of `key` in the language of the page: {name} becomes values.name, and of "one|many" the form for values.n
// is taken.
export function t(key, values = {}) {
  const found = texts[language][key] ?? key;
  const [one, many] = found.split('|');
  const form = many !== undefined && values.n !== 1 ? many : one;
  return form.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}
export const has = (key) => key in texts[language];

// Draws the component anew when language or theme change.
export function useSettings() {
  const redraw = useReducer((n) => n + 1, 0)[1];
  useEffect(() => {
    listeners.add(redraw);
    return () => listeners.delete(redraw);
  }, []);
}

darkness.addEventListener('change', apply);
apply();
