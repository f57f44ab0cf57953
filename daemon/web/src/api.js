// The daemon's HTTP API (docs/api.md). Nothing else is ever asked.
import { forgetToken, token } from './token.js';

const ROOT = '/api/v1';
const PATIENCE = 20_000;  // a daemon that takes a request and says nothing for so long is as good as gone

// `status` is 0 when the daemon cannot be reached; `code` is the API's, to decide by.
export class ApiError extends Error {
  constructor(message, status, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

// Nobody answered, or only a proxy whose daemon does not.
export const isUnreachable = ({ status, code }) => status === 0 || (status >= 500 && code === undefined);
// It says nothing about what was asked for, and may be over soon.
export const mayPass = ({ status }) => status === 0 || status === 429 || status >= 500;

function headersFor(body, bearer) {
  const headers = { Accept: 'application/json' };
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  return headers;
}

// What `work` gives, unless it takes too long: then `control` ends it. That it failed means that nobody answered.
async function inTime(control, work) {
  const timer = setTimeout(() => control.abort(), PATIENCE);
  try {
    return await work();
  } catch (failure) {
    throw new ApiError(failure.message, 0, 'unreachable');
  } finally {
    clearTimeout(timer);
  }
}

// The bare answer. A token that is refused here is kept no longer.
async function ask(method, path, body, { bearer = token(), headers, signal }) {
  const answer = await fetch(ROOT + path, { method, headers: { ...headersFor(body, bearer), ...headers }, body, signal });
  if (answer.status === 401 && bearer !== null && bearer === token()) forgetToken({ refused: true });
  return answer;
}

async function send(method, path, body, bearer = token()) {
  const control = new AbortController();
  const { answer, text } = await inTime(control, async () => {
    const given = await ask(method, path, body, { bearer, signal: control.signal });
    return { answer: given, text: await given.text() };
  });
  if (answer.ok) return text;
  throw problemOf(answer, text);
}

function problemOf(answer, text) {
  let problem = {};
  try { problem = JSON.parse(text); } catch { /* a proxy's page: the status says enough */ }
  return new ApiError(problem.detail ?? `${answer.status} ${answer.statusText}`, answer.status, problem.code);
}

// The body of a stream of events that goes on behind the event `id`. `control` ends it.
export async function openStream(path, id, control) {
  const headers = { Accept: 'text/event-stream' };
  if (id !== null) headers['Last-Event-ID'] = id;
  const { answer, text } = await inTime(control, async () => {
    const given = await ask('GET', path, undefined, { headers, signal: control.signal });
    return { answer: given, text: given.ok ? null : await given.text() };
  });
  if (!answer.ok) throw problemOf(answer, text);
  return answer.body;
}

// The text of the answer: who asks again and again compares it before reading it.
export const getText = (path) => send('GET', path);
export const get = async (path) => JSON.parse(await send('GET', path));
export const post = async (path, body = {}) => JSON.parse(await send('POST', path, JSON.stringify(body)));

// What the daemon says to a token that is not kept yet.
export const sessionOf = async (bearer) => JSON.parse(await send('GET', '/session', undefined, bearer));

// "/instances?job=a%2Bb": members without a value are left out.
export function withQuery(path, query) {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
  if (pairs.length === 0) return path;
  return `${path}?${pairs.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&')}`;
}
export const segment = encodeURIComponent;
