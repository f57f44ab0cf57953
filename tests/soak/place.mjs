// Where the campaign takes place: a namespace of its own for mounts, processes and network, a disk for the state file, one for
// logs, a router to the sandbox, and the daemon with somebody who starts it again, as systemd would.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { KEY, SLUICE, pause, startProcess, until } from '../e2e/support.mjs';
import { JOBS, jobFile } from './jobs.mjs';

const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';

export function command(program, ...args) {
  const done = spawnSync(program, args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.stderr ?? done.error}`);
  return done.stdout;
}

const works = (program, ...args) => spawnSync(program, args).status === 0;

// What kinds of faults need of a machine, and how one comes by it.
const NEEDS = {
  loop: { there: () => existsSync('/dev/loop-control') && works('which', 'mkfs.ext4'), what: 'loop devices and mkfs.ext4' },
  faketime: { there: () => existsSync(FAKETIME), what: 'libfaketime (.ci/deps soak)' },
  network: { there: () => existsSync('/dev/net/tun') && works('which', 'nft') && works('which', 'nsenter'),
    what: '/dev/net/tun, nft and nsenter (.ci/deps soak)' },
  memory: { there: () => existsSync('/sys/fs/cgroup/memory/cgroup.procs'), what: 'a memory controller of cgroups v1' },
  prlimit: { there: () => works('which', 'prlimit'), what: 'prlimit' },
};

// What this machine lets the campaign do.
export const abilities = () => Object.fromEntries(Object.entries(NEEDS).map(([name, need]) => [name, need.there()]));

export const whatIsNeeded = (ability) => NEEDS[ability].what;

// A disk of `megabytes` at `path`: a file system of its own, or where there are no loop devices a tmpfs.
export class Disk {
  constructor(dir, name, megabytes, loop) {
    this.path = join(dir, name);
    mkdirSync(this.path);
    this.image = loop ? join(dir, `${name}.img`) : null;
    if (this.image) {
      command('truncate', '-s', `${megabytes}M`, this.image);
      command('mkfs.ext4', '-q', '-m', '0', this.image);
    }
    this.megabytes = megabytes;
    this.mount();
  }

  mount() {
    if (this.image) command('mount', '-o', 'loop', this.image, this.path);
    else command('mount', '-t', 'tmpfs', '-o', `size=${this.megabytes}m`, 'none', this.path);
  }

  // What a machine does after its disk failed: unmount, check, mount. What was removed just before it failed is there again.
  repair() {
    command('umount', this.path);
    const checked = spawnSync('e2fsck', ['-fp', this.image], { encoding: 'utf8' });
    if (checked.status > 1) throw new Error(`e2fsck: ${checked.stdout}`);
    this.mount();
    this.empty();
  }

  // To the last byte; again, where the daemon made room meanwhile.
  fill() {
    for (const [name, bytes] of [['filler', '64k'], ['filler2', '512']]) {
      spawnSync('dd', ['if=/dev/zero', `of=${join(this.path, name)}`, `bs=${bytes}`, 'oflag=append', 'conv=notrunc']);
    }
  }

  empty() { command('rm', '-f', join(this.path, 'filler'), join(this.path, 'filler2')); }
  used() { return Number(command('du', '-sb', this.path).split('\t')[0]); }
}

// Packets between the daemon and the sandbox go through router.py; without the means for it, straight.
export class Network {
  constructor(dir, seed, sandboxPort, able) {
    this.able = able;
    this.endpoint = `http://127.0.0.1:${sandboxPort}`;
    if (!able) return;
    this.endpoint = `http://10.77.0.1:${sandboxPort}`;
    this.file = join(dir, 'net');
    writeFileSync(this.file, '');
    command('unshare', `--net=${this.file}`, 'true');
    const program = join(import.meta.dirname, 'router.py');
    this.router = spawn('python3', [program, this.file, String(seed)], { stdio: ['pipe', 'pipe', openSync(join(dir, 'router.log'), 'a')] });
    this.text = '';
    this.router.stdout.on('data', (piece) => { this.text += piece; });
  }

  async ready() {
    if (!this.able) return;
    await until('the router', () => this.text.includes('ready'));
    // The sandbox listens on 127.0.0.1 only.
    writeFileSync('/proc/sys/net/ipv4/conf/all/route_localnet', '1');
    command('nft', 'add table ip soak; add chain ip soak in { type nat hook prerouting priority -100; }; ' +
      'add rule ip soak in ip daddr 10.77.0.1 dnat to 127.0.0.1');
  }

  set(rules) { if (this.able) this.router.stdin.write(JSON.stringify(rules) + '\n'); }

  async end() {
    if (!this.able) return null;
    this.router.stdin.end();
    await until('the router to end', () => /\{.*\}/.test(this.text), 10_000);
    return JSON.parse(/\{.*\}/.exec(this.text)[0]);
  }
}

