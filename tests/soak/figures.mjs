// What a campaign counted, as JSON and as a table for people.
import { hostname, cpus, release } from 'node:os';
import { JOBS } from './jobs.mjs';

const seconds = (ms) => Number((ms / 1000).toFixed(1));

// What must not grow: the last quarter of a life against its second; the first fills caches. Of descriptors and threads the
// medians, which no burst moves. Of memory the least values: the daemon gives back every five minutes what it has freed, so a
// quarter must be longer than that, and what is left then is in use.
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? null;
const least = (list) => list.length ? Math.min(...list) : null;
const memory = { of: least, life: 1300, allowed: (second) => second * 1.1 + 2048 };
const WATCHED = { kib: memory, anonymous_kib: memory, files: { of: median, life: 600, allowed: (second) => second + 8 },
  threads: { of: median, life: 600, allowed: (second) => second } };

function growth(series) {
  const quarter = (i) => series.slice(Math.floor(series.length * i / 4), Math.ceil(series.length * (i + 1) / 4));
  const of = (name) => ({ first: series[0][name], second: WATCHED[name].of(quarter(1).map((one) => one[name])),
    fourth: WATCHED[name].of(quarter(3).map((one) => one[name])), peak: Math.max(...series.map((one) => one[name])) });
  return { seconds: Math.round((series.at(-1).at - series[0].at) / 1000),
    ...Object.fromEntries(Object.keys(WATCHED).map((name) => [name, of(name)])) };
}

export class Figures {
  constructor({ seed, place }) {
    Object.assign(this, { seed, place, began: Date.now(), faults: {}, wrong: [], hands: [], last: null, checks: 0, logBytes: 0 });
  }

  fault(name, lasted, took) {
    const one = this.faults[name] ??= { times: 0, lasted_s: 0, recoveries: 0, recovery_max_s: 0, recovery_sum_s: 0 };
    one.times++;
    one.lasted_s = seconds(one.lasted_s * 1000 + lasted);
    if (took === null) return;
    one.recoveries++;
    one.recovery_max_s = Math.max(one.recovery_max_s, seconds(took));
    one.recovery_sum_s = seconds(one.recovery_sum_s * 1000 + took);
  }

  checked(said) {
    this.checks++;
    this.last = said;
    this.wrong.push(...said.wrong);
  }

  // Lives that were long enough to show what grows.
  lives() {
    return this.place.daemon.lives.filter((life) => life.series?.length > 0).map((life) => growth(life.series));
  }

  // The daemon that lived longest, and the peaks of all.
  longest() {
    const lives = this.lives().sort((a, b) => b.seconds - a.seconds);
    if (!lives.length) return null;
    return { ...lives[0], peak_of_all: Object.fromEntries(Object.keys(WATCHED).map((name) =>
      [name, Math.max(...lives.map((one) => one[name].peak))])) };
  }

  // A long life must not have grown, whatever happened in it.
  grown() {
    const told = [];
    for (const life of this.lives()) {
      for (const [name, { life: long, allowed }] of Object.entries(WATCHED)) {
        const { second, fourth } = life[name];
        if (life.seconds >= long && fourth > allowed(second)) told.push(`${name} grew from ${second} to ${fourth} in a life of ${life.seconds} s`);
      }
    }
    return told;
  }

  report() {
    const { daemon, writer, repartition, counts, able } = this.place;
    return { seed: this.seed, began: new Date(this.began).toISOString(), seconds: Math.round((Date.now() - this.began) / 1000),
      machine: { host: hostname(), kernel: release(), cpus: cpus().length }, abilities: able,
      jobs: JOBS.length, changes: writer.changes, splits: repartition.splits, merges: repartition.merges,
      starts: daemon.starts, kills: daemon.kills, ended_by_faults: daemon.refusedStarts, ...counts, faults: this.faults,
      checks: this.checks, windows: this.last?.windows ?? 0, rows: this.last?.rows ?? 0, objects: this.last?.objects ?? 0,
      lost: this.last?.lost ?? 0, doubled: this.last?.doubled ?? 0, needed_a_hand: this.hands.length, hands: this.hands.slice(0, 20),
      log_bytes_peak: this.logBytes, network: this.network ?? null, longest_life: this.longest(), wrong: this.wrong };
  }

  table(report) {
    const line = (name, value) => `${name.padEnd(26)}${value}`;
    const rows = Object.entries(report.faults).sort().map(([name, one]) =>
      `${name.padEnd(16)}${String(one.times).padStart(6)}${String(one.lasted_s).padStart(10)}${String(one.recovery_max_s).padStart(10)}` +
      `${String(one.recoveries ? seconds(one.recovery_sum_s * 1000 / one.recoveries) : '-').padStart(10)}`);
    const life = report.longest_life;
    return [`${'fault'.padEnd(16)}${'times'.padStart(6)}${'lasted s'.padStart(10)}${'back max'.padStart(10)}${'mean s'.padStart(10)}`, ...rows, '',
      line('seed, seconds', `${report.seed}, ${report.seconds}`), line('changes written', report.changes),
      line('splits, merges', `${report.splits}, ${report.merges}`), line('kills, starts', `${report.kills}, ${report.starts}`),
      line('windows, rows, objects', `${report.windows}, ${report.rows}, ${report.objects}`),
      line('lost, doubled', `${report.lost}, ${report.doubled}`), line('needed a hand', report.needed_a_hand),
      ...(life ? [line('longest life', `${life.seconds} s; first, least (memory) or median of second and last quarter, peak:`),
        ...Object.keys(WATCHED).map((name) => line(`  ${name}`, ['first', 'second', 'fourth', 'peak'].map((one) => life[name][one]).join(', ')))] : []),
      line('logs at most', `${report.log_bytes_peak} bytes`), line('checks, wrong', `${report.checks}, ${report.wrong.length}`),
      ...report.wrong.slice(0, 30).map((text) => `WRONG ${text}`)].join('\n');
  }
}
