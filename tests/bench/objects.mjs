// The objects in a sandbox's bucket: listed, counted row by row as they stream by, deleted.
import { spawn, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { createGunzip } from 'node:zlib';
import { open, textOf } from './sandboxes.mjs';

const ID = 'sandbox-id', SECRET = 'sandbox-secret';

// OSS, signature version 1; `query` takes no part in it (there is no sub-resource here).
function signed(sandbox, method, bucket, key, query = '') {
  const date = new Date().toUTCString();
  const signature = createHmac('sha1', SECRET).update(`${method}\n\n\n${date}\n/${bucket}/${key}`).digest('base64');
  return open(`${sandbox.endpoint}/${bucket}/${key}${query}`,
    { method, ca: sandbox.ca, headers: { date, authorization: `OSS ${ID}:${signature}` } });
}

// Names below `prefix`; names of the benchmarks need no escapes.
export async function listObjects(sandbox, bucket, prefix) {
  const text = await textOf(await signed(sandbox, 'GET', bucket, '', `?max-keys=1000&prefix=${encodeURIComponent(prefix)}`));
  if (/<IsTruncated>true/.test(text)) throw new Error(`there are more than 1000 objects below ${prefix}`);
  return [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map((found) => found[1]);
}

export async function deleteObjects(sandbox, bucket, prefix) {
  for (const name of await listObjects(sandbox, bucket, prefix)) await textOf(await signed(sandbox, 'DELETE', bucket, name));
}

// Ends of records of RFC 4180: line ends outside quotes. A doubled quote opens and closes, which changes nothing.
export async function countRecords(stream) {
  let records = 0, quoted = false, last = 10;
  for await (const part of stream) {
    for (let i = 0; i < part.length; i++) {
      const byte = part[i];
      if (byte === 34) quoted = !quoted;
      else if (byte === 10 && !quoted) records++;
    }
    if (part.length) last = part[part.length - 1];
  }
  if (quoted) throw new Error('an object ends inside quotes');
  if (last !== 10) throw new Error('an object ends without a line end');
  return records;
}

function plain(answer, name) {
  if (name.endsWith('.gz')) return answer.pipe(createGunzip());
  if (!name.endsWith('.zst')) return answer;
  const child = spawn('zstd', ['-dc'], { stdio: ['pipe', 'pipe', 'inherit'] });
  answer.pipe(child.stdin);
  return child.stdout;
}

// Whether objects of this compression can be read on this machine.
export function canRead(compress) {
  return compress !== 'zstd' || spawnSync('zstd', ['--version']).status === 0;
}

// Objects, bytes as they are stored, and rows below `prefix`. `rows` is null when nothing here can decompress them.
export async function countObjects(sandbox, bucket, prefix, compress) {
  const total = { objects: 0, bytes: 0, rows: canRead(compress) ? 0 : null };
  for (const name of await listObjects(sandbox, bucket, prefix)) {
    const answer = await signed(sandbox, total.rows === null ? 'HEAD' : 'GET', bucket, name);
    if (answer.statusCode !== 200) throw new Error(`read object ${name}: ${await textOf(answer)}`);
    total.objects++;
    total.bytes += Number(answer.headers['content-length']);
    if (total.rows === null) answer.resume();
    else total.rows += await countRecords(plain(answer, name));
  }
  return total;
}
