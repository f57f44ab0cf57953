// Runs the blocks of docs/guide.md in order, inside the copy of the system that .ci/check-guide makes: files are written, console
// commands are typed into one shell, outputs are compared, and what the services were asked for is held against the
// guide's policy. Nothing is replaced but the time: the guide's 2018-10-16T00:15 is the latest slot.
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { blocks, commands, differs, mover, policyActions, running } from './documents.mjs';

const MINUTE = 60_000;
const SECRET = 'ExampleSecretExampleSecret0001';
const text = readFileSync('/guide/guide.md', 'utf8');
const now = Math.floor(Date.now() / (5 * MINUTE)) * 5 * MINUTE;
const moved = mover(now);
const started = Date.now();
const say = (line) => console.log(`-- ${line}`);
const sandbox = (path, body) => {
  const answer = spawnSync('curl', ['-sSfk', `https://127.0.0.1/_sandbox/${path}`, ...(body ? ['-d', JSON.stringify(body)] : [])], { encoding: 'utf8' });
  if (answer.status !== 0) throw new Error(`${path}: ${answer.stderr}`);
  return JSON.parse(answer.stdout);
};

// What the newcomer has: a table with a stream in which things happened, a bucket, and a robot in a group.
function before() {
  sandbox('create_table', { instance: 'myinstance', table: 'orders', primary_key: [{ name: 'uid', type: 'STRING' }], stream_hours: 168 });
  sandbox('create_bucket', { bucket: 'my-archive' });
  for (let at = now - 40 * MINUTE, seed = 1; at < now - 5 * MINUTE; at += 5 * MINUTE, seed++)
    sandbox('fill', { instance: 'myinstance', table: 'orders', rows: 50, columns: ['name'], kinds: ['string'], seed, from_ms: at, to_ms: at + 5 * MINUTE });
  if (!existsSync('/usr/bin/sudo')) writeFileSync('/usr/local/bin/sudo', '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
}

const notices = [];
const robot = createServer({ key: readFileSync('/guide/server.key'), cert: readFileSync('/guide/server.pem') }, (request, answer) => {
  notices.push(request.url);
  request.resume();
  answer.end('{"errcode":0,"errmsg":"ok"}');
});

// One shell for all commands. What a command asks for on standard input is the secret.
class Shell {
  constructor() {
    writeFileSync('/guide/secret', `${SECRET}\n`, { mode: 0o600 });
    this.bash = spawn('bash', [], { cwd: '/root', stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NO_COLOR: '1', COLUMNS: '120' } });
    this.lines = createInterface({ input: this.bash.stdout })[Symbol.asyncIterator]();
  }
  async run(command) {
    this.bash.stdin.write(`set -o pipefail\n{ ${command}\n} >/guide/output 2>&1 </guide/secret; echo "ended $?"\n`);
    const { value } = await this.lines.next();
    return { code: Number(/^ended (\d+)$/.exec(value)?.[1] ?? 255), out: readFileSync('/guide/output', 'utf8') };
  }
}

