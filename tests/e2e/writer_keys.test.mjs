// Every key of the writer through the real program: what it does to the names, headers and bytes of objects, and
// what `sluice check` says to a wrong value.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { TableStore, lastSlot, localSlot, sluice, world, writeConfig } from './support.mjs';

const minute = 60_000;
const any = () => new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);
const big = 'x'.repeat(700_000);
const hooks = [];
let w;
let start;
let number = 0;

// Windows: 0 has four rows, 1 none, 2 two large ones.
before(async () => {
  w = await world({ after: (hook) => hooks.unshift(hook) }, { dir: mkdtempSync(join(tmpdir(), 'sluice-keys-')) });
  start = lastSlot() - 25 * minute;
  const write = async (ms, uid, cells) => {
    await w.sandbox.admin('clock', { offset_us: (ms - Date.now()) * 1000 });
    await w.client.putRow({ tableName: 'orders', condition: any(), primaryKey: [{ uid }],
      attributeColumns: Object.entries(cells).map(([name, value]) => ({ [name]: value })) });
  };
  const day = TableStore.Long.fromNumber(Date.UTC(2018, 9, 15, 16, 15));
  await write(start + minute, 'k1', { name: 'plain', day, blob: Buffer.from([0, 255, 1]) });
  await write(start + minute, 'k2', { name: 'a,b "q"', day, blob: Buffer.from('ok') });
  await write(start + minute, 'k3', { name: '订单', day, blob: Buffer.from('') });
  await write(start + minute, 'k4', { day });
  await write(start + 11 * minute, 'big1', { name: big, day });
  await write(start + 11 * minute, 'big2', { name: big, day });
  await w.sandbox.admin('clock', { offset_us: 0 });
  w.paths = writeConfig(w.dir, w.sandbox, {});
});

after(async () => {
  for (const hook of hooks) await hook();
  rmSync(w.dir, { recursive: true, force: true });
});

function jobFile(name, writer, { plugin = 'oss', columns = ['uid', 'name'], setting = {}, reader = {} } = {}) {
  const script = { type: 'job', version: '1.0', configuration: {
    setting: { errorLimit: { record: 0 }, ...setting },
    reader: { plugin: 'otsstream', parameter: { datasource: 'source', dataTable: 'orders',
      startTimestampMillis: '${start_time}', endTimestampMillis: '${end_time}', mode: 'single_version_and_update_only',
      column: columns.map((column) => (typeof column === 'string' ? { name: column } : column)), ...reader } },
    writer: { plugin, parameter: { ...(plugin === 'oss' ? { datasource: 'target' } : {}), ...writer } } } };
  const file = join(w.dir, `${name}.yaml`);
  writeFileSync(file, `name: ${name}\nschedule: {interval: 5m}\nparameters: ` +
    '"start_time=$[yyyymmddhh24miss-10/24/60] end_time=$[yyyymmddhh24miss-5/24/60]"\n' +
    `script: {inline: ${JSON.stringify(script)}}\n`);
  return file;
}

// Runs a window with these keys in the writer; what is in the bucket under a prefix of its own then.
async function run(keys, { window = 0, expect = 0, object = `t${number += 1}/o`, ...more } = {}) {
  const file = jobFile(`job${number}`, { object, fileFormat: 'csv', ...keys }, more);
  const result = sluice(['run', file, '--config', w.paths.config, '--at', localSlot(start + (10 + 5 * window) * minute),
    '--output', 'json'], { cwd: w.dir });
  assert.equal(result.code, expect, result.err + result.out);
  const listed = (await w.store.list({ prefix: object, 'max-keys': 1000 })).objects ?? [];
  const objects = [];
  for (const { name } of listed) {
    const got = await w.store.get(name);
    objects.push({ name, bytes: got.content, text: got.content.toString('utf8'), headers: got.res.headers });
  }
  return { objects, object, first: objects[0], report: expect === 0 ? JSON.parse(result.out) : null, err: result.err };
}

const plain = 'k1,plain\nk2,"a,b ""q"""\nk3,订单\nk4,null\n';
const zone = (text) => new TextDecoder(text, { fatal: true });

test('object and suffix are the names, with the window between them', async () => {
  const { first, object } = await run({ suffix: 'dat' });
  assert.match(first.name, new RegExp(`^${object}__\\d{14}_\\d{14}_0000\\.dat$`));
  assert.equal(first.text, plain);
});

