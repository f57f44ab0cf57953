"""The sandbox as the official Python SDKs see it.

Usage: sandbox_sdk_check.py ENDPOINT   (of a running sluice-sandbox; needs the packages of requirements.txt)
The Table Store SDK checks date, MD5 and signature of every answer, the OSS SDK every CRC-64.
"""

import sys
import tempfile

import oss2
import tablestore as ts
from sandbox_oss_check import Operations
from tablestore.protobuf import table_store_pb2 as pb

ENDPOINT = sys.argv[1]
KEY = ("sandbox-id", "sandbox-secret")
IGNORE = ts.Condition(ts.RowExistenceExpectation.IGNORE)
EXISTS = ts.Condition(ts.RowExistenceExpectation.EXPECT_EXIST)
NEW = ts.Condition(ts.RowExistenceExpectation.EXPECT_NOT_EXIST)


def equal(found, expected):
    assert found == expected, f"{found!r} instead of {expected!r}"


def refused(code, action):
    try:
        action()
    except ts.OTSServiceError as error:
        equal(error.get_error_code(), code)
    else:
        raise AssertionError(f"{code} was expected")


def make_table(client, name, max_versions=1):
    meta = ts.TableMeta(name, [("uid", "STRING"), ("n", "INTEGER")])
    client.create_table(meta, ts.TableOptions(-1, max_versions), ts.ReservedThroughput(ts.CapacityUnit(0, 0)))


def cells(row):
    return {name: value for name, value, _ in row.attribute_columns}


def rows_and_tables():
    client = ts.OTSClient(ENDPOINT, *KEY, "python")
    make_table(client, "orders")
    assert "orders" in client.list_table()
    key = [("uid", "u\u4e2d"), ("n", -5)]
    columns = [("big", 2**63 - 1), ("d", 0.1), ("b", True), ("s", 'a"b,c\n'), ("raw", bytearray(b"\x00\xff"))]
    client.put_row("orders", ts.Row(key, columns), IGNORE)
    equal(cells(client.get_row("orders", key, max_version=1)[1]), dict(columns))
    client.update_row("orders", ts.Row(key, {"PUT": [("s", "new")], "DELETE_ALL": ["d"], "INCREMENT": [("i", 3)]}), IGNORE)
    got = cells(client.get_row("orders", key, max_version=1)[1])
    equal((got["s"], got["i"], "d" in got), ("new", 3, False))
    refused("OTSConditionCheckFail", lambda: client.put_row("orders", ts.Row(key, []), NEW))
    refused("OTSObjectNotExist", lambda: client.describe_table("none"))
    refused("OTSAuthFailed", lambda: ts.OTSClient(ENDPOINT, KEY[0], "wrong", "python").list_table())
    client.update_table("orders", ts.TableOptions(86400, 4))
    equal(client.describe_table("orders").table_options.max_version, 4)
    client.delete_row("orders", ts.Row(key), IGNORE)
    equal(client.get_row("orders", key, max_version=1)[1], None)
    client.delete_table("orders")


def conditions():
    client = ts.OTSClient(ENDPOINT, *KEY, "python")
    make_table(client, "conditions")
    row = ts.Row([("uid", "c"), ("n", 1)], [("age", 20), ("name", "x")])
    client.put_row("conditions", row, NEW)

    def update(condition):
        client.update_row("conditions", ts.Row(row.primary_key, {"PUT": [("seen", True)]}), condition)

    def when(column, value, comparator, pass_if_missing=True):
        one = ts.SingleColumnCondition(column, value, comparator, pass_if_missing)
        return ts.Condition(ts.RowExistenceExpectation.IGNORE, one)

    less, same = ts.ComparatorType.LESS_THAN, ts.ComparatorType.EQUAL
    update(when("age", 21, less))
    refused("OTSConditionCheckFail", lambda: update(when("age", 20, less)))
    update(when("absent", 1, same))
    refused("OTSConditionCheckFail", lambda: update(when("absent", 1, same, False)))
    both = ts.CompositeColumnCondition(ts.LogicalOperator.AND)
    both.add_sub_condition(ts.SingleColumnCondition("age", 20, same))
    both.add_sub_condition(ts.SingleColumnCondition("name", "y", same))
    refused("OTSConditionCheckFail", lambda: update(ts.Condition(ts.RowExistenceExpectation.EXPECT_EXIST, both)))
    client.delete_row("conditions", ts.Row(row.primary_key), when("name", "x", same))
    refused("OTSConditionCheckFail", lambda: client.delete_row("conditions", ts.Row(row.primary_key), EXISTS))
    client.delete_table("conditions")


