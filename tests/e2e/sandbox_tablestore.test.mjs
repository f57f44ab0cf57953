// The sandbox's Table Store as the official SDK sees it.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { answerIsSigned, call, post } from './sandbox_ots_client.mjs';
import { decodeRecord } from './sandbox_plain_buffer.mjs';
import { KEY, TableStore, startSandbox, tableStore, workDir } from './support.mjs';

const { Long } = TableStore;
const IGNORE = new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);
const plain = (value) => (typeof value === 'object' && value !== null && value.toNumber ? value.toString() : value);
const cells = (row) => Object.fromEntries((row.attributes ?? []).map((cell) => [cell.columnName, plain(cell.columnValue)]));
const keyOf = (row) => (row.primaryKey ?? []).map((part) => plain(part.value));

const tableOf = (tableName, primaryKey, more = {}) => ({
  tableMeta: { tableName, primaryKey },
  reservedThroughput: { capacityUnit: { read: 0, write: 0 } },
  tableOptions: { timeToLive: -1, maxVersions: 1 },
  ...more,
});
const put = (tableName, primaryKey, attributeColumns, condition = IGNORE, more = {}) =>
  ({ tableName, condition, primaryKey, attributeColumns, ...more });
const refused = (code) => (error) => {
  assert.match(String(error.message), new RegExp(code));
  return true;
};