test('writeMode: truncate replaces, append leaves others alone, nonConflict refuses', async () => {
  const { first, object } = await run({ writeMode: 'truncate' });
  await w.store.put(`${object}_sibling`, Buffer.from('x'));
  const again = await run({ writeMode: 'truncate' }, { object });
  assert.deepEqual(again.objects.map(({ name }) => name), [first.name, `${object}_sibling`]);
  assert.equal((await run({ writeMode: 'append' }, { object })).objects.length, 2);
  const refused = await run({ writeMode: 'nonConflict' }, { object, expect: 5 });
  assert.match(refused.err, /exists already in bucket exports/);
});

test('truncateScope: prefix removes everything under the prefix', async () => {
  const { first, object } = await run({});
  await w.store.put(`${object}_sibling`, Buffer.from('x'));
  const again = await run({ truncateScope: 'prefix' }, { object });
  assert.deepEqual(again.objects.map(({ name }) => name), [first.name]);
});

test('fileFormat: csv quotes, text does not, jsonl names the values', async () => {
  assert.equal((await run({ fileFormat: 'csv' })).first.text, plain);
  assert.equal((await run({ fileFormat: 'text' })).first.text, 'k1,plain\nk2,a,b "q"\nk3,订单\nk4,null\n');
  const lines = (await run({ fileFormat: 'jsonl' })).first;
  assert.match(lines.name, /\.jsonl$/);
  assert.deepEqual(lines.text.trim().split('\n').map((line) => JSON.parse(line)), [{ uid: 'k1', name: 'plain' },
    { uid: 'k2', name: 'a,b "q"' }, { uid: 'k3', name: '订单' }, { uid: 'k4', name: null }]);
  const named = (await run({ fileFormat: 'jsonl', header: ['id', 'title'] })).first.text;
  assert.deepEqual(JSON.parse(named.split('\n')[0]), { id: 'k1', title: 'plain' });
});

test('encoding is that of the bytes', async () => {
  for (const [name, label] of [['GBK', 'gbk'], ['gb18030', 'gb18030'], ['UTF-16LE', 'utf-16le'], ['utf_16be', 'utf-16be'],
    ['Big5', 'big5'], ['Cp936', 'gbk']]) {
    const text = label === 'big5' ? { window: 0, setting: { errorLimit: { record: 1 } } } : {};
    const { first } = await run({ encoding: name }, text);
    const decoded = zone(label).decode(first.bytes);
    assert.equal(decoded, label === 'big5' ? plain.replace('k3,订单\n', '') : plain, name);
  }
  const utf16 = (await run({ encoding: 'UTF-16' })).first.bytes;
  assert.equal(zone('utf-16be').decode(utf16), plain);
  assert.ok(utf16[0] === 0xfe && utf16[1] === 0xff, 'a byte order mark');
});

test('nullFormat stands for what is missing', async () => {
  assert.ok((await run({ nullFormat: '\\N' })).first.text.endsWith('k4,\\N\n'));
  assert.ok((await run({ nullFormat: '' })).first.text.endsWith('k4,\n'));
});

test('dateFormat is the pattern of dates', async () => {
  const columns = ['uid', { name: 'day', type: 'date' }];
  assert.ok((await run({}, { columns })).first.text.startsWith('k1,2018-10-16 00:15:00\n'));
  assert.ok((await run({ dateFormat: 'yyyyMMdd HHmm' }, { columns })).first.text.startsWith('k1,20181016 0015\n'));
});

test('fieldDelimiter and lineDelimiter are what is between, escapes too', async () => {
  assert.ok((await run({ fieldDelimiter: '\t' })).first.text.startsWith('k1\tplain\nk2\t"a,b ""q"""\n'));
  assert.ok((await run({ fieldDelimiter: '\\t' })).first.text.startsWith('k1\tplain\n'));
  assert.ok((await run({ fieldDelimiter: '\\u0001' })).first.text.startsWith('k1\u0001plain\n'));
  assert.ok((await run({ fileFormat: 'text', fieldDelimiter: '||' })).first.text.startsWith('k1||plain\n'));
  assert.ok((await run({ lineDelimiter: '\r\n' })).first.text.startsWith('k1,plain\r\nk2,'));
  assert.ok((await run({ fileFormat: 'text', lineDelimiter: ';\n' })).first.text.startsWith('k1,plain;\nk2,'));
});

test('header is the first line of every object', async () => {
  assert.equal((await run({ header: ['id', 'full,name'] })).first.text, 'id,"full,name"\n' + plain);
  const two = await run({ header: ['id', 'name'], maxFileSize: 1 }, { window: 2 });
  assert.equal(two.objects.length, 2);
  for (const { text } of two.objects) assert.ok(text.startsWith('id,name\nbig'));
});

