// What a campaign counted, as JSON and as a table for people.
import { hostname, cpus, release } from 'node:os';
import { JOBS } from './jobs.mjs';

const seconds = (ms) => Number((ms / 1000).toFixed(1));

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

  // The daemon that lived longest stands for all: what grows shows there.
  longest() {
    const lives = this.place.daemon.lives.filter((life) => life.samples > 0);
    const [life] = lives.sort((a, b) => b.samples - a.samples);
    if (!life) return null;
    return { seconds: life.samples, rss_kib: { first: life.first.kib, last: life.last.kib, peak: life.peak.kib },
      descriptors: { first: life.first.files, last: life.last.files, peak: life.peak.files },
      rss_kib_peak_of_all: Math.max(...lives.map((one) => one.peak.kib)),
      descriptors_peak_of_all: Math.max(...lives.map((one) => one.peak.files)) };
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
      ...(life ? [line('longest life', `${life.seconds} s, RSS ${life.rss_kib.first} -> ${life.rss_kib.last} KiB (peak ${life.rss_kib.peak}), ` +
        `descriptors ${life.descriptors.first} -> ${life.descriptors.last} (peak ${life.descriptors.peak})`)] : []),
      line('logs at most', `${report.log_bytes_peak} bytes`), line('checks, wrong', `${report.checks}, ${report.wrong.length}`),
      ...report.wrong.slice(0, 30).map((text) => `WRONG ${text}`)].join('\n');
  }
}