test('sandbox: the official Table Store SDK works against it', async (t) => {
  const sandbox = await startSandbox(t, workDir(t));
  const client = tableStore(sandbox);

  await t.test('tables are made, listed, described, changed and dropped', async () => {
    await client.createTable(tableOf('t1', [{ name: 'gid', type: 'INTEGER' }, { name: 'uid', type: 'STRING' }],
      { streamSpecification: { enableStream: true, expirationTime: 24 } }));
    await client.createTable(tableOf('scratch', [{ name: 'pk', type: 'STRING' }]));
    assert.deepEqual((await client.listTable({})).tableNames, ['scratch', 't1']);
    const described = await client.describeTable({ tableName: 't1' });
    assert.equal(described.tableMeta.primaryKey.length, 2);
    assert.equal(described.streamDetails.enableStream, true);
    const changed = await client.updateTable({ tableName: 'scratch', tableOptions: { maxVersions: 3, timeToLive: 86400 } });
    assert.equal(changed.tableOptions.maxVersions, 3);
    await client.deleteTable({ tableName: 'scratch' });
    assert.deepEqual((await client.listTable({})).tableNames, ['t1']);
    await assert.rejects(client.describeTable({ tableName: 'scratch' }), refused('OTSObjectNotExist'));
    await assert.rejects(client.createTable(tableOf('t1', [{ name: 'pk', type: 'STRING' }])), refused('OTSObjectAlreadyExist'));
    await assert.rejects(client.createTable(tableOf('7up', [{ name: 'pk', type: 'STRING' }])), refused('Invalid table name'));
  });

  await t.test('rows of every type come back as they were put', async () => {
    const values = [
      { text: 'quote " comma , newline \n tab \t end' }, { chinese: '中文，字段' }, { empty: '' },
      { negative: Long.fromNumber(-9) }, { huge: Long.fromString('9223372036854775807') },
      { smallest: Long.fromString('-9223372036854775808') }, { real: 3.0E-7 }, { yes: true }, { no: false },
      { bytes: Buffer.from([0, 1, 254, 255]) },
    ];
    const key = [{ gid: Long.fromNumber(1) }, { uid: 'row' }];
    await client.putRow(put('t1', key, values));
    const { row } = await client.getRow({ tableName: 't1', primaryKey: key, maxVersions: 1 });
    const got = cells(row);
    assert.equal(got.text, 'quote " comma , newline \n tab \t end');
    assert.equal(got.chinese, '中文，字段');
    assert.equal(got.empty, '');
    assert.equal(got.negative, '-9');
    assert.equal(got.huge, '9223372036854775807');
    assert.equal(got.smallest, '-9223372036854775808');
    assert.equal(got.real, 3.0E-7);
    assert.equal(got.yes, true);
    assert.equal(got.no, false);
    assert.deepEqual([...got.bytes], [0, 1, 254, 255]);
    const names = row.attributes.map((cell) => cell.columnName);
    assert.deepEqual(names, [...names].sort());
  });

  await t.test('updates put, delete and increment; a put replaces the whole row', async () => {
    const key = [{ gid: Long.fromNumber(2) }, { uid: 'row' }];
    const get = async () => cells((await client.getRow({ tableName: 't1', primaryKey: key, maxVersions: 1 })).row);
    const update = (updateOfAttributeColumns, more = {}) =>
      client.updateRow({ tableName: 't1', condition: IGNORE, primaryKey: key, updateOfAttributeColumns, ...more });
    await client.putRow(put('t1', key, [{ a: 'x' }, { b: 'y' }, { n: Long.fromNumber(5) }]));
    await update([{ PUT: [{ a: 'z' }] }, { DELETE_ALL: ['b'] }]);
    assert.deepEqual(await get(), { a: 'z', n: '5' });
    const after = await update([{ INCREMENT: [{ n: Long.fromNumber(-7) }] }],
      { returnContent: { returnType: TableStore.ReturnType.AfterModify, returnColumns: ['n'] } });
    assert.equal(cells(after.row).n, '-2');
    await client.putRow(put('t1', key, [{ c: 'only' }]));
    assert.deepEqual(await get(), { c: 'only' });
    await client.deleteRow({ tableName: 't1', condition: IGNORE, primaryKey: key });
    assert.deepEqual(await get(), {});
  });

  await t.test('conditions on existence and on columns are kept', async () => {
    const key = [{ gid: Long.fromNumber(3) }, { uid: 'row' }];
    const expect = (what) => new TableStore.Condition(TableStore.RowExistenceExpectation[what], null);
    await assert.rejects(client.putRow(put('t1', key, [{ a: '1' }], expect('EXPECT_EXIST'))), refused('OTSConditionCheckFail'));
    await client.putRow(put('t1', key, [{ a: '1' }], expect('EXPECT_NOT_EXIST')));
    await assert.rejects(client.putRow(put('t1', key, [{ a: '1' }], expect('EXPECT_NOT_EXIST'))), refused('Row exists which is expected nonexistent'));
    const columnIs = (value) => new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE,
      new TableStore.SingleColumnCondition('a', value, TableStore.ComparatorType.EQUAL));
    await assert.rejects(client.putRow(put('t1', key, [{ a: '3' }], columnIs('2'))), refused('OTSConditionCheckFail'));
    await client.putRow(put('t1', key, [{ a: '3' }], columnIs('1')));
  });

  await t.test('wrong keys and columns are refused with the codes of the service', async () => {
    await assert.rejects(client.putRow(put('t1', [{ gid: 'text' }, { uid: 'x' }], [])), refused('Validate PK type fail'));
    await assert.rejects(client.putRow(put('t1', [{ gid: Long.fromNumber(1) }], [])), refused('OTSInvalidPK'));
    await assert.rejects(client.putRow(put('t1', [{ gid: Long.fromNumber(1) }, { uid: 'x' }], [{ uid: 'twice' }])), refused('Duplicated attribute column name'));
    await assert.rejects(client.getRow({ tableName: 'none', primaryKey: [{ pk: 'x' }], maxVersions: 1 }), refused('OTSObjectNotExist'));
  });

  await t.test('batches write and read, and each row answers for itself', async () => {
    const row = (uid, type, attributeColumns, condition = IGNORE) =>
      ({ type, condition, primaryKey: [{ gid: Long.fromNumber(7) }, { uid }], attributeColumns });
    const must = new TableStore.Condition(TableStore.RowExistenceExpectation.EXPECT_EXIST, null);
    const written = await client.batchWriteRow({ tables: [{ tableName: 't1', rows: [
      row('a', 'PUT', [{ v: 'one' }]), row('b', 'UPDATE', [{ PUT: [{ v: 'two' }] }]), row('c', 'PUT', [{ v: 'no' }], must)] }] });
    assert.deepEqual(written.tables.map((one) => one.isOk), [true, true, false]);
    assert.equal(written.tables[2].errorCode, 'OTSConditionCheckFail');
    const read = await client.batchGetRow({ tables: [{ tableName: 't1', maxVersions: 1,
      primaryKey: ['a', 'b', 'gone'].map((uid) => [{ gid: Long.fromNumber(7) }, { uid }]) }] });
    assert.deepEqual(read.tables[0].map((one) => one.attributes?.[0]?.columnValue), ['one', 'two', undefined]);
  });

  await t.test('ranges are paged both ways, filtered and cut to columns', async () => {
    await client.createTable(tableOf('range', [{ name: 'pk', type: 'STRING' }]));
    for (let i = 0; i < 25; ++i)
      await client.putRow(put('range', [{ pk: `k${String(i).padStart(2, '0')}` }], [{ n: Long.fromNumber(i) }, { m: 'x' }]));
    const all = async (direction, start, end, more = {}) => {
      const keys = [];
      let pages = 0;
      for (let from = [{ pk: start }]; from; ++pages) {
        const page = await client.getRange({ tableName: 'range', direction, maxVersions: 1, limit: 10,
          inclusiveStartPrimaryKey: from, exclusiveEndPrimaryKey: [{ pk: end }], ...more });
        keys.push(...page.rows.map((row) => row.primaryKey[0].value));
        from = page.nextStartPrimaryKey?.map((part) => ({ [part.name]: part.value }));
      }
      return { keys, pages };
    };
    const forward = await all(TableStore.Direction.FORWARD, TableStore.INF_MIN, TableStore.INF_MAX);
    assert.equal(forward.keys.length, 25);
    assert.equal(forward.pages, 3);
    const backward = await all(TableStore.Direction.BACKWARD, TableStore.INF_MAX, TableStore.INF_MIN);
    assert.deepEqual(backward.keys, [...forward.keys].reverse());
    assert.deepEqual((await all(TableStore.Direction.FORWARD, 'k03', 'k06')).keys, ['k03', 'k04', 'k05']);
    assert.deepEqual((await all(TableStore.Direction.BACKWARD, 'k06', 'k03')).keys, ['k06', 'k05', 'k04']);
    const below = new TableStore.SingleColumnCondition('n', Long.fromNumber(3), TableStore.ComparatorType.LESS_THAN);
    const notZero = new TableStore.SingleColumnCondition('n', Long.fromNumber(0), TableStore.ComparatorType.NOT_EQUAL);
    const both = new TableStore.CompositeCondition(TableStore.LogicalOperator.AND);
    both.addSubCondition(below);
    both.addSubCondition(notZero);
    assert.deepEqual((await all(TableStore.Direction.FORWARD, TableStore.INF_MIN, TableStore.INF_MAX, { columnFilter: both })).keys, ['k01', 'k02']);
    const some = await client.getRange({ tableName: 'range', direction: TableStore.Direction.FORWARD, maxVersions: 1, limit: 1,
      columnsToGet: ['m'], inclusiveStartPrimaryKey: [{ pk: 'k00' }], exclusiveEndPrimaryKey: [{ pk: 'k01' }] });
    assert.deepEqual(cells(some.rows[0]), { m: 'x' });
    const secondColumn = await client.getRow({ tableName: 'range', primaryKey: [{ pk: 'k00' }], maxVersions: 1,
      columnFilter: new TableStore.ColumnPaginationFilter(1, 1) });
    assert.deepEqual(cells(secondColumn.row), { n: '0' });
    await assert.rejects(all(TableStore.Direction.FORWARD, 'k06', 'k03'), refused('Begin key must less than end key'));
  });

  await t.test('a page ends after 5000 rows or 4 MB, whichever columns are asked for', async () => {
    await client.createTable(tableOf('pages', [{ name: 'pk', type: 'INTEGER' }]));
    const fill = async (from, to, size) => {
      const step = size > 1000 ? 2 : 200;
      for (let i = from; i < to; i += step) {
        const rows = [];
        for (let k = i; k < Math.min(i + step, to); ++k)
          rows.push({ type: 'PUT', condition: IGNORE, primaryKey: [{ pk: Long.fromNumber(k) }], attributeColumns: [{ v: 'x'.repeat(size) }] });
        await client.batchWriteRow({ tables: [{ tableName: 'pages', rows }] });
      }
    };
    const sizes = async (more = {}) => {
      const pages = [];
      for (let from = [{ pk: TableStore.INF_MIN }]; from;) {
        const page = await client.getRange({ tableName: 'pages', direction: TableStore.Direction.FORWARD, maxVersions: 1,
          inclusiveStartPrimaryKey: from, exclusiveEndPrimaryKey: [{ pk: TableStore.INF_MAX }], ...more });
        pages.push(page.rows.length);
        from = page.nextStartPrimaryKey?.map((part) => ({ [part.name]: part.value }));
      }
      return pages;
    };
    await fill(0, 5001, 1);
    assert.deepEqual(await sizes(), [5000, 1]);
    assert.deepEqual(await sizes({ limit: 4999 }), [4999, 2]);
    assert.deepEqual(await sizes({ columnsToGet: ['none'] }), [0, 0], 'rows that are passed over count');
    await fill(6000, 6010, 1_500_000);
    assert.deepEqual(await sizes({ limit: 5001 }), [5000, 4, 3, 3, 1]);
    assert.deepEqual(await sizes({ columnsToGet: ['pk'] }), [5000, 4, 3, 3, 1]);
  });

  await t.test('split points cut a table into parts of the asked size, also inside a partition key', async () => {
    await client.createTable(tableOf('parts', [{ name: 'gid', type: 'STRING' }, { name: 'n', type: 'INTEGER' }]));
    for (const [gid, n] of [['a', 1], ['a', 2], ['a', 3], ['b', 1], ['b', 2], ['c', 1]])
      await client.putRow(put('parts', [{ gid }, { n: Long.fromNumber(n) }], [{ v: 'x'.repeat(1_100_000) }]));
    const points = async (request) => {
      const answer = await call(sandbox.endpoint, 'ComputeSplitPointsBySize', { table_name: 'parts', ...request });
      const found = (answer.split_points ?? []).map((bytes) => decodeRecord(bytes).key);
      assert.equal(answer.locations.reduce((sum, one) => sum + one.repeat, 0), found.length + 1);
      assert.deepEqual(answer.schema.map((column) => column.name), ['gid', 'n']);
      return found;
    };
    const unit = { split_size_unit_in_byte: 1_048_576 };
    assert.deepEqual(await points({ split_size: 1, ...unit }),
      [{ gid: 'a', n: 2n }, { gid: 'a', n: 3n }, { gid: 'b' }, { gid: 'b', n: 2n }, { gid: 'c' }]);
    assert.deepEqual(await points({ split_size: 3, ...unit }), [{ gid: 'b' }]);
    assert.deepEqual(await points({ split_size: 1, split_point_limit: 2, ...unit }), [{ gid: 'a', n: 2n }, { gid: 'a', n: 3n }]);
    assert.deepEqual(await points({ split_size: 1 }), []);
    assert.deepEqual(await points({ split_size: '9223372036854775807' }), []);
    await assert.rejects(points({ split_size: 0 }), refused('The split size must be greater than 0'));
    await assert.rejects(points({ split_size: 1, split_size_unit_in_byte: 1000 }), refused('The split size'));
    await assert.rejects(points({ split_size: 1, split_point_limit: 0, ...unit }), refused('The limit must be greater than 0'));
  });

  await t.test('auto-increment keys grow and are returned', async () => {
    await client.createTable(tableOf('auto', [{ name: 'pk', type: 'STRING' },
      { name: 'seq', type: 'INTEGER', option: 'AUTO_INCREMENT' }]));
    const seen = [];
    for (let i = 0; i < 3; ++i) {
      const done = await client.putRow(put('auto', [{ pk: 'same' }, { seq: TableStore.PK_AUTO_INCR }], [{ i: Long.fromNumber(i) }],
        IGNORE, { returnContent: { returnType: TableStore.ReturnType.Primarykey } }));
      seen.push(BigInt(keyOf(done.row)[1]));
    }
    assert.ok(seen[0] < seen[1] && seen[1] < seen[2]);
  });

  await t.test('versions are kept up to the limit, newest first, and one can be deleted', async () => {
    await client.createTable({ ...tableOf('versions', [{ name: 'pk', type: 'STRING' }]), tableOptions: { timeToLive: -1, maxVersions: 2 } });
    const now = Date.now();
    for (const back of [3000, 1000, 2000])
      await client.updateRow({ tableName: 'versions', condition: IGNORE, primaryKey: [{ pk: 'x' }],
        updateOfAttributeColumns: [{ PUT: [{ v: `at ${back}`, timestamp: Long.fromNumber(now - back) }] }] });
    const get = async () => (await client.getRow({ tableName: 'versions', primaryKey: [{ pk: 'x' }], maxVersions: 5 })).row.attributes;
    assert.deepEqual((await get()).map((cell) => cell.columnValue), ['at 1000', 'at 2000']);
    await client.updateRow({ tableName: 'versions', condition: IGNORE, primaryKey: [{ pk: 'x' }],
      updateOfAttributeColumns: [{ DELETE: [{ v: Long.fromNumber(now - 1000) }] }] });
    assert.deepEqual((await get()).map((cell) => cell.columnValue), ['at 2000']);
    await assert.rejects(client.updateRow({ tableName: 'versions', condition: IGNORE, primaryKey: [{ pk: 'x' }],
      updateOfAttributeColumns: [{ PUT: [{ v: 'old', timestamp: Long.fromNumber(now - 3 * 86_400_000) }] }] }), refused('Invalid timestamp'));
  });

  await t.test('wrong credentials, dates and checksums are refused', async () => {
    const stranger = tableStore(sandbox, 'demo', { id: 'nobody', secret: 'x' });
    await assert.rejects(stranger.listTable({}), refused('The AccessKeyID does not exist'));
    const liar = tableStore(sandbox, 'demo', { id: KEY.id, secret: 'wrong' });
    await assert.rejects(liar.listTable({}), refused('Signature mismatch'));
    const codeOf = async (change, operation = 'ListTable') => {
      const { status, error } = await post(sandbox.endpoint, operation, Buffer.alloc(0), { change });
      return `${status} ${error.code}: ${error.message}`;
    };
    const old = new Date(Date.now() - 16 * 60_000).toISOString();
    assert.match(await codeOf((h) => { h['x-ots-date'] = old; }), /^403 OTSAuthFailed: Mismatch between system time/);
    assert.match(await codeOf((h) => { h['x-ots-date'] = 'yesterday'; }), /^400 OTSParameterInvalid: Invalid date format/);
    assert.match(await codeOf((h) => { h['x-ots-contentmd5'] = 'AAAA'; }), /^403 OTSAuthFailed: Mismatch between MD5/);
    assert.match(await codeOf((h) => { delete h['x-ots-contentmd5']; }), /^400 OTSParameterInvalid: Missing header/);
    assert.match(await codeOf(() => {}, 'MakeCoffee'), /^400 OTSParameterInvalid: Unsupported operation: 'MakeCoffee'/);
    const answer = await post(sandbox.endpoint, 'DescribeTable', Buffer.from('0a046e6f6e65', 'hex'));
    assert.equal(answer.status, 404);
    assert.ok(answerIsSigned(answer, 'DescribeTable'));
  });

  await t.test('deflated bodies are inflated and broken rows are named', async () => {
    const body = Buffer.from('0a027431', 'hex');  // DescribeTable of t1
    const change = (headers) => {
      headers['x-ots-request-compress-type'] = 'deflate';
      headers['x-ots-request-compress-size'] = String(body.length);
    };
    assert.equal((await post(sandbox.endpoint, 'DescribeTable', deflateSync(body), { change })).status, 200);
    const row = Buffer.from('750000000103040200000070 6b0509000000000100000000000000 0a4d09a7'.replaceAll(' ', ''), 'hex');
    const request = Buffer.concat([Buffer.from('0a0572616e676512', 'hex'), Buffer.from([row.length]), row, Buffer.from('1a020800', 'hex')]);
    const { error } = await post(sandbox.endpoint, 'PutRow', request);
    assert.match(error.message, /checksum is mismatch/);
  });

  await t.test('recorded requests of three SDKs are understood', async (each) => {
    for (const sdk of ['java', 'python', 'go']) {
      const file = new URL(`../data/tablestore/requests-${sdk}.json`, import.meta.url);
      if (!existsSync(file)) { each.diagnostic(`no ${file.pathname}`); continue; }
      for (const { operation, name, body_hex: hex } of JSON.parse(readFileSync(file)).requests) {
        const { status, error } = await post(sandbox.endpoint, operation, Buffer.from(hex, 'hex'), { instance: 'vectors' });
        if (error) assert.doesNotMatch(error.message, /Cell data broken|deserialize|data format/i, `${sdk} ${operation} ${name}`);
        assert.ok(status < 500, `${sdk} ${operation} ${name}: ${status}`);
      }
    }
  });

  await t.test('all of it is still there after kill -9', async (inner) => {
    await sandbox.kill('SIGKILL');
    const again = await startSandbox(inner, sandbox.log.replace(/\/[^/]*$/, ''));
    const reopened = tableStore(again);
    const { row } = await reopened.getRow({ tableName: 't1', primaryKey: [{ gid: Long.fromNumber(1) }, { uid: 'row' }], maxVersions: 1 });
    assert.equal(cells(row).chinese, '中文，字段');
    const page = await reopened.getRange({ tableName: 'range', direction: TableStore.Direction.FORWARD, maxVersions: 1,
      inclusiveStartPrimaryKey: [{ pk: TableStore.INF_MIN }], exclusiveEndPrimaryKey: [{ pk: TableStore.INF_MAX }] });
    assert.equal(page.rows.length, 25);
  });
});
