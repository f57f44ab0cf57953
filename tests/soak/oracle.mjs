// Compares the bucket with the history: every change of every closed window once, in its window's object, each key's changes
// in order; no object that belongs to nobody, no upload left open.
import { JOBS, instantOf } from './jobs.mjs';

const MINUTE = 60_000;

// All names of the bucket with their ETags.
async function listed(store) {
  const found = [];
  let marker;
  do {
    const page = await store.list({ 'max-keys': 1000, marker });
    for (const { name, etag, size } of page.objects ?? []) found.push({ name, etag, size });
    marker = page.nextMarker;
  } while (marker);
  return found;
}

export class Oracle {
  // `first`: ms of the start of the first window.
  constructor({ store, history, first }) {
    Object.assign(this, { store, history, first });
    this.read = new Map();
  }

  // Everything that is wrong, with the rows that were compared. `until`: {job: ms}, up to where each is durable.
  async check(until) {
    const said = { rows: 0, objects: 0, windows: 0, lost: 0, doubled: 0, wrong: [] };
    const objects = await listed(this.store);
    said.objects = objects.length;
    const known = new Set();
    for (const job of JOBS) await this.#checkJob(job, objects, until[job.job], known, said);
    for (const { name } of objects) if (!known.has(name)) said.wrong.push(`object ${name} belongs to no window`);
    const open = (await this.store.listUploads({ 'max-uploads': 100 })).uploads ?? [];
    if (open.length) said.wrong.push(`${open.length} uploads are open, such as ${open[0].name}`);
    return said;
  }

  async #rows(job, object) {
    const before = this.read.get(object.name);
    if (before?.etag === object.etag) return before.rows;
    const rows = job.rowsOf((await this.store.get(object.name)).content);
    this.read.set(object.name, { etag: object.etag, rows });
    return rows;
  }

  // The job's objects in the order of their rows: [{start, end, place, name, rows}].
  async #windows(job, objects, known, said) {
    const found = [];
    for (const object of objects) {
      const match = job.object.exec(object.name);
      if (!match) continue;
      known.add(object.name);
      const [start, end] = [instantOf(match[1]), instantOf(match[2])];
      if (end - start !== MINUTE || (start - this.first) % MINUTE !== 0 || start < this.first) {
        said.wrong.push(`object ${object.name} has no window of the schedule`);
        continue;
      }
      found.push({ start, end, place: match[3], name: object.name, size: object.size, rows: await this.#rows(job, object) });
    }
    return found.sort((a, b) => a.start - b.start || (a.place < b.place ? -1 : 1));
  }

  async #checkJob(job, objects, until, known, said) {
    const windows = await this.#windows(job, objects, known, said);
    const starts = new Set(windows.map((window) => window.start));
    for (let start = this.first; start + MINUTE <= until; start += MINUTE) {
      said.windows++;
      if (!starts.has(start)) said.wrong.push(`${job.job}: window ${new Date(start).toISOString()} has no object`);
    }
    if (job.manifest) await this.#checkManifests(job, objects, windows, until, known, said);
    const byKey = new Map();
    for (const window of windows) {
      for (const { key, text } of window.rows) {
        if (!byKey.has(key)) byKey.set(key, []);
        byKey.get(key).push({ text, window });
      }
    }
    const history = this.history.get(job.table);
    for (const key of new Set([...history.keys(), ...byKey.keys()])) {
      this.#checkKey(job, key, history.get(key) ?? [], byKey.get(key) ?? [], until, said);
    }
  }

  // The rows of a key must be those of its changes, one by one; those after `until` may be missing at the end.
  #checkKey(job, key, changes, rows, until, said) {
    const wanted = changes.flatMap((change) => job.expected(change).map((text) => ({ text, change })));
    const due = wanted.filter(({ change }) => change.after < until).length;
    said.rows += rows.length;
    const tell = (what, at) => {
      if (said.wrong.length < 50) said.wrong.push(`${job.job} ${key}: ${what} ${JSON.stringify(at).slice(0, 300)}`);
    };
    for (let i = 0; i < Math.max(rows.length, due); i++) {
      const [row, want] = [rows[i], wanted[i]];
      if (row && want && row.text === want.text) {
        if (want.change.before < row.window.end && want.change.after + 1 > row.window.start) continue;
        tell('a row is in another window', { object: row.window.name, row: row.text, change: want.change });
        continue;
      }
      this.#count(rows, wanted, due, said);
      tell('rows differ', { at: i, object: row?.window.name, row: row?.text, wanted: want?.text, seq: want?.change.seq,
        before: want?.change.before, rows: rows.length, due });
      return;
    }
  }

  // How many rows are lost and doubled, for the figures.
  #count(rows, wanted, due, said) {
    const tally = new Map();
    for (const { text } of rows) tally.set(text, (tally.get(text) ?? 0) - 1);
    wanted.forEach(({ text }, i) => { if (i < due || (tally.get(text) ?? 0) < 0) tally.set(text, (tally.get(text) ?? 0) + 1); });
    for (const number of tally.values()) {
      if (number > 0) said.lost += number; else said.doubled -= number;
    }
  }

  async #checkManifests(job, objects, windows, until, known, said) {
    const seen = new Set();
    for (const object of objects) {
      const match = job.manifest.exec(object.name);
      if (!match) continue;
      known.add(object.name);
      const start = instantOf(match[1]);
      seen.add(start);
      if (start + MINUTE > until) continue;
      const manifest = JSON.parse((await this.store.get(object.name)).content.toString('utf8'));
      const there = windows.filter((window) => window.start === start)
        .map(({ name, size, rows }) => `${name} ${size} ${rows.length}`);
      const told = manifest.objects.map(({ name, bytes, rows }) => `${name} ${bytes} ${rows}`);
      if (there.sort().join() !== told.sort().join()) {
        said.wrong.push(`manifest ${object.name} tells of ${told.join()}; there are ${there.join()}`);
      }
    }
    for (const start of new Set(windows.map((window) => window.start))) {
      if (start + MINUTE <= until && !seen.has(start)) {
        said.wrong.push(`${job.job}: window ${new Date(start).toISOString()} has no manifest`);
      }
    }
  }
}