test('compress makes gzip and zstd, and names say so', async () => {
  const gzip = (await run({ compress: 'gzip' })).first;
  assert.match(gzip.name, /\.csv\.gz$/);
  assert.equal(gunzipSync(gzip.bytes).toString('utf8'), plain);
  const zstd = (await run({ compress: 'zstd' })).first;
  assert.match(zstd.name, /\.csv\.zst$/);
  assert.equal(zstd.bytes.readUInt32LE(0), 0xfd2fb528);
  const plainly = spawnSync('python3', ['-c', 'import ctypes,ctypes.util,sys\nz=ctypes.CDLL("libzstd.so.1")\n' +
    'b=sys.stdin.buffer.read()\no=ctypes.create_string_buffer(65536)\nz.ZSTD_decompress.restype=ctypes.c_size_t\n' +
    'n=z.ZSTD_decompress(o,ctypes.c_size_t(65536),b,ctypes.c_size_t(len(b)))\nsys.stdout.buffer.write(o.raw[:n])'],
  { input: zstd.bytes });
  assert.equal(plainly.stdout.toString('utf8'), plain, String(plainly.stderr));
});

test('maxFileSize begins another object, blockSizeInMB is the size of parts', async () => {
  const rolled = await run({ maxFileSize: 1 }, { window: 2 });
  assert.equal(rolled.objects.length, 2);
  assert.match(rolled.objects[1].name, /_0000_2\.csv$/);
  for (const { bytes } of rolled.objects) assert.ok(bytes.length <= 1024 * 1024);
  const parted = (await run({ blockSizeInMB: 1 }, { window: 2 })).first;
  assert.equal(parted.headers['x-oss-object-type'], 'Multipart');
  assert.match(parted.headers.etag, /-2"$/);
  const whole = (await run({ blockSizeInMB: 4 }, { window: 2 })).first;
  assert.equal(whole.headers['x-oss-object-type'], 'Normal');
});

test('writeSingleObject: the name is object itself', async () => {
  const { objects, object } = await run({ writeSingleObject: true });
  assert.deepEqual(objects.map(({ name, text }) => [name, text]), [[object, plain]]);
});

test('generateEmptyFile: a window without rows leaves an object, or none', async () => {
  const one = await run({ header: ['id', 'name'] }, { window: 1 });
  assert.deepEqual(one.objects.map(({ text }) => text), ['id,name\n']);
  assert.equal((await run({ generateEmptyFile: false }, { window: 1 })).objects.length, 0);
});

test('partition: values of the last columns are in the names', async () => {
  const { objects } = await run({ partition: ['day'] }, { columns: ['name', 'uid'] });
  assert.equal(objects.length, 4);
  for (const key of ['k1', 'k2', 'k3', 'k4']) assert.ok(objects.some(({ name }) => name.includes(key)), key);
});

test('byteEncoding: base64 for binary values', async () => {
  const columns = ['uid', 'blob'];
  assert.ok((await run({ byteEncoding: 'base64' }, { columns })).first.text.startsWith('k1,AP8B\nk2,b2s=\n'));
});

test('csvWriterConfig: quotes, escapes, delimiters', async () => {
  const all = await run({ csvWriterConfig: { forceQualifier: true, textQualifier: "'" } });
  assert.ok(all.first.text.startsWith("'k1','plain'\n'k2','a,b \"q\"'\n"));
  const escaped = await run({ csvWriterConfig: { escapeMode: 2 } });
  assert.ok(escaped.first.text.includes('k2,"a,b \\"q\\""\n'), escaped.first.text);
  const own = await run({ csvWriterConfig: { delimiter: '|', recordDelimiter: '\r\n' } });
  assert.ok(own.first.text.startsWith('k1|plain\r\n'));
  const bare = await run({ csvWriterConfig: { useTextQualifier: false, escapeMode: 2 } });
  assert.ok(bare.first.text.includes('k2,a\\,b "q"\n'), bare.first.text);
  const broken = await run({ csvWriterConfig: { useTextQualifier: false } }, { setting: { errorLimit: { record: 1 } } });
  assert.equal(broken.report.statistics.dirty_rows, 1, 'a field with a delimiter would be two');
  const comment = await run({ csvWriterConfig: { comment: 'k' } });
  assert.ok(comment.first.text.startsWith('"k1",plain\n'), comment.first.text);
});

test('encrypt, serverSideEncryption, storageClass and metadata are kept with the object', async () => {
  assert.equal((await run({ encrypt: true })).first.headers['x-oss-server-side-encryption'], 'AES256');
  const kms = (await run({ serverSideEncryption: 'KMS', serverSideEncryptionKeyId: 'key-1' })).first.headers;
  assert.equal(kms['x-oss-server-side-encryption'], 'KMS');
  assert.equal(kms['x-oss-server-side-encryption-key-id'], 'key-1');
  assert.equal((await run({ storageClass: 'ia' })).first.headers['x-oss-storage-class'], 'IA');
  const meta = (await run({ metadata: { Owner: 'data team' } })).first.headers;
  assert.equal(meta['x-oss-meta-owner'], 'data team');
});

test('manifest: an object beside the data says what is in it', async () => {
  const { first, object, report } = await run({ manifest: true });
  const listed = (await w.store.list({ prefix: `_manifest/${object}/` })).objects;
  assert.equal(listed.length, 1);
  const manifest = JSON.parse((await w.store.get(listed[0].name)).content.toString('utf8'));
  assert.equal(manifest.rows, 4);
  assert.deepEqual(manifest.objects.map(({ name, bytes }) => [name, bytes]), [[first.name, first.bytes.length]]);
  assert.equal(report.objects.length, 1);
  const own = await run({ manifest: 'checks/here' });
  assert.equal((await w.store.list({ prefix: 'checks/here' })).objects.length, 1);
  assert.equal(own.objects.length, 1);
});

test('addressing: path reaches an address without a name of its own', async () => {
  const inline = { datasource: '', endpoint: w.sandbox.endpoint, bucket: 'exports', accessId: 'sandbox-id', accessKey: 'sandbox-secret' };
  assert.equal((await run({ ...inline, addressing: 'path' })).first.text, plain);
});

test('localfile and stream write the same bytes elsewhere', async () => {
  const directory = join(w.dir, 'files');
  mkdirSync(directory);
  await run({ directory }, { plugin: 'localfile' });
  const [folder] = readdirSync(directory);
  const [file] = readdirSync(join(directory, folder));
  assert.equal(readFileSync(join(directory, folder, file), 'utf8'), plain);
  const printing = jobFile('printing', { fileFormat: 'csv' }, { plugin: 'stream' });
  const printed = sluice(['run', printing, '--config', w.paths.config, '--at', localSlot(start + 10 * minute)], { cwd: w.dir });
  assert.equal(printed.code, 0, printed.err);
  assert.equal(printed.out, plain);
});

test('errorLimit: a dirty row more than allowed fails the run and leaves nothing', async () => {
  const allowed = await run({ encoding: 'US-ASCII' }, { setting: { errorLimit: { record: 1 } } });
  assert.equal(allowed.first.text, plain.replace('k3,订单\n', ''));
  assert.equal(allowed.report.statistics.dirty_rows, 1);
  const file = readdirSync(w.dir).find((name) => name.startsWith(`job${number}_`) && name.endsWith('.dirty.jsonl'));
  assert.deepEqual(JSON.parse(readFileSync(join(w.dir, file), 'utf8')).values, ['k3', '订单']);
  const refused = await run({ encoding: 'US-ASCII' }, { expect: 1 });
  assert.match(refused.err, /1 dirty rows, setting\.errorLimit\.record allows 0/);
  assert.deepEqual(refused.objects, []);
  const part = await run({ encoding: 'US-ASCII' }, { expect: 1, setting: { errorLimit: { percentage: 0.2 } } });
  assert.match(part.err, /1 of 4 rows are dirty, 25 %; setting\.errorLimit\.percentage allows 20 %/);
  await run({ encoding: 'US-ASCII' }, { setting: { errorLimit: { percentage: 0.25 } } });
});

test('speed: bytes a second are kept to', async () => {
  const begin = Date.now();
  const { first } = await run({}, { window: 2, setting: { errorLimit: { record: 0 }, speed: { byte: 700_000 } } });
  assert.ok(first.bytes.length > 1_400_000);
  assert.ok(Date.now() - begin > 900, 'a burst of one second is free, the rest is not');
});

const wrong = [
  [{ writeMode: 'Truncate' }, 'writeMode: expected truncate, append or nonConflict'],
  [{ truncateScope: 'all' }, 'truncateScope: expected window or prefix'],
  [{ fileFormat: 'parquet' }, 'fileFormat: parquet cannot be written, because Debian 12 has no library for it'],
  [{ fileFormat: 'orc' }, 'fileFormat: orc cannot be written'],
  [{ fileFormat: 'sql' }, 'fileFormat: INSERT statements cannot be written'],
  [{ encoding: 'GBKK' }, 'encoding: "GBKK" is not known; did you mean GBK?'],
  [{ nullFormat: ['x'] }, 'nullFormat: expected a string, got a list'],
  [{ dateFormat: 'yyyy-bb' }, 'dateFormat: "b" is no letter of a date'],
  [{ fieldDelimiter: '||' }, 'fieldDelimiter: csv needs exactly one character'],
  [{ lineDelimiter: ';' }, 'lineDelimiter: csv lines end with'],
  [{ header: 'uid,name' }, 'header: expected a list of names, got a string; write ["uid", "name"]'],
  [{ suffix: 'a/b' }, 'suffix: expected at most 32 bytes'],
  [{ compress: 'bzip2' }, 'compress: expected gzip, zstd or none'],
  [{ maxFileSize: 0 }, 'maxFileSize: expected a whole number from 1'],
  [{ blockSizeInMB: 0 }, 'blockSizeInMB: expected a whole number from 1'],
  [{ writeSingleObject: 'yes' }, 'writeSingleObject: expected true or false'],
  [{ generateEmptyFile: 'no' }, 'generateEmptyFile: expected true or false'],
  [{ partition: 'day' }, 'partition: expected a list of strings'],
  [{ byteEncoding: 'hex' }, 'byteEncoding: expected base64'],
  [{ csvWriterConfig: { escapeMode: 3 } }, 'csvWriterConfig.escapeMode: expected a whole number from 1 to 2'],
  [{ csvWriterConfig: { qualifier: 'x' } }, 'csvWriterConfig.qualifier: unknown key'],
  [{ encrypt: 'yes' }, 'encrypt: expected true or false'],
  [{ serverSideEncryption: 'DES' }, 'serverSideEncryption: expected AES256, KMS or SM4'],
  [{ serverSideEncryptionKeyId: 'x' }, 'serverSideEncryptionKeyId: needs serverSideEncryption: KMS'],
  [{ storageClass: 'Glacier' }, 'storageClass: expected Standard, IA, Archive, ColdArchive or DeepColdArchive'],
  [{ metadata: { 'a b': 'x' } }, 'metadata.a b: a name of metadata is letters, digits and "-"'],
  [{ manifest: '/x' }, 'manifest: OSS refuses names that begin with'],
  [{ addressing: 'sld' }, 'addressing: expected auto, path or virtual'],
  [{ object: '/x' }, 'object: OSS refuses names that begin with'],
  [{ object: '' }, 'object: empty or missing'],
  [{ datasource: 'nowhere' }, 'datasource: data source "nowhere" is not defined'],
  [{ directory: '/srv' }, 'directory: has no meaning for plugin oss'],
  [{ syncMode: 'copy' }, 'syncMode: files cannot be copied as they are'],
  [{ truncateMode: 'prefix' }, 'truncateMode: belongs to the copying of files'],
];

test('sluice check has a message for a wrong value of every key', () => {
  for (const [keys, message] of wrong) {
    const file = jobFile('wrong', { object: 'o', fileFormat: 'csv', ...keys });
    const result = sluice(['check', '--config', w.paths.config, file]);
    assert.equal(result.code, 2, `${JSON.stringify(keys)}: ${result.out}`);
    assert.ok(result.out.includes(`error: writer.parameter.${message}`), `${JSON.stringify(keys)}: ${result.out}`);
    assert.equal(result.out.trim().split('\n').filter((line) => line.includes(': error: ')).length, 1, result.out);
  }
});

test('sluice check refuses settings that make no sense', () => {
  for (const [setting, message] of [
    [{ errorLimit: { percentage: 2 } }, 'errorLimit.percentage: expected a fraction from 0 to 1'],
    [{ errorLimit: { record: -2 } }, 'errorLimit.record: expected a whole number from -1'],
    [{ errorLimit: { strategy: 'None' } }, 'errorLimit.strategy: expected ZeroTolerance, Tolerance or Ignore'],
    [{ speed: { concurrent: 0 } }, 'speed.concurrent: expected a whole number from 1 to 1000'],
    [{ speed: { throttle: true } }, 'speed.throttle: true needs mbps of 1 or more'],
    [{ speed: { record: 'x' } }, 'speed.record: expected a whole number'],
  ]) {
    const file = jobFile('wrong', { object: 'o', fileFormat: 'csv' }, { setting });
    const result = sluice(['check', '--config', w.paths.config, file]);
    assert.equal(result.code, 2, result.out);
    assert.ok(result.out.includes(`error: setting.${message}`), result.out);
  }
});
