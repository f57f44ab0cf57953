// A real S3 server (tests/e2e/s3_server/install) and a few requests to it, signed by code that shares nothing with
// ours.
import { createHash, createHmac } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess, until } from './support.mjs';

const here = dirname(fileURLToPath(import.meta.url));
export const S3_KEY = { id: 's3-id', secret: 's3-secret-canary' };

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function startVersity(t, dir, program, data, port) {
  return startProcess(t, 's3', program, ['--access', S3_KEY.id, '--secret', S3_KEY.secret, '--region', 'us-east-1',
    '--port', `127.0.0.1:${port}`, '--quiet', 'posix', data], dir);
}

function startProxy(t, dir, jars, data, port) {
  const file = join(dir, 's3proxy.conf');
  writeFileSync(file, [`s3proxy.endpoint=http://127.0.0.1:${port}`, 's3proxy.authorization=aws-v2-or-v4',
    `s3proxy.identity=${S3_KEY.id}`, `s3proxy.credential=${S3_KEY.secret}`, 'jclouds.provider=filesystem-nio2',
    'jclouds.identity=unused', 'jclouds.credential=unused', `jclouds.filesystem.basedir=${data}`, ''].join('\n'));
  return startProcess(t, 's3', 'java', [`-Dlogback.configurationFile=${join(here, 's3_server/logback.xml')}`, '-cp',
    `${jars}/*`, 'org.gaul.s3proxy.Main', '--properties', file], dir);
}

// The server with a bucket `exports`. Its objects are files below `data`.
export async function startS3(t, dir) {
  const [kind, place] = execFileSync(join(here, 's3_server/install'), { encoding: 'utf8' }).trim().split(' ');
  const data = join(dir, 's3-data');
  mkdirSync(join(data, 'exports'), { recursive: true });
  const port = await freePort();
  const server = (kind === 'versitygw' ? startVersity : startProxy)(t, dir, place, data, port);
  const endpoint = `http://127.0.0.1:${port}`;
  await until('the S3 server to listen', () => {
    if (server.child.exitCode !== null) throw new Error(`the S3 server ended: ${server.text()}`);
    return fetch(endpoint).then(() => true, () => false);
  }, 180_000);  // a JVM on a busy machine
  return { ...server, kind, endpoint, folder: join(data, 'exports') };
}

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

// One request without a body; `query` is sorted and encoded as it goes on the wire.
export async function askS3(server, method, path, query = '') {
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const host = new URL(server.endpoint).host;
  const payload = sha256('');
  const names = 'host;x-amz-content-sha256;x-amz-date';
  const canonical = [method, path, query, `host:${host}`, `x-amz-content-sha256:${payload}`, `x-amz-date:${date}`, '',
    names, payload].join('\n');
  const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
  let key = `AWS4${S3_KEY.secret}`;
  for (const part of scope.split('/')) key = hmac(key, part);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')).toString('hex');
  const answer = await fetch(`${server.endpoint}${path}${query && '?'}${query}`, { method, headers: {
    'x-amz-date': date, 'x-amz-content-sha256': payload,
    authorization: `AWS4-HMAC-SHA256 Credential=${S3_KEY.id}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  } });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

export async function openUploads(server) {
  const answer = await askS3(server, 'GET', '/exports', 'uploads=');
  if (answer.status !== 200) throw new Error(`list uploads: ${answer.status} ${answer.text}`);
  return [...answer.text.matchAll(/<Upload>.*?<Key>(.*?)<\/Key>/gs)].map((match) => match[1]);
}
