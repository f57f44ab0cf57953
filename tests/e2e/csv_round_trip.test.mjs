// CSV as we write it, read by readers that are not ours: 10,000 rows of nasty values in each encoding, by Python's csv
// module and by SQLite's .import.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { SLUICE, workDir } from './support.mjs';

const EMIT = process.env.SLUICE_CSV_EMIT ?? join(dirname(SLUICE), 'tests/csv_emit');
const CHECK = join(dirname(fileURLToPath(import.meta.url)), 'csv_check.py');
const ROWS = 10_000;

// The encoding and Python's name of it.
const ENCODINGS = [['UTF-8', 'utf-8'], ['UTF-16', 'utf-16'], ['UTF-16BE', 'utf-16-be'], ['UTF-16LE', 'utf-16-le'],
  ['GBK', 'gbk'], ['GB18030', 'gb18030'], ['GB2312', 'gb2312'], ['Big5', 'big5'], ['Shift_JIS', 'shift_jis'],
  ['EUC-JP', 'euc_jp'], ['EUC-KR', 'euc_kr'], ['ISO-8859-1', 'latin-1'], ['windows-1252', 'cp1252'],
  ['US-ASCII', 'ascii']];

function run(program, args) {
  const done = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(done.status, 0, `${program} ${args.join(' ')}: ${done.error ?? ''}${done.stderr}`);
  return done.stdout.trim();
}

function emit(dir, name, encoding, lineEnd, seed, ...options) {
  const files = { csv: join(dir, `${name}.csv`), json: join(dir, `${name}.json`) };
  run(EMIT, [encoding, lineEnd, String(seed), String(ROWS), files.csv, files.json, ...options]);
  assert.ok(statSync(files.csv).size > 20 * ROWS);
  return files;
}

const check = (reader, files, codec) => assert.equal(run('python3', [CHECK, reader, files.csv, files.json, codec]), String(ROWS));

for (const [encoding, codec] of ENCODINGS) {
  test(`CSV in ${encoding} is read back equal by Python and by SQLite`, (t) => {
    const dir = workDir(t);
    const files = emit(dir, 'rows', encoding, 'LF', 1);
    check('sqlite', files, codec);
    check('csv', files, codec);
    check('csv', emit(dir, 'nul', encoding, 'LF', 2, 'nul'), codec);
  });
}

test('CSV with other line ends is read back equal', (t) => {
  const dir = workDir(t);
  const crlf = emit(dir, 'crlf', 'UTF-8', 'CRLF', 3);
  check('sqlite', crlf, 'utf-8');
  check('csv', crlf, 'utf-8');
  check('csv', emit(dir, 'cr', 'UTF-8', 'CR', 4), 'utf-8');
});

test('compressed CSV is a row of gzip members that Python reads as one file', (t) => {
  const dir = workDir(t);
  const files = emit(dir, 'gzip', 'UTF-8', 'LF', 5, 'gzip');
  const read = 'import gzip, sys; open(sys.argv[2], "wb").write(gzip.open(sys.argv[1]).read())';
  const plain = join(dir, 'plain.csv');
  run('python3', ['-c', read, files.csv, plain]);
  assert.ok(statSync(plain).size > 2 * 256 * 1024);
  check('csv', { csv: plain, json: files.json }, 'utf-8');
});
