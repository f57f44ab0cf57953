// The documents say what is true: each console block of README*.md and docs/*.md runs against a daemon of its document,
// each `sluice ...` uses options that are declared, and each YAML block is one that `sluice check` takes. How blocks are
// written is told in docs/README.md. Blocks of the guide run from the installed package: .ci/check-guide.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { blocks, calls, commands, differs, inlineCalls, misused, mover, policyActions, read, running } from './documents.mjs';
import { SANDBOX, SLUICE, ask, createTable, fillSeed, localSlot, sluice, startDaemon, until, untilDayIsLong, workDir,
  world, writeConfig } from './support.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const documents = ['README.md', 'README.zh-CN.md', ...['docs', 'docs/decisions'].flatMap((folder) =>
  readdirSync(join(root, folder)).filter((name) => name.endsWith('.md')).map((name) => `${folder}/${name}`))];
const texts = new Map(documents.map((name) => [name, read(join(root, name))]));
const MINUTE = 60_000;

// A daemon with `orders`, whose windows of the last half hour are in the bucket, and `refunds`, which failed because its
// key may not read the table; the jobs go on. The folder looks like /etc/sluice.
async function stage(t) {
  await untilDayIsLong(60);
  const { dir, sandbox, client } = await world(t);
  await createTable(client, 'users');
  const to = Math.floor(Date.now() / (5 * MINUTE)) * 5 * MINUTE;
  const from = to - 30 * MINUTE;
  for (let at = from - 10 * MINUTE, seed = 1; at < to; at += 5 * MINUTE, seed++)
    await sandbox.admin('fill', { instance: 'demo', table: 'orders', rows: 40, columns: ['name'], kinds: ['string'], seed,
      from_ms: at, to_ms: at + 5 * MINUTE });
  const paths = writeConfig(dir, sandbox, { from });
  for (const folder of ['logs', 'backups']) mkdirSync(join(dir, folder), { recursive: true });
  writeFileSync(paths.config, readFileSync(paths.config, 'utf8').replace('tcp: none', 'tcp: "127.0.0.1:0"') +
    'alerts:\n  channels:\n    ops: {type: command, command: [/bin/true]}\n');
  // The template's line that the original tells its users to remove; it would be warned about wherever the job is read.
  const seed = join(paths.jobs, 'seed-job.json');
  writeFileSync(seed, readFileSync(seed, 'utf8').replace(/^ "date": .*\n/m, ''));
  const job = readFileSync(paths.jobFile, 'utf8');
  writeFileSync(join(paths.jobs, 'refunds.yaml'), job.replace('name: orders', 'name: refunds').replace(localSlot(from), localSlot(to))
    .replace(/rerun: .*/, 'rerun: {times: 0, interval: 2m}').replace('seed-job.json', 'refunds.json'));
  writeFileSync(join(paths.jobs, 'refunds.json'), fillSeed({ table: 'refunds', object: 'demo/refunds/{date}' }));
  writeFileSync(paths.config, readFileSync(paths.config, 'utf8').replace(/  source: (.*)\n  target: (.*)\n/,
    (both, ots, oss) => `${both}  my_ots: ${ots}\n  my_oss: ${oss}\n`));
  const daemon = startDaemon(t, dir, paths);
  await daemon.ready();
  await until('the windows to be through', () => {
    const counts = Object.fromEntries(ask(paths, 'jobs')?.jobs.map((one) => [one.name, one.counts]) ?? []);
    return counts.orders?.SUCCESS >= 7 && counts.refunds?.FAILURE === 1 && ask(paths, 'incidents').incidents.length > 0;
  });
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  // What looks for its files in /etc/sluice is told where they are here.
  writeFileSync(join(bin, 'sluice'), `#!/bin/sh\ncase $1 in check|run|doctor|simulate|plan) case "$*" in *--config*) ;; ` +
    `*) set -- "$@" --config '${paths.config}' ;; esac ;; esac\nexec '${SLUICE}' "$@"\n`, { mode: 0o755 });
  symlinkSync(SANDBOX, join(bin, 'sluice-sandbox'));
  const port = /127\.0\.0\.1:(\d+)/.exec(daemon.text())[1];
  const names = [['/etc/sluice', dir], ['/var/lib/sluice', paths.stateDir], ['/var/log/sluice', join(dir, 'logs')],
    ['/var/backups', join(dir, 'backups')], ['/run/sluice/sluice.sock', paths.socket], ['127.0.0.1:7788', `127.0.0.1:${port}`]];
  const moved = mover(to);
  const elsewhere = (text) => text.replace(/>(\/(?:etc|usr)\/\S+)/g, (all, path) => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    return `>${join(dir, path)}`;
  });
  const told = (text) => elsewhere(names.reduce((so, [theirs, ours]) => so.replaceAll(theirs, ours), moved(text)));
  const untold = (text) => names.reduce((so, [theirs, ours]) => so.replaceAll(ours, theirs), text);
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, SLUICE_SOCKET: paths.socket, SLUICE_CONFIG: paths.config,
    ENDPOINT: sandbox.endpoint, NO_COLOR: '1', COLUMNS: '120' };
  const run = (command) => {
    assert.doesNotMatch(command, /\b(sudo|apt|apt-get|dpkg|systemctl|systemd-run|journalctl|ssh)\b/, 'needs a machine of its own: say "run: guide" or "run: no"');
    const result = spawnSync('bash', ['-c', `set -o pipefail; exec 2>&1\n${told(command)}`], { cwd: dir, env, encoding: 'utf8', timeout: 60_000 });
    return { code: result.status, out: untold(result.stdout) };
  };
  const write = (name, lines) => {
    const path = resolve(dir, told(name));
    assert.ok(path.startsWith(`${dir}/`), `${name} is outside of the document's folder`);
    writeFileSync(path, told(lines.join('\n') + '\n'));
  };
  return { run, write };
}