def batches_and_ranges():
    client = ts.OTSClient(ENDPOINT, *KEY, "python")
    make_table(client, "range")
    make_table(client, "beside")
    for first in range(0, 230, 100):
        items = [ts.PutRowItem(ts.Row([("uid", f"k{i:03}"), ("n", i)], [("v", i), ("w", "x")]), IGNORE)
                 for i in range(first, min(first + 100, 230))]
        request = ts.BatchWriteRowRequest()
        request.add(ts.TableInBatchWriteRowItem("range", items))
        assert client.batch_write_row(request).is_all_succeed()
    request = ts.BatchWriteRowRequest()
    request.add(ts.TableInBatchWriteRowItem("range", [
        ts.UpdateRowItem(ts.Row([("uid", "k000"), ("n", 0)], {"PUT": [("v", -1)]}), EXISTS),
        ts.DeleteRowItem(ts.Row([("uid", "k001"), ("n", 1)]), IGNORE),
        ts.PutRowItem(ts.Row([("uid", "k002"), ("n", 2)], []), NEW)]))
    request.add(ts.TableInBatchWriteRowItem("beside", [ts.PutRowItem(ts.Row([("uid", "b"), ("n", 0)], []), NEW)]))
    written = client.batch_write_row(request)
    equal([len(rows) for rows in (*written.get_update(), *written.get_delete(), *written.get_put())], [1, 0, 1, 0, 1, 1])
    equal(written.get_failed_of_put()[0].error_code, "OTSConditionCheckFail")
    read = ts.BatchGetRowRequest()
    read.add(ts.TableInBatchGetRowItem("range", [[("uid", "k000"), ("n", 0)], [("uid", "k001"), ("n", 1)]], max_version=1))
    got = client.batch_get_row(read).get_result_by_table("range")
    equal((cells(got[0].row), got[1].row), ({"v": -1, "w": "x"}, None))
    first, last = [[("uid", end), ("n", end)] for end in (ts.INF_MIN, ts.INF_MAX)]

    def every(direction, start, end, **more):
        names, pages = [], 0
        while start is not None:
            _, start, rows, _ = client.get_range("range", direction, start, end, limit=50, max_version=1, **more)
            names += [row.primary_key[0][1] for row in rows]
            pages += 1
        return names, pages

    forward, pages = every(ts.Direction.FORWARD, first, last)
    equal((len(forward), pages, forward), (229, 5, sorted(forward)))
    equal(every(ts.Direction.BACKWARD, last, first)[0], forward[::-1])
    small = ts.SingleColumnCondition("v", 3, ts.ComparatorType.LESS_THAN, False)
    equal(every(ts.Direction.FORWARD, first, last, column_filter=small)[0], ["k000", "k002"])
    refused("OTSParameterInvalid", lambda: every(ts.Direction.FORWARD, last, first))
    client.delete_table("range")
    client.delete_table("beside")


class StreamClient(ts.OTSClient):
    """Has methods for all that the SDK has messages for; they travel through its own signing and checking."""

    def call(self, operation, **fields):
        if operation not in self.protocol.api_list:
            self.protocol.api_list.append(operation)
        encoders, decoders = self.protocol.encoder.api_encode_map, self.protocol.decoder.api_decode_map
        encoders[operation] = lambda: getattr(pb, operation + "Request")(**fields)
        decoders[operation] = lambda body, _: (getattr(pb, operation + "Response").FromString(body), None)
        return self._request_helper(operation)


def streams():
    client = StreamClient(ENDPOINT, *KEY, "python")
    make_table(client, "changes")
    equal(len(client.call("ListStream", table_name="changes").streams), 0)
    turned = client.call("UpdateTable", table_name="changes",
                         stream_spec=pb.StreamSpecification(enable_stream=True, expiration_time=24)).stream_details
    equal((turned.enable_stream, turned.expiration_time), (True, 24))
    [stream] = client.call("ListStream", table_name="changes").streams
    equal(stream.stream_id, turned.stream_id)
    rows = [ts.PutRowItem(ts.Row([("uid", f"u{i}"), ("n", i)], [("v", i)]), IGNORE) for i in range(5)]
    writer = ts.OTSClient(ENDPOINT, *KEY, "python")
    batch = ts.BatchWriteRowRequest()
    batch.add(ts.TableInBatchWriteRowItem("changes", rows))
    writer.batch_write_row(batch)
    writer.delete_row("changes", ts.Row([("uid", "u0"), ("n", 0)]), IGNORE)
    described = client.call("DescribeStream", stream_id=stream.stream_id)
    equal((described.stream_status, described.table_name, len(described.shards)), (pb.STREAM_ACTIVE, "changes", 1))
    iterator = client.call("GetShardIterator", stream_id=stream.stream_id, shard_id=described.shards[0].shard_id).shard_iterator
    actions, at = [], iterator
    for size in (4, 2, 0):
        page = client.call("GetStreamRecord", shard_iterator=at, limit=4)
        equal(len(page.stream_records), size)
        actions += [record.action_type for record in page.stream_records]
        at = page.next_shard_iterator
    equal(actions, [pb.PUT_ROW] * 5 + [pb.DELETE_ROW])
    off = client.call("UpdateTable", table_name="changes", stream_spec=pb.StreamSpecification(enable_stream=False))
    equal(off.stream_details.enable_stream, False)
    refused("OTSObjectNotExist", lambda: client.call("GetStreamRecord", shard_iterator=iterator))
    client.call("UpdateTable", table_name="changes",
                stream_spec=pb.StreamSpecification(enable_stream=True, expiration_time=168))
    [again] = client.call("ListStream", table_name="changes").streams
    assert again.stream_id != stream.stream_id and again.creation_time > stream.creation_time
    client.delete_table("changes")


rows_and_tables()
conditions()
batches_and_ranges()
streams()
with tempfile.TemporaryDirectory() as folder:
    Operations(ENDPOINT, oss2.Auth(*KEY), oss2.AUTH_VERSION_1).run(folder)
    Operations(ENDPOINT, oss2.AuthV4(*KEY), oss2.AUTH_VERSION_4).run(folder)
print("python SDKs: all right")
