"""The sandbox as the official Python SDKs see it.

Usage: sandbox_sdk_check.py ENDPOINT   (of a running sluice-sandbox; needs the packages tablestore and oss2)
The Table Store SDK checks date, MD5 and signature of every answer, the OSS SDK every CRC-64.
"""

import sys

import oss2
import tablestore as ts

ENDPOINT = sys.argv[1]
KEY = ("sandbox-id", "sandbox-secret")


def refused(code, action):
    try:
        action()
    except (ts.OTSServiceError, oss2.exceptions.ServerError) as error:
        found = error.code if isinstance(error, oss2.exceptions.ServerError) else error.get_error_code()
        assert found == code, f"{found} instead of {code}"
    else:
        raise AssertionError(f"{code} was expected")


def table_store():
    client = ts.OTSClient(ENDPOINT, *KEY, "python")
    meta = ts.TableMeta("orders", [("uid", "STRING"), ("n", "INTEGER")])
    client.create_table(meta, ts.TableOptions(-1, 1), ts.ReservedThroughput(ts.CapacityUnit(0, 0)))
    key = [("uid", "u\u4e2d"), ("n", -5)]
    ignore = ts.Condition(ts.RowExistenceExpectation.IGNORE)
    columns = [("big", 2**63 - 1), ("d", 0.1), ("b", True), ("s", 'a"b,c\n'), ("raw", bytearray(b"\x00\xff"))]
    client.put_row("orders", ts.Row(key, columns), ignore)
    _, row, _ = client.get_row("orders", key, max_version=1)
    got = {name: value for name, value, _ in row.attribute_columns}
    assert got == dict(columns), got
    client.update_row("orders", ts.Row(key, {"PUT": [("s", "new")], "DELETE_ALL": ["d"]}), ignore)
    _, row, _ = client.get_row("orders", key, max_version=1)
    assert "d" not in [name for name, _, _ in row.attribute_columns]
    first, last = [[("uid", end), ("n", end)] for end in (ts.INF_MIN, ts.INF_MAX)]
    _, following, rows, _ = client.get_range("orders", ts.Direction.FORWARD, first, last, max_version=1)
    assert len(rows) == 1 and following is None
    exists = ts.Condition(ts.RowExistenceExpectation.EXPECT_NOT_EXIST)
    refused("OTSConditionCheckFail", lambda: client.put_row("orders", ts.Row(key, []), exists))
    refused("OTSObjectNotExist", lambda: client.describe_table("none"))
    refused("OTSAuthFailed", lambda: ts.OTSClient(ENDPOINT, KEY[0], "wrong", "python").list_table())
    client.delete_row("orders", ts.Row(key), ignore)
    client.delete_table("orders")


def oss(auth):
    bucket = oss2.Bucket(auth, ENDPOINT, "python-check", region="cn-hangzhou")
    bucket.create_bucket()
    bucket.put_object("a b/\u4e2d.txt", "hello")
    assert bucket.get_object("a b/\u4e2d.txt").read() == b"hello"
    assert bucket.get_object("a b/\u4e2d.txt", byte_range=(1, 3)).read() == b"ell"
    position = bucket.append_object("log", 0, "abc").next_position
    bucket.append_object("log", position, "def", init_crc=bucket.head_object("log").server_crc)
    refused("PositionNotEqualToLength", lambda: bucket.append_object("log", 1, "x"))
    upload = bucket.init_multipart_upload("big").upload_id
    blocks = [b"x" * 102400, b"tail"]
    parts = [oss2.models.PartInfo(i + 1, bucket.upload_part("big", upload, i + 1, block).etag, size=len(block),
                                  part_crc=oss2.utils.Crc64().update(block)) for i, block in enumerate(blocks)]
    bucket.complete_multipart_upload("big", upload, parts)
    assert bucket.get_object("big").read() == b"".join(blocks)
    assert [one.key for one in oss2.ObjectIteratorV2(bucket, max_keys=1)] == ["a b/\u4e2d.txt", "big", "log"]
    bucket.batch_delete_objects(["a b/\u4e2d.txt", "big", "log"])
    refused("NoSuchKey", lambda: bucket.get_object("big"))
    bucket.delete_bucket()


table_store()
oss(oss2.Auth(*KEY))
oss(oss2.AuthV4(*KEY))
print("python SDKs: all right")
