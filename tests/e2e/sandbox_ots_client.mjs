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

// Every record of a shard from an iterator on; `closed` tells whether the shard has ended. Without the server's flag
// an empty page means caught up.
export async function readShard(endpoint, shardIterator, limit, tableName) {
  const records = [];
  for (let iterator = shardIterator; ;) {
    const page = await call(endpoint, 'GetStreamRecord', { shard_iterator: iterator, ...(limit ? { limit } : {}),
      ...(tableName ? { table_name: tableName } : {}) });
    const got = page.stream_records ?? [];
    records.push(...got);
    if (page.next_shard_iterator === undefined) return { records, closed: true };
    if (got.length === 0 && !page.may_more_record) return { records, closed: false, iterator };
    iterator = page.next_shard_iterator;
  }
}

export async function streamOf(sandbox, table) {
  const { streams } = await call(sandbox.endpoint, 'ListStream', { table_name: table });
  return streams[0].stream_id;
}

export async function shardsOf(sandbox, stream, limit, more = {}) {
  const shards = [];
  for (let start; ;) {
    const page = await call(sandbox.endpoint, 'DescribeStream', { stream_id: stream, ...more,
      ...(limit ? { shard_limit: limit } : {}), ...(start ? { inclusive_start_shard_id: start } : {}) });
    shards.push(...page.shards);
    start = page.next_shard_id;
    if (!start) return shards;
  }
}

export const oldest = async (sandbox, stream, shard) =>
  (await call(sandbox.endpoint, 'GetShardIterator', { stream_id: stream, shard_id: shard })).shard_iterator;

// The iterator at a time in microseconds, and the answers the search took.
export async function at(sandbox, stream, shard, timestamp) {
  let token;
  for (let steps = 1; ; ++steps) {
    const answer = await call(sandbox.endpoint, 'GetShardIterator',
      { stream_id: stream, shard_id: shard, timestamp, ...(token ? { token } : {}) });
    token = answer.next_token;
    if (!token) return { iterator: answer.shard_iterator, steps };
  }
}

// Microseconds from the extension of a record, and the row it holds.
export const recordTime = (record) => Number(record.record.readBigInt64LE(record.record.length - 15));