const skipped = [];
for (const [name, text] of texts) {
  const guide = /^docs\/guide\..*md$/.test(name);
  const console = blocks(text).filter(({ language }) => language === 'console').map((block) => ({ ...block, ...running(block) }));
  skipped.push(...console.filter(({ how }) => how === 'no').map(({ line, reason, lines }) => ({ name, line, reason, commands: commands({ line, lines }).length })));
  const astray = console.find(({ how }) => (how === 'guide') !== guide && how !== 'no');
  if (astray) throw new Error(`${name}:${astray.line}: blocks of the guide are run as one, those of other documents are not`);
  if (!console.some(({ how }) => how === 'demo')) continue;
  test(`what ${name} shows on the console is what happens`, async (t) => {
    const { run, write } = await stage(t);
    for (const block of blocks(text)) {
      if (block.note?.key === 'file') write(block.note.value, block.lines);
      if (block.language !== 'console' || running(block).how !== 'demo') continue;
      const all = commands(block);
      all.forEach((one, i) => {
        const wanted = i === all.length - 1 ? running(block).code : 0;
        const { code, out } = run(one.command);
        assert.equal(code, wanted, `${name}:${one.line}: ${one.command}\n${out}`);
        const missing = one.output.length ? differs(one.output, out) : null;
        assert.equal(missing, null, `${name}:${one.line}: ${one.command}\nnot found: ${missing}\nprinted:\n${out}`);
      });
    }
  });
}

test('every sluice command in the documents uses what is declared', () => {
  const wrong = [];
  let count = 0;
  const look = (name, line, words) => {
    count++;
    const problem = misused(SLUICE, words);
    if (problem) wrong.push(`${name}:${line}: sluice ${words.join(' ')}: ${problem}`);
  };
  for (const [name, text] of texts) {
    for (const block of blocks(text)) {
      if (block.language === 'console') for (const one of commands(block)) for (const words of calls(one.command)) look(name, one.line, words);
      else if (block.lines.some((line) => /^(\$ )?(sudo )?sluice(-sandbox)? [a-z-]/.test(line)))
        wrong.push(`${name}:${block.line}: a command outside of a console block`);
    }
    for (const { line, words } of inlineCalls(text)) look(name, line, words);
  }
  assert.deepEqual(wrong, []);
  assert.ok(count > 100, `${count} commands`);
});

