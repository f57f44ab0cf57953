// Damages the state file of a daemon that was killed, and goes the documented ways back: `sluice state check`, `sluice state
// restore` with the copies that the daemon made by itself, `sluice state rebuild`.
import { closeSync, copyFileSync, existsSync, openSync, readdirSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { SLUICE, pause } from '../e2e/support.mjs';
import { between, shuffled, whole } from './schedule.mjs';

const DAMAGED = 7;
const START = 60_000;

function overwrite(file, next, { at, zeros }) {
  const bytes = Buffer.alloc(whole(next, 512, 8192));
  if (!zeros) for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(next() * 256);
  const open = openSync(file, 'r+');
  writeSync(open, bytes, 0, bytes.length, at);
  closeSync(open);
  return `${bytes.length} bytes at ${at} of ${statSync(file).size}`;
}

const inside = (file, next) => Math.floor(between(next, 4096, Math.max(4097, statSync(file).size - 8192)));

function cut(file, next) {
  const size = statSync(file).size;
  const left = Math.floor(size * between(next, 0.1, 0.9));
  truncateSync(file, left);
  return `${left} of ${size} bytes left`;
}

// Each way to damage `file`. `log`: it is the write-ahead log that is damaged, where a break in the last transaction is what a
// power cut leaves: the state before it is right.
export const WAYS = {
  garbage: { run: (file, next) => overwrite(file, next, { at: inside(file, next) }) },
  zeros: { run: (file, next) => overwrite(file, next, { at: inside(file, next), zeros: true }) },
  head: { run: (file, next) => overwrite(file, next, { at: 0 }) },
  cut: { run: cut },
  logGarbage: { log: true, run: (file, next) => overwrite(`${file}-wal`, next, { at: Math.floor(between(next, 0, statSync(`${file}-wal`).size)) }) },
  logCut: { log: true, run: (file, next) => cut(`${file}-wal`, next) },
};

// A sum of every row of every table; null where they cannot be read. Texts are bytes: they may be garbage.
const SUM = `
import hashlib, sqlite3, sys
file = sqlite3.connect(sys.argv[1])
file.text_factory = bytes
told = hashlib.sha256()
for (table,) in file.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall():
    for row in file.execute('SELECT * FROM "%s"' % table.decode()):
        told.update(repr((table, row)).encode())
print(told.hexdigest())
`;

function content(file) {
  const said = spawnSync('python3', ['-c', SUM, file], { encoding: 'utf8' });
  return said.status === 0 ? said.stdout : null;
}

// A copy of file and log, to look at without touching them.
function copyOf(file, dir) {
  const copy = join(dir, 'looked-at.db');
  for (const end of ['', '-wal', '-shm']) rmSync(copy + end, { force: true });
  for (const end of ['', '-wal']) if (existsSync(file + end)) copyFileSync(file + end, copy + end);
  return content(copy);
}

function state(place, ...words) {
  const { network, paths } = place.daemon;
  const command = [...(network.able ? ['nsenter', `--net=${network.file}`] : []), SLUICE, 'state', ...words, '--config', paths.config];
  const done = spawnSync(command[0], command.slice(1), { encoding: 'utf8' });
  return { code: done.status, said: `${done.stdout}${done.stderr}`.trim() };
}

// Starts the daemon: the exit code it refused with, 'at work' if it runs and tells of the damage, null if it just works.
async function tryStart(daemon) {
  daemon.allowed++;
  daemon.start();
  const life = daemon.lives.at(-1);
  const end = Date.now() + START;
  let said = null;
  while (Date.now() < end && life.ended === undefined && said?.code !== 0 && !/state restore/.test(said?.err ?? '')) {
    await pause(300);
    said = await daemon.run('coverage');
  }
  const outcome = life.ended === undefined ? (said?.code === 0 ? null : 'at work') : life.code;
  await daemon.end('SIGKILL', true);
  daemon.wanted = false;
  await pause(1500);
  daemon.allowed--;
  return outcome;
}

// One that was killed all the time has made no copy yet: then one is made by hand.
async function backupThere(place, folder) {
  if (existsSync(folder) && readdirSync(folder).some((one) => /^sluice-\d{8}T\d{6}Z\.db$/.test(one))) return;
  place.copy = join(place.dir, 'by-hand.db');
  rmSync(place.copy, { force: true });
  await place.surely(() => place.daemon.run('backup', place.copy));
}

// What the check and the start said of the damage, as one word.
function verdict(place, { told, how, checked, refused, before, after }) {
  for (const code of [checked.code, refused]) {
    if (![0, null, 'at work', DAMAGED].includes(code)) place.figures.wrong.push(`${told}: check ${checked.code} ${checked.said}, start ${refused}`);
  }
  if (checked.code === DAMAGED) {
    return refused === DAMAGED ? 'found' : refused === 'at work' ? 'foundByCheckAndAtWork' : 'foundByCheckOnly';
  }
  if (refused !== null) return 'foundByStartOnly';
  if (after === null) place.figures.wrong.push(`${told}: neither check nor start noticed, and it cannot be read`);
  if (after === before) return 'harmless';
  return how.log ? 'olderState' : 'unseen';
}

// The ways back of the handbook, in turn: the copy, what manifests and objects prove in an empty file, and that on top of the copy.
const BACK = {
  restored: (place) => [['restore', ...(place.copy ? [place.copy] : [])]],
  rebuilt: () => [['rebuild', '--new']],
  'restored and rebuilt': (place) => [...BACK.restored(place), ['rebuild']],
};

// One of them, without what it keeps of the damaged file.
function goBack(place, told) {
  place.backs = (place.backs ?? -1) + 1;
  const way = Object.keys(BACK)[place.backs % Object.keys(BACK).length];
  for (const words of BACK[way](place)) {
    const back = state(place, ...words);
    if (back.code !== 0) place.figures.wrong.push(`${told}: ${words.join(' ')} ended with ${back.code}: ${back.said}`);
  }
  for (const name of readdirSync(place.state.path)) if (name.startsWith('sluice.db.until-')) rmSync(join(place.state.path, name));
  const ways = place.counts.back ??= {};
  ways[way] = (ways[way] ?? 0) + 1;
  return way;
}

export async function corruption(place, next) {
  const { daemon } = place;
  const file = join(place.state.path, 'sluice.db');
  const folder = join(place.state.path, 'backups');
  place.ways ??= shuffled(next, Object.keys(WAYS));
  place.damages = (place.damages ?? -1) + 1;
  let name = place.ways[place.damages % place.ways.length];
  await backupThere(place, folder);
  await pause(between(next, 300, 8000));
  await daemon.end('SIGKILL', true);
  if (WAYS[name].log && !(existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 4096)) name = 'garbage';
  const how = WAYS[name];
  const before = copyOf(file, place.dir);
  const told = `${name} (${how.run(file, next)})`;
  const after = copyOf(file, place.dir);
  const checked = state(place, 'check');
  const refused = await tryStart(daemon);
  const word = verdict(place, { told, how, checked, refused, before, after });
  const ways = place.counts.damage ??= {};
  (ways[name] ??= {})[word] = (ways[name][word] ?? 0) + 1;
  const goesOn = word === 'harmless' || word === 'olderState';
  const back = goesOn ? 'goes on' : goBack(place, told);
  place.copy = null;
  daemon.start();
  return `${told}: ${word}, ${back}`;
}
