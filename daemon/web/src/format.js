// Times, numbers and sizes as people read them, in the language of the page.
import { currentLanguage, t } from './settings.js';

// Of what concerns no job.
export const HOME = 'Asia/Shanghai';

const formats = new Map();
function partsOf(time, zone) {
  if (!formats.has(zone)) {
    formats.set(zone, new Intl.DateTimeFormat('en-CA', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit',
      hour: '2-digit', minute: '2-digit', second: '2-digit',
    }));
  }
  return Object.fromEntries(formats.get(zone).formatToParts(new Date(time)).map((part) => [part.type, part.value]));
}

export const dayOf = (time, zone) => {
  const p = partsOf(time, zone);
  return `${p.year}-${p.month}-${p.day}`;
};
export const clockOf = (time, zone) => {
  const p = partsOf(time, zone);
  return `${p.hour}:${p.minute}${p.second === '00' ? '' : `:${p.second}`}`;
};
export const hourOf = (time, zone) => Number(partsOf(time, zone).hour);
export const minuteOf = (time, zone) => Number(partsOf(time, zone).minute);
export const momentOf = (time, zone) => `${dayOf(time, zone)} ${clockOf(time, zone)}`;
export const utcOf = (time) => `${new Date(time).toISOString().replace('T', ' ').replace(/\.000Z$|Z$/, '')} UTC`;

// "2018-02-30" and "2018-10" are none.
export function isDay(text) {
  if (!/^\d{4}-\d\d-\d\d$/.test(text ?? '')) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

export function shiftDay(day, by) {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + by);
  return date.toISOString().slice(0, 10);
}

export const count = (number) => new Intl.NumberFormat(currentLanguage()).format(number);

export function size(bytes) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let number = bytes;
  while (number >= 1000 && unit < units.length - 1) {
    number /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? number : number.toFixed(number < 10 ? 2 : 1)} ${units[unit]}`;
}

// "310 ms", "1.25 s", "12 s", "5 min", "17 h 5 min", "3 d 4 h": the two largest units.
export function duration(seconds) {
  const whole = Math.round(Math.abs(seconds));
  if (whole < 1 && seconds !== 0) return `${Math.max(1, Math.round(Math.abs(seconds) * 1000))} ${t('unitMillisecond')}`;
  if (Math.abs(seconds) < 10) return `${Number(seconds.toFixed(seconds === 0 ? 0 : 2))} ${t('unitSecond')}`;
  if (whole < 60) return `${whole} ${t('unitSecond')}`;
  const steps = [[86400, 'unitDay'], [3600, 'unitHour'], [60, 'unitMinute'], [1, 'unitSecond']];
  const first = steps.findIndex(([length]) => whole >= length);
  const [large, name] = steps[first];
  const [small, smallName] = steps[first + 1];
  const rest = Math.floor((whole % large) / small);
  return `${Math.floor(whole / large)} ${t(name)}${rest > 0 ? ` ${rest} ${t(smallName)}` : ''}`;
}
// As a label of a tile: one unit is enough.
export function shortDuration(seconds) {
  const whole = Math.abs(seconds);
  if (whole > 0 && whole < 1) return `${Math.round(whole * 1000)} ${t('unitMillisecond')}`;
  if (whole < 90) return `${Number(whole.toFixed(whole < 10 ? 1 : 0))} ${t('unitSecond')}`;
  if (whole < 5400) return `${Math.round(whole / 60)} ${t('unitMinute')}`;
  if (whole < 172800) return `${Math.floor(whole / 3600)} ${t('unitHour')}`;
  return `${Math.floor(whole / 86400)} ${t('unitDay')}`;
}

// Cycles of days and cron as the API tells them, in English: they are as free as language.
export const scheduleText = ({ interval_minutes: minutes, start, end, text }) =>
  (minutes === null ? text : `${t('every', { time: duration(minutes * 60) })} · ${start}–${end}`);