// A block whose keys are those of sluice.yaml is such a file, any other a job file or a part of one.
const CONFIG_KEYS = new Set([...read(join(root, 'etc/sluice.yaml')).matchAll(/^# (\w+):/gm)].map(([, key]) => key));
function checked(dir, lines) {
  const keys = lines.flatMap((line) => /^([A-Za-z]\w*):/.exec(line)?.[1] ?? []);
  const job = join(dir, 'job.yaml'), config = join(dir, 'sluice.yaml');
  const sources = 'dataSources:\n' + ['my_ots', 'orders_ots'].map((name) => `  ${name}: {type: ots, endpoint: "http://127.0.0.1:1", instanceName: x, accessId: a, accessKey: b}\n`).join('') +
    ['my_oss', 'archive_oss'].map((name) => `  ${name}: {type: oss, endpoint: "http://127.0.0.1:1", bucket: exports, accessId: a, accessKey: b}\n`).join('');
  writeFileSync(join(dir, 'seed-job.json'), readFileSync(join(root, 'etc/jobs.d/seed-job.json')));
  writeFileSync(config, sources);
  if (keys.length && keys.every((key) => CONFIG_KEYS.has(key))) {
    writeFileSync(config, lines.join('\n') + '\n');
    return sluice(['check', config]);
  }
  const base = { name: 'name: orders', schedule: 'schedule: {cycle: minute, interval: 5m}',
    parameters: 'parameters: "start_time=$[yyyymmddhh24miss-10/24/60] end_time=$[yyyymmddhh24miss-5/24/60]"', script: 'script: {file: seed-job.json}' };
  writeFileSync(job, [...Object.entries(base).filter(([key]) => !keys.includes(key)).map(([, line]) => line), ...lines].join('\n') + '\n');
  return sluice(['check', job, '--config', config]);
}

test('every YAML block of the documents is one that sluice check takes', () => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-documents-'));
  const wrong = [];
  let count = 0;
  try {
    for (const [name, text] of texts) {
      for (const block of blocks(text).filter(({ language }) => language === 'yaml')) {
        const how = block.note?.key === 'check' ? block.note.value : 'whole';
        if (/^no \(.+\)$/.test(how)) continue;
        assert.match(how, /^(whole|lines)$/, `${name}:${block.line}`);
        for (const lines of how === 'lines' ? block.lines.map((line) => [line]) : [block.lines]) {
          count++;
          const result = checked(dir, lines);
          if (result.code !== 0) wrong.push(`${name}:${block.line}: ${result.out}${result.err}`);
        }
      }
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  assert.deepEqual(wrong, []);
  assert.ok(count >= 8, `${count} blocks`);
});

test('both guides have the same blocks, but for comments and reasons', () => {
  const shape = (name) => blocks(texts.get(name)).map(({ language, note, lines }) => ({ language, note: note?.value.replace(/ \(.*\)/, ''),
    lines: lines.map((line) => line.replace(/ +# .*/, '')) }));
  assert.deepEqual(shape('docs/guide.zh-CN.md'), shape('docs/guide.md'));
});

test('the policies of the guide allow what the client of Table Store can ask for', () => {
  const folder = join(root, 'core/tablestore');
  const operations = readdirSync(folder).filter((name) => name.endsWith('.cpp'))
    .flatMap((name) => [...read(join(folder, name)).matchAll(/const Call call\{"(\w+)"/g)].map(([, operation]) => `ots:${operation}`));
  const allowed = policyActions(texts.get('docs/guide.md')).flat().filter((action) => action.startsWith('ots:'));
  assert.deepEqual([...new Set(allowed)].sort(), [...new Set(operations)].sort());
});

test('what is not run has its reason', (t) => {
  for (const { name, line, reason, commands: count } of skipped) t.diagnostic(`${name}:${line}: ${count} not run: ${reason}`);
  t.diagnostic(`${skipped.reduce((sum, { commands: count }) => sum + count, 0)} commands in ${skipped.length} blocks are not run`);
});

test('an output is compared by its words, and dots stand for what varies', () => {
  assert.equal(differs(['orders  up to 14:05, 288 done'], 'orders   up to 09:10, 12 done\n'), null);
  assert.equal(differs(['a ... c', '...', 'z'], 'a b c\nq\nz\n'), null);
  assert.equal(differs(['a', 'b'], 'a\nc\n'), 'b');
  assert.equal(differs(['a'], 'a\nb\n'), 'a');
  assert.equal(misused(SLUICE, ['status', '--nothing']), 'sluice status has no option --nothing');
  assert.equal(misused(SLUICE, ['stat']), 'sluice has no command stat');
  assert.equal(misused(SLUICE, ['status', '--output', 'xml']), '--output is none of table,json: xml');
});