// A command runs until it prints what is shown, for at most 60 s: the daemon may still be about it.
async function typed(shell, { line, command, output }, code) {
  for (const end = Date.now() + 60_000; ;) {
    const result = await shell.run(moved(command));
    const missing = result.code === code ? (output.length ? differs(output, result.out) : null) : `exit code ${code}, not ${result.code}`;
    if (missing === null) return;
    if (Date.now() > end || !output.length) throw new Error(`guide.md:${line}: ${command}\nnot found: ${missing}\nprinted:\n${result.out}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

// Before the first and the second `apt install` a package lies in the folder, the second time a newer one.
let package_ = 0;
function deliver(command) {
  if (/apt(-get)? install .*sluice_/.test(command)) copyFileSync(`/guide/packages/${++package_}.deb`, '/root/sluice_package.deb');
}

function write(name, lines) {
  const body = moved(lines.join('\n') + '\n');
  const path = name.replace(/^>>/, '');
  mkdirSync(dirname(path), { recursive: true });
  (name.startsWith('>>') ? appendFileSync : writeFileSync)(path, body);
}

const HIDDEN = /^(create_|fill|stats)/;
// What a request is called in a policy. Table Store's actions are its operations.
const OSS_ACTIONS = { ListObjects: 'ListObjects', ListObjectsV2: 'ListObjects', HeadObject: 'GetObject', GetObjectMeta: 'GetObject',
  InitiateMultipartUpload: 'PutObject', UploadPart: 'PutObject', CompleteMultipartUpload: 'PutObject' };
function rightsHold() {
  const { requests } = sandbox('stats');
  const asked = new Set(Object.entries(requests).filter(([, count]) => count > 0).map(([name]) => name)
    .filter((name) => !HIDDEN.test(name)).map((name) => {
      const [service, operation] = name.split(/[.:/]/);
      return `${service}:${service === 'oss' ? OSS_ACTIONS[operation] ?? operation : operation}`;
    }));
  const allowed = policyActions(text)[0];
  const lacking = [...asked].filter((action) => !allowed.includes(action));
  const idle = allowed.filter((action) => !asked.has(action) && action !== 'oss:DeleteObject');
  if (lacking.length || idle.length) throw new Error(`the policy lacks ${lacking} and allows ${idle}, which nobody asked for`);
  say(`${asked.size} kinds of requests, all of them allowed by the policy`);
}

// What only the unit shows, and no page has to tell.
async function unitHolds(shell) {
  const wrong = [];
  const other = '/var/lib/sluice/other.db';
  await shell.run(`setpriv --reuid=4711 --regid=sluice --clear-groups sluice backup ${other}; rm ${other}`);
  const audit = await shell.run('sluice audit --output json');
  const { actor } = JSON.parse(audit.out).entries.find(({ target }) => target === other);
  if (actor !== 'uid 4711 (unix socket)') wrong.push(`the audit log calls user 4711 "${actor}"`);
  for (const file of ['/tmp/backup.db', '/var/tmp/backup.db']) {
    const copied = await shell.run(`sluice backup ${file}`);
    if (copied.code !== 5 || !copied.out.includes('PrivateTmp')) wrong.push(`a backup to ${file} ended with ${copied.code}: ${copied.out}`);
  }
  // An error in sluice.yaml does not mend itself: the service fails, and is not started every 5 s for ever.
  await shell.run('cp /etc/sluice/sluice.yaml kept.yaml; echo "nonsense: 1" >>/etc/sluice/sluice.yaml; systemctl restart sluice');
  const state = await shell.run('systemctl show --value -p ActiveState sluice');
  if (state.out.trim() !== 'failed') wrong.push(`with an error in sluice.yaml the service is ${state.out.trim()}`);
  const back = await shell.run('cp kept.yaml /etc/sluice/sluice.yaml; systemctl reset-failed sluice; systemctl restart sluice');
  if (back.code !== 0) wrong.push(`it does not start again: ${back.out}`);
  if (wrong.length) throw new Error(wrong.join('\n'));
}

try {
  before();
  await new Promise((resolve) => robot.listen(443, '127.0.0.2', resolve));
  const shell = new Shell();
  let count = 0, skipped = 0;
  for (const block of blocks(text)) {
    if (block.note?.key === 'file') write(block.note.value, block.lines);
    if (block.language !== 'console') continue;
    const { how, code } = running(block);
    const all = commands(block);
    if (how === 'no') { skipped += all.length; continue; }
    for (const [i, one] of all.entries()) {
      deliver(one.command);
      await typed(shell, one, i === all.length - 1 ? code : 0);
      count++;
      if (one.command.startsWith('sluice backup ')) await unitHolds(shell);
    }
  }
  if (!notices.some((url) => url.includes('&sign='))) throw new Error(`no signed notice came: ${notices}`);
  rightsHold();
  say(`${count} commands of the guide were run, ${skipped} were not, in ${((Date.now() - started) / 1000).toFixed(0)} s`);
  process.exit(0);
} catch (error) {
  console.log(error.stack);
  console.log(spawnSync('sh', ['-c', 'systemctl status sluice --no-pager -l; journalctl --no-pager -n 30 _COMM=sluice + _COMM=systemd'], { encoding: 'utf8' }).stdout);
  process.exit(1);
}
