// The daemon's HTTP API (docs/api.md). Nothing else is ever asked.
import { forgetToken, token } from './token.js';

const ROOT = '/api/v1';

// `status` is 0 when the daemon cannot be reached; `code` is the API's, to decide by.
export class ApiError extends Error {
  constructor(message, status, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

function headersFor(body, bearer) {
  const headers = { Accept: 'application/json' };
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  return headers;
}

// The bare answer. A token that is refused here is kept no longer; `more` goes to fetch().
async function ask(method, path, body, { bearer = token(), headers, ...more } = {}) {
  let answer;
  try {
    answer = await fetch(ROOT + path, { method, headers: { ...headersFor(body, bearer), ...headers }, body, ...more });
  } catch (failure) {
    throw new ApiError(failure.message, 0, 'unreachable');
  }
  if (answer.status === 401 && bearer !== null && bearer === token()) forgetToken({ refused: true });
  return answer;
}

async function send(method, path, body, bearer = token()) {
  const answer = await ask(method, path, body, { bearer });
  const text = await answer.text();
  if (answer.ok) return text;
  throw problemOf(answer, text);
}

function problemOf(answer, text) {
  let problem = {};
  try { problem = JSON.parse(text); } catch { /* a proxy's page: the status says enough */ }
  return new ApiError(problem.detail ?? `${answer.status} ${answer.statusText}`, answer.status, problem.code);
}

// The body of a stream of events that goes on behind the event `id`. `signal` ends it.
export async function openStream(path, id, signal) {
  const headers = { Accept: 'text/event-stream' };
  if (id !== null) headers['Last-Event-ID'] = id;
  const answer = await ask('GET', path, undefined, { headers, signal });
  if (!answer.ok) throw problemOf(answer, await answer.text());
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
