// Requests and answers held against daemon/api/openapi.json.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

const FILE = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'daemon', 'api', 'openapi.json');
export const description = JSON.parse(readFileSync(FILE, 'utf8'));

// Every operation: { method, path, id, role, parameters, body, answers }.
export const operations = Object.entries(description.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({
    method: method.toUpperCase(), path, id: operation.operationId, role: operation['x-role'],
    parameters: (operation.parameters ?? []).map(shared), body: operation.requestBody,
    answers: Object.fromEntries(Object.entries(operation.responses).map(([status, answer]) => [status, shared(answer)])),
  })));

function shared(item) {
  if (!item.$ref) return item;
  return item.$ref.slice(2).split('/').reduce((value, key) => value[key], description);
}

// Strict, but for what OpenAPI adds to the vocabulary of JSON Schema, and unions such as ["string", "null"].
const ajv = new Ajv.default({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
formats.default(ajv);
ajv.addVocabulary(['openapi', 'info', 'servers', 'security', 'tags', 'paths', 'components']);
ajv.addSchema({ $id: 'openapi', components: description.components });

const compiled = new Map();
function validator(schema) {
  const key = JSON.stringify(schema);
  if (!compiled.has(key)) compiled.set(key, ajv.compile(JSON.parse(key.replaceAll('"#/', '"openapi#/'))));
  return compiled.get(key);
}
export function assertValid(schema, value, what) {
  const validate = validator(schema);
  assert.ok(validate(value), `${what}: ${ajv.errorsText(validate.errors, { dataVar: '' })}\n${JSON.stringify(value)?.slice(0, 2000)}`);
}

export const operation = (id) => {
  const found = operations.find((one) => one.id === id);
  assert.ok(found, `the document has no operation ${id}`);
  return found;
};

// The status, type, headers and body of an answer are ones that the operation has.
function assertDescribed(one, answer) {
  const what = `${one.id} answered ${answer.status}`;
  const described = one.answers[answer.status] ?? (answer.status >= 400 ? one.answers.default : undefined);
  assert.ok(described, `${what}, which is not described: ${answer.text.slice(0, 500)}`);
  for (const [name, header] of Object.entries(described.headers ?? {}))
    assertValid(shared(header).schema, answer.headers[name.toLowerCase()], `${what}, header ${name}`);
  if (!described.content) {
    assert.equal(answer.text, '', what);
    return;
  }
  const type = (answer.headers['content-type'] ?? '').split(';')[0];
  assert.ok(described.content[type], `${what} as ${type}`);
  assertValid(described.content[type].schema, type.endsWith('json') ? JSON.parse(answer.text) : answer.text, what);
}

function send(at, method, path, body, headers) {
  return new Promise((resolve, reject) => {
    const sent = request({ ...at, method, path, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece) => { text += piece; });
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

// Calls operations of a daemon `at` { socketPath } or { host, port } by their ids, and holds the answers against the
// document. `called` gathers "id status".
export function caller(at) {
  const called = new Set();
  // `values`: those in the path, by name. `query` and `body` may be wrong ones: only what was answered with 200 must
  // have been asked for as described. Returns { status, headers, text, json }.
  async function call(id, { values = {}, query = {}, body, headers = {} } = {}) {
    const one = operation(id);
    const path = one.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name] ?? assert.fail(`${id}: ${name}`)));
    const pairs = Object.entries(query).map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&');
    const text = body === undefined ? undefined : JSON.stringify(body);
    const type = text === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await send(at, one.method, pairs ? `${path}?${pairs}` : path, text, { ...type, ...headers });
    assertDescribed(one, answer);
    called.add(`${id} ${answer.status}`);
    if (answer.status === 200) assertAskedAsDescribed(one, query, body);
    const isJson = (answer.headers['content-type'] ?? '').includes('json') && answer.text !== '';
    return { ...answer, json: isJson ? JSON.parse(answer.text) : undefined };
  }
  return { call, called };
}

function assertAskedAsDescribed(one, query, body) {
  for (const [name, value] of Object.entries(query)) {
    const parameter = one.parameters.find((candidate) => candidate.in === 'query' && candidate.name === name);
    assert.ok(parameter, `${one.id} took the parameter ${name}`);
    const { type } = parameter.schema;
    const read = type === 'integer' ? Number(value) : type === 'array' ? String(value).split(',') : String(value);
    assertValid(parameter.schema, read, `${one.id} took ${name}`);
  }
  for (const parameter of one.parameters)
    if (parameter.in === 'query' && parameter.required) assert.ok(parameter.name in query, `${one.id} went without ${parameter.name}`);
  if (body !== undefined) assertValid(one.body.content['application/json'].schema, body, `${one.id} took its body`);
  else assert.ok(!one.body?.required, `${one.id} went without a body`);
}
