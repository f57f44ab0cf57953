// The reader that is replaced, small: its rules for the status table and for reading a window, written from their
// description, with the official SDK for rows and a client of the tests' own for the stream.
import { deflateSync, inflateSync } from 'node:zlib';
import { decodeRecord } from './sandbox_plain_buffer.mjs';
import { call, oldest, shardsOf, streamOf } from './sandbox_ots_client.mjs';
import { TableStore } from './support.mjs';

const { Long } = TableStore;
const any = () => new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);
const KEYS = ['StreamId', 'StatusType', 'StatusValue'];
const CHECKPOINT = 'CheckpointForDataxReader';
const JOB = 'DataxJobDesc';
const padded = (ms) => String(ms).padStart(16, ' ');
const keyOf = (stream, type, value) => [{ StreamId: stream }, { StatusType: type }, { StatusValue: value }];

export class OriginalReader {
  constructor({ sandbox, client }, table = 'orders', statusTable = 'status') {
    Object.assign(this, { sandbox, client, table, statusTable });
  }

  async createStatusTable() {
    await this.client.createTable({
      tableMeta: { tableName: this.statusTable,
        primaryKey: KEYS.map((name) => ({ name, type: TableStore.PrimaryKeyType.STRING })) },
      reservedThroughput: { capacityUnit: { read: 0, write: 0 } },
      tableOptions: { timeToLive: 2_592_000, maxVersions: 1 },
    });
  }

  // All rows of the status table: [{key: [3 texts], ...columns}].
  async rows() {
    const rows = [];
    const bound = (value) => KEYS.map((name) => ({ [name]: value }));
    for (let from = bound(TableStore.INF_MIN); from;) {
      const page = await this.client.getRange({ tableName: this.statusTable, direction: TableStore.Direction.FORWARD,
        maxVersions: 1, inclusiveStartPrimaryKey: from, exclusiveEndPrimaryKey: bound(TableStore.INF_MAX) });
      for (const row of page.rows) {
        rows.push(Object.fromEntries([['key', row.primaryKey.map((part) => part.value)],
          ...row.attributes.map((cell) => [cell.columnName, cell.columnValue])]));
      }
      from = page.nextStartPrimaryKey?.map((part) => ({ [part.name]: part.value }));
    }
    return rows;
  }

  // Where the run that ended at `end` left each shard, or null: a run counts whole or not at all.
  async starts(end) {
    const stream = await streamOf(this.sandbox, this.table);
    const rows = (await this.rows()).filter((row) => row.key[0] === stream);
    const job = rows.find((row) => row.key[1] === JOB && row.key[2] === padded(end));
    if (!job || job.JobStreamId !== stream) return null;
    const pieces = [];
    while (job[`ShardIds_${pieces.length}`]) pieces.push(Buffer.from(job[`ShardIds_${pieces.length}`]));
    const shards = JSON.parse(inflateSync(Buffer.concat(pieces)).toString('utf8'));
    const checkpoints = rows.filter((row) => row.key[1] === CHECKPOINT && row.key[2].startsWith(`${padded(end)}\t`));
    if (checkpoints.length !== shards.length) return null;
    const starts = new Map();
    for (const shard of shards) {
      const row = checkpoints.find((candidate) => candidate.key[2] === `${padded(end)}\t${shard}`);
      if (!row || row.Version !== job.Version) return null;
      starts.set(shard, row.Checkpoint);
    }
    return starts;
  }

  // One window [start, end) in ms: the values of its records, keys first.
  async run(start, end) {
    const stream = await streamOf(this.sandbox, this.table);
    const shards = await shardsOf(this.sandbox, stream);
    const starts = await this.starts(start);
    for (const [shard, checkpoint] of starts ?? []) {
      const listed = shards.some(({ shard_id: id }) => id === shard);
      if (checkpoint !== 'SHARD_END' && !listed) throw new Error(`shard ${shard} does not exist now`);
    }
    const version = `${Date.now()}-${Math.random()}`;
    await this.put(stream, JOB, padded(end), {
      ShardIds_0: deflateSync(JSON.stringify(shards.map(({ shard_id: id }) => id))), Version: version,
      TableName: this.table, JobStreamId: stream, StartTime: Long.fromNumber(start), EndTime: Long.fromNumber(end) });
    const now = new Map();
    const taken = [];
    for (const { shard_id: id, parent_id: parent, parent_sibling_id: sibling } of shards) {
      const waits = [parent, sibling].some((other) => now.has(other) && now.get(other) !== 'SHARD_END');
      const from = starts?.get(id) ?? 'TRIM_HORIZON';
      now.set(id, waits ? 'TRIM_HORIZON' : await this.read(stream, id, from, starts ? 0 : start, end, taken));
      await this.put(stream, CHECKPOINT, `${padded(end)}\t${id}`,
        { Version: version, Checkpoint: now.get(id), SkipCount: Long.fromNumber(0) });
    }
    return taken;
  }

  async put(stream, type, value, columns) {
    await this.client.putRow({ tableName: this.statusTable, condition: any(), primaryKey: keyOf(stream, type, value),
      attributeColumns: Object.entries(columns).map(([name, cell]) => ({ [name]: cell })) });
  }

  // Reads a shard to the window's end and returns its checkpoint. Records before `skip` are left out until the first
  // one that is not.
  async read(stream, shard, from, skip, end, taken) {
    if (from === 'SHARD_END') return from;
    let iterator = from === 'TRIM_HORIZON' ? await oldest(this.sandbox, stream, shard) : from;
    for (;;) {
      const page = await call(this.sandbox.endpoint, 'GetStreamRecord', { shard_iterator: iterator });
      const records = page.stream_records ?? [];
      if (records.length === 0 && page.next_shard_iterator !== undefined) return page.next_shard_iterator;
      for (const [i, { record }] of records.entries()) {
        const { key, cells, time } = decodeRecord(record);
        const ms = Math.floor(time / 1000);
        if (ms >= end) {
          if (i === 0) return iterator;
          const again = { shard_iterator: iterator, limit: i };
          return (await call(this.sandbox.endpoint, 'GetStreamRecord', again)).next_shard_iterator;
        }
        if (ms < skip) continue;
        skip = 0;
        taken.push([...Object.values(key), ...cells.map(({ value }) => value)]);
      }
      if (page.next_shard_iterator === undefined) return 'SHARD_END';
      iterator = page.next_shard_iterator;
    }
  }
}