export function writeSettings({ dir, state, logs, endpoint, from }) {
  const jobs = join(dir, 'jobs.d');
  mkdirSync(jobs, { recursive: true });
  const paths = { config: join(dir, 'sluice.yaml'), socket: join(dir, 'sluice.sock'), jobs };
  const key = `accessId: "${KEY.id}", accessKey: "${KEY.secret}"`;
  writeFileSync(paths.config, [`stateDir: ${state}`, `jobsDir: ${jobs}`, 'logs:', `  dir: ${logs}`, '  totalSize: 4MiB',
    '  maxSize: 64KiB', 'backup: {every: 10m}', 'listen:', `  socket: ${paths.socket}`, '  tcp: none', 'drainLimit: 5s', 'dataSources:',
    `  source: {type: ots, endpoint: "${endpoint}", instanceName: demo, ${key}}`,
    `  target: {type: oss, endpoint: "${endpoint}", bucket: exports, ${key}}`, ''].join('\n'));
  for (const job of JOBS) {
    writeFileSync(join(jobs, `${job.job}.json`), job.script);
    writeFileSync(join(jobs, `${job.job}.yaml`), jobFile(job, from));
  }
  return paths;
}

// The daemon and its keeper. An end that nobody asked for counts in `unexpected`.
export class Daemon {
  constructor({ t, dir, paths, network }) {
    Object.assign(this, { t, dir, paths, network });
    this.wanted = false;
    this.allowed = 0;
    this.kills = 0;
    this.starts = 0;
    this.unexpected = [];
    this.refusedStarts = 0;
    this.lives = [];
    this.clock = join(dir, 'clock');
    writeFileSync(this.clock, '+0\n');
  }

  start() {
    this.wanted = true;
    if (this.process) return;
    const fake = this.fake ? { LD_PRELOAD: FAKETIME, FAKETIME_TIMESTAMP_FILE: this.clock, FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' } : {};
    const enter = this.network.able ? ['nsenter', `--net=${this.network.file}`] : [];
    const join_ = this.group ? ['sh', '-c', `echo $$ >${this.group}/cgroup.procs && exec "$@"`, 'sh'] : [];
    const words = [...enter, ...join_, 'env', ...Object.entries(fake).map(([name, value]) => `${name}=${value}`), SLUICE,
      'daemon', '--config', this.paths.config];
    const mine = startProcess({ after() {} }, 'daemon', words[0], words.slice(1), this.dir);
    this.process = mine;
    this.starts++;
    const life = { pid: mine.child.pid, began: Date.now() };
    this.lives.push(life);
    mine.ended.then(({ code, signal }) => this.#ended(mine, life, code, signal));
  }

  async #ended(mine, life, code, signal) {
    life.ended = Date.now();
    life.code = signal ?? code;
    if (this.process === mine) this.process = null;
    if (!mine.asked) {
      if (this.allowed) this.refusedStarts++;
      else this.unexpected.push(`${new Date().toISOString()} ended with ${signal ?? code} after ${life.ended - life.began} ms`);
    }
    if (!this.wanted) return;
    // systemd waits 5 s after a failure; an ordered end and a kill of ours are followed at once.
    if (!mine.asked) await pause(1000);
    if (this.wanted && !this.process) this.start();
  }

  // Ends the present process; the keeper starts the next one unless `stay`.
  async end(signal = 'SIGKILL', stay = false) {
    if (stay) this.wanted = false;
    const mine = this.process;
    if (!mine) return;
    mine.asked = true;
    if (signal === 'SIGKILL') this.kills++;
    return mine.kill(signal);
  }

  signal(name) { this.process?.child.kill(name); }
  get pid() { return this.process?.child.pid; }

  // Whoever watches memory, descriptors and threads; called once a second.
  sample() {
    const life = this.lives.at(-1);
    if (!this.process || this.group || this.fake) return;
    try {
      const status = readFileSync(`/proc/${life.pid}/status`, 'utf8');
      const number = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]);
      const files = readdirSync(`/proc/${life.pid}/fd`).length;
      // The first seconds are those of the start.
      if (Date.now() - life.began < 20_000) return;
      (life.series ??= []).push({ at: Date.now(), kib: number('VmRSS'), anonymous_kib: number('RssAnon'), files, threads: number('Threads') });
    } catch { /* it has ended, or is about to be the daemon */ }
  }

  // An answer of the API, or null if there is none within 5 s.
  ask(path, body, method = body === undefined ? 'GET' : 'POST') {
    return new Promise((resolve) => {
      const text = body === undefined ? '' : JSON.stringify(body);
      const request = http.request({ socketPath: this.paths.socket, path, method, agent: false, timeout: 5000,
        headers: { host: 'localhost', ...(text ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } : {}) } },
      (answer) => {
        let got = '';
        answer.setEncoding('utf8');
        answer.on('data', (piece) => { got += piece; });
        answer.on('end', () => { try { resolve(answer.statusCode < 300 ? JSON.parse(got) : null); } catch { resolve(null); } });
        answer.on('error', () => resolve(null));
      });
      request.on('timeout', () => request.destroy());
      request.on('error', () => resolve(null));
      request.end(text);
    });
  }

  // {job: ms} up to where each job is durable, or null.
  async durable() {
    const answer = await this.ask('/api/v1/coverage');
    if (!answer) return null;
    return Object.fromEntries(answer.coverage.map((one) => [one.job, one.until ? Date.parse(one.until) : 0]));
  }

  // A command against the daemon: {code, out, err}.
  run(...args) {
    return new Promise((resolve) => execFile(SLUICE, [...args, '--socket', this.paths.socket],
      { timeout: 120_000, maxBuffer: 1 << 28 }, (failure, out, err) => resolve({ code: failure ? failure.code ?? -1 : 0, out, err })));
  }
}
