// The daemon's HTTP API (docs/api.md). Nothing else is ever asked.
const ROOT = '/api/v1';

// `status` is 0 when the daemon cannot be reached; `code` is the API's, to decide by.
export class ApiError extends Error {
  constructor(message, status, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function send(method, path, body) {
  let answer;
  try {
    answer = await fetch(ROOT + path, { method, headers: { Accept: 'application/json' }, body });
  } catch (failure) {
    throw new ApiError(failure.message, 0, 'unreachable');
  }
  const text = await answer.text();
  if (answer.ok) return text;
  let problem = {};
  try { problem = JSON.parse(text); } catch { /* a proxy's page: the status says enough */ }
  throw new ApiError(problem.detail ?? `${answer.status} ${answer.statusText}`, answer.status, problem.code);
}

// The text of the answer: who asks again and again compares it before reading it.
export const getText = (path) => send('GET', path);
export const get = async (path) => JSON.parse(await send('GET', path));
export const post = async (path, body = {}) => JSON.parse(await send('POST', path, JSON.stringify(body)));

// "/instances?job=a%2Bb": members without a value are left out.
export function withQuery(path, query) {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
  if (pairs.length === 0) return path;
  return `${path}?${pairs.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&')}`;
}
export const segment = encodeURIComponent;
