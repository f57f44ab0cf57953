// Writes to the tables without a pause and keeps the history of what it wrote: the truth that the oracle goes by.
import { appendFileSync } from 'node:fs';
import { TableStore, pause, random } from '../e2e/support.mjs';
import { between, oneOf, whole } from './schedule.mjs';

const KEYS = 300;
const any = () => new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);

export class Writer {
  // `tables`: names. `file` receives each change as a line of JSON, for whoever looks at a failed run.
  constructor({ client, tables, seed, file, perSecond = 40 }) {
    Object.assign(this, { client, tables, file, perSecond });
    this.next = random(seed);
    this.history = new Map(tables.map((table) => [table, new Map()]));
    this.live = new Map(tables.map((table) => [table, new Set()]));
    this.seq = 0;
    this.changes = 0;
    this.held = 0;
    this.failure = null;
  }

  start() {
    this.running = true;
    this.loop = this.#run().catch((failure) => { this.failure = failure; });
  }

  async stop() {
    this.running = false;
    await this.loop;
  }

  // Runs `work` while nothing is being written.
  async without(work) {
    this.held++;
    await this.#idle();
    try { return await work(); } finally { this.held--; }
  }

  async #idle() { while (this.busy) await pause(2); }

  async #run() {
    while (this.running) {
      if (!this.held) {
        this.busy = true;
        try { await this.#batch(); } finally { this.busy = false; }
      }
      await pause(between(this.next, 0.2, 1.8) * 1000 * 3 / this.perSecond);
    }
  }

  #change(table, key) {
    const live = this.live.get(table);
    const dice = this.next();
    const op = dice < 0.15 && live.has(key) ? 'DELETE' : dice < 0.5 ? 'UPDATE' : 'PUT';
    if (op === 'DELETE') live.delete(key); else live.add(key);
    const seq = ++this.seq;
    const long = this.next() < 0.01 ? 'x'.repeat(whole(this.next, 1000, 20_000)) : '';
    return { op, key, seq, name: `${seq}, "行" ${long}` };
  }

  async #batch() {
    const table = oneOf(this.next, this.tables);
    const keys = new Set(Array.from({ length: whole(this.next, 1, 5) }, () =>
      `u${String(whole(this.next, 0, KEYS - 1)).padStart(4, '0')}`));
    const changes = [...keys].map((key) => this.#change(table, key));
    const rows = changes.map(({ op, key, name }) => ({ type: op, condition: any(), primaryKey: [{ uid: key }],
      ...(op === 'PUT' ? { attributeColumns: [{ name }] } : {}),
      ...(op === 'UPDATE' ? { attributeColumns: [{ PUT: [{ name }] }] } : {}) }));
    const before = Date.now();
    const answer = await this.client.batchWriteRow({ tables: [{ tableName: table, rows }] });
    const after = Date.now();
    if (!answer.tables.every((row) => row.isOk)) throw new Error(`write to ${table}: ${JSON.stringify(answer.tables)}`);
    for (const change of changes) {
      Object.assign(change, { before, after });
      const of = this.history.get(table);
      if (!of.has(change.key)) of.set(change.key, []);
      of.get(change.key).push(change);
    }
    this.changes += changes.length;
    if (this.file) {
      appendFileSync(this.file, changes.map(({ name, ...rest }) => JSON.stringify({ table, ...rest }) + '\n').join(''));
    }
  }
}

// Splits and merges the tables' partitions without a pause, between 1 and `most` of them open each.
export class Repartition {
  constructor({ sandbox, tables, seed, most = 12, seconds = 2 }) {
    Object.assign(this, { sandbox, tables, most, seconds });
    this.next = random(seed);
    this.splits = 0;
    this.merges = 0;
    this.failed = 0;
    this.held = 0;
  }

  start() {
    this.running = true;
    this.loop = this.#run();
  }

  async stop() {
    this.running = false;
    await this.loop;
  }

  async without(work) {
    this.held++;
    while (this.busy) await pause(2);
    try { return await work(); } finally { this.held--; }
  }

  async #run() {
    while (this.running) {
      if (!this.held) {
        this.busy = true;
        try { await this.#once(); } catch { this.failed++; } finally { this.busy = false; }
      }
      await pause(between(this.next, 0.3, 1.7) * 1000 * this.seconds);
    }
  }

  // A partition that cannot be cut, or has no neighbour on its right, is refused; then nothing happened.
  async #once() {
    const table = oneOf(this.next, this.tables);
    const stats = await this.sandbox.admin('stats');
    const open = stats.tables.find((one) => one.table === table).shards.filter((shard) => !shard.closed);
    const shard = oneOf(this.next, open).id;
    if (this.next() < (this.most - open.length) / this.most) {
      await this.sandbox.admin('split', { instance: 'demo', table, shard, parts: 2 });
      this.splits++;
    } else {
      await this.sandbox.admin('merge', { instance: 'demo', table, shard });
      this.merges++;
    }
  }
}
