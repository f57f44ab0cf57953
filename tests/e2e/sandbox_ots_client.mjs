// A small Table Store client for what the official SDK lacks: the stream operations and raw request bodies.
// Messages come from the project's own ots.proto through the protobuf library the SDK brings along.
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { KEY } from './support.mjs';

const require = createRequire(import.meta.url);
const protobuf = createRequire(require.resolve('tablestore'))('protobufjs');
const schema = readFileSync(fileURLToPath(new URL('../../core/tablestore/ots.proto', import.meta.url)), 'utf8');
const { root } = protobuf.parse(schema, { keepCase: true });
export const message = (name) => root.lookupType(`sluice.ots.proto.${name}`);

const hmac = (secret, text) => createHmac('sha1', secret).update(text).digest('base64');
const md5 = (bytes) => createHash('md5').update(bytes).digest('base64');

// One request as an SDK signs it; `change` may spoil the headers before they are signed.
export async function post(endpoint, operation, body, { key = KEY, instance = 'demo', change = () => {} } = {}) {
  const headers = {
    'x-ots-accesskeyid': key.id,
    'x-ots-apiversion': '2015-12-31',
    'x-ots-contentmd5': md5(body),
    'x-ots-date': new Date().toISOString(),
    'x-ots-instancename': instance,
  };
  change(headers);
  const lines = Object.keys(headers).sort().map((name) => `${name}:${headers[name]}\n`).join('');
  headers['x-ots-signature'] = hmac(key.secret, `/${operation}\nPOST\n\n${lines}`);
  const answer = await fetch(`${endpoint}/${operation}`, { method: 'POST', body, headers });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, headers: answer.headers, bytes,
    error: answer.ok ? undefined : message('Error').decode(bytes) };
}

// Whether the answer's checksum and signature are right.
export function answerIsSigned(answer, operation, key = KEY) {
  const names = [...answer.headers.keys()].filter((name) => name.startsWith('x-ots-')).sort();
  const text = names.map((name) => `${name}:${answer.headers.get(name)}\n`).join('') + `/${operation}`;
  return answer.headers.get('x-ots-contentmd5') === md5(answer.bytes) &&
    answer.headers.get('authorization') === `OTS ${key.id}:${hmac(key.secret, text)}`;
}

// Calls an operation with plain objects; throws what the service refuses.
export async function call(endpoint, operation, request = {}, options = {}) {
  const type = message(`${operation}Request`);
  const answer = await post(endpoint, operation, type.encode(type.fromObject(request)).finish(), options);
  if (answer.error) throw Object.assign(new Error(answer.error.message), { code: answer.error.code, status: answer.status });
  if (!answerIsSigned(answer, operation)) throw new Error(`${operation}: the answer is not signed rightly`);
  const reply = message(`${operation}Response`);
  return reply.toObject(reply.decode(answer.bytes), { longs: Number, enums: String, bytes: Buffer });
}

// Every record of a shard from an iterator on; `closed` tells whether the shard has ended.
export async function readShard(endpoint, shardIterator, limit) {
  const records = [];
  for (let iterator = shardIterator; ;) {
    const page = await call(endpoint, 'GetStreamRecord', { shard_iterator: iterator, ...(limit ? { limit } : {}) });
    const got = page.stream_records ?? [];
    records.push(...got);
    if (page.next_shard_iterator === undefined) return { records, closed: true };
    if (got.length === 0) return { records, closed: false, iterator };
    iterator = page.next_shard_iterator;
  }
}

// Microseconds from the extension of a record, and the row it holds.
export const recordTime = (record) => Number(record.record.readBigInt64LE(record.record.length - 15));
