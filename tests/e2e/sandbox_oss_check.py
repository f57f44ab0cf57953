"""The operations that all official OSS SDKs share (oss_operations.json), here with the one for Python.

It checks the CRC-64 of all that it puts, appends, completes and reads.
"""

import json
import logging
import pathlib
import urllib.request

import oss2

logging.disable(logging.CRITICAL)  # the SDK prints a trace of every error that it is meant to meet
BLOCK = 102400
NAMES = json.loads((pathlib.Path(__file__).parent / "oss_operations.json").read_text())


def equal(found, expected):
    assert found == expected, f"{found!r} instead of {expected!r}"


def refused(status, code, action):
    try:
        action()
    except oss2.exceptions.ServerError as error:
        equal((error.status, error.code), (status, code))
        return error
    raise AssertionError(f"{code} was expected")


def keys_of(listing):
    return [one.key for one in listing.object_list]


class Operations:
    """One method for each name, in the order of the list."""

    def __init__(self, endpoint, auth, version):
        self.endpoint, self.version = endpoint, version
        self.bucket = oss2.Bucket(auth, endpoint, "python-check", region="cn-hangzhou")

    def admin(self, call, body):
        request = urllib.request.Request(f"{self.endpoint}/_sandbox/{call}", json.dumps(body).encode())
        return json.load(urllib.request.urlopen(request))

    def text(self, key, **more):
        return self.bucket.get_object(key, **more).read()

    def put_and_get(self):
        self.bucket.put_object("dir/a b+\u4e2d\u6587.csv", "hello world")
        equal(self.text("dir/a b+\u4e2d\u6587.csv"), b"hello world")

    def get_a_range(self):
        self.bucket.put_object("range", "hello world")
        got = self.bucket.get_object("range", byte_range=(6, 8))
        equal((got.status, got.read(), got.headers["content-range"]), (206, b"wor", "bytes 6-8/11"))
        standard = {"x-oss-range-behavior": "standard"}
        refused(416, "InvalidRange", lambda: self.bucket.get_object("range", byte_range=(99, None), headers=standard))

    def head_and_metadata(self):
        self.bucket.put_object("meta", "x", headers={"x-oss-meta-who": "me", "Content-Type": "text/csv"})
        head = self.bucket.head_object("meta")
        equal((head.headers["x-oss-meta-who"], head.content_type, head.content_length), ("me", "text/csv", 1))
        refused(400, "InvalidArgument", lambda: self.bucket.put_object("much", "x", headers={"x-oss-meta-a": "x" * 8192}))

    def list_first_version(self):
        for name in ("1", "2", "d/3", "d/4", "5"):
            self.bucket.put_object(f"list/{name}", "x")
        first = self.bucket.list_objects("list/", "/", max_keys=2)
        equal(keys_of(first), ["list/1", "list/2"])
        rest = self.bucket.list_objects("list/", "/", marker=first.next_marker)
        equal((keys_of(rest), rest.prefix_list), (["list/5"], ["list/d/"]))

    def list_second_version(self):
        for name in ("1", "2", "3"):
            self.bucket.put_object(f"v2/{name}", "x")
        first = self.bucket.list_objects_v2("v2/", max_keys=2)
        equal(keys_of(first), ["v2/1", "v2/2"])
        equal(keys_of(self.bucket.list_objects_v2("v2/", continuation_token=first.next_continuation_token)), ["v2/3"])
        equal(keys_of(self.bucket.list_objects_v2("v2/", start_after="v2/1")), ["v2/2", "v2/3"])

    def delete(self):
        self.bucket.put_object("gone", "x")
        self.bucket.delete_object("gone")
        self.bucket.delete_object("gone")
        refused(404, "NoSuchKey", lambda: self.bucket.get_object("gone"))

    def delete_many(self):
        self.bucket.put_object("many/1", "x")
        self.bucket.put_object("many/<2>&", "x")
        self.bucket.batch_delete_objects(["many/1", "many/<2>&", "many/never there"])
        equal(keys_of(self.bucket.list_objects("many/")), [])

    def append(self):
        first = self.bucket.append_object("log", 0, "abc", headers={"x-oss-storage-class": "IA"})
        self.bucket.append_object("log", first.next_position, "def", init_crc=first.crc)
        equal(self.text("log"), b"abcdef")
        equal(self.bucket.head_object("log").headers["x-oss-next-append-position"], "6")
        error = refused(409, "PositionNotEqualToLength", lambda: self.bucket.append_object("log", 1, "x"))
        equal(error.next_position, 6)
        refused(400, "OperationNotSupported", lambda: self.bucket.copy_object("python-check", "log", "log2"))

    def copy(self):
        self.bucket.put_object("from", "content", headers={"x-oss-meta-v": "1"})

        def copied(**headers):
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            return self.bucket.copy_object("python-check", "from", "to", headers=names)

        copied()
        equal((self.text("to"), self.bucket.head_object("to").headers["x-oss-meta-v"]), (b"content", "1"))
        copied(x_oss_metadata_directive="REPLACE", x_oss_meta_v="2")
        equal(self.bucket.head_object("to").headers["x-oss-meta-v"], "2")
        etag = self.bucket.head_object("from").etag
        refused(412, "PreconditionFailed", lambda: copied(x_oss_copy_source_if_match='"00"'))
        try:
            copied(x_oss_copy_source_if_none_match=f'"{etag}"')
            raise AssertionError("304 was expected")
        except oss2.exceptions.NotModified:
            pass

    def part(self, key, upload, number, content):
        done = self.bucket.upload_part(key, upload, number, content)
        return oss2.models.PartInfo(number, done.etag, size=len(content), part_crc=done.crc)

    def multipart_upload(self):
        blocks = [b"a" * BLOCK, b"tail"]
        upload = self.bucket.init_multipart_upload("big", headers={"x-oss-storage-class": "IA"}).upload_id
        parts = [self.part("big", upload, i + 1, block) for i, block in enumerate(blocks)]
        equal([one.size for one in self.bucket.list_parts("big", upload).parts], [BLOCK, 4])
        self.bucket.complete_multipart_upload("big", upload, parts)
        equal(self.text("big"), b"".join(blocks))
        equal(self.bucket.head_object("big").headers["x-oss-storage-class"], "IA")

    def multipart_upload_resumed(self):
        content = b"sluice" * (BLOCK // 2)
        file = pathlib.Path(self.folder) / "resumed.bin"
        file.write_bytes(content)
        seen = []

        def stop(done, total):
            seen.append(done)
            if done >= 2 * BLOCK:
                raise InterruptedError

        store = oss2.ResumableStore(root=self.folder)
        sent = dict(store=store, multipart_threshold=BLOCK, part_size=BLOCK, num_threads=1)
        try:
            oss2.resumable_upload(self.bucket, "resumed", str(file), progress_callback=stop, **sent)
            raise AssertionError("an interruption was expected")
        except InterruptedError:
            pass
        again = []
        oss2.resumable_upload(self.bucket, "resumed", str(file), progress_callback=lambda done, _: again.append(done), **sent)
        assert again[0] > 0, again
        equal(self.text("resumed"), content)

    def multipart_upload_aborted(self):
        upload = self.bucket.init_multipart_upload("folder/never").upload_id
        small = [self.part("folder/never", upload, number, b"x") for number in (1, 2)]
        complete = self.bucket.complete_multipart_upload
        refused(400, "EntityTooSmall", lambda: complete("folder/never", upload, small))
        wrong = [oss2.models.PartInfo(number, "00") for number in (1, 2)]
        refused(400, "InvalidPart", lambda: complete("folder/never", upload, wrong))
        equal([one.key for one in self.bucket.list_multipart_uploads("folder/").upload_list], ["folder/never"])
        equal(self.bucket.list_multipart_uploads(delimiter="/").prefix_list, ["folder/"])
        self.bucket.abort_multipart_upload("folder/never", upload)
        refused(404, "NoSuchUpload", lambda: self.bucket.list_parts("folder/never", upload))

    def temporary_keys(self):
        keys = self.admin("keys", {})

        def by_role(token):
            auth = oss2.StsAuth(keys["access_id"], keys["access_key"], token, auth_version=self.version)
            return oss2.Bucket(auth, self.endpoint, "python-check", region="cn-hangzhou")

        by_role(keys["security_token"]).put_object("sts", "by a role")
        equal(self.text("sts"), b"by a role")
        refused(403, "InvalidSecurityToken", lambda: by_role("wrong").get_object("sts"))

    def presigned_get(self):
        self.bucket.put_object("signed", "open sesame")
        url = self.bucket.sign_url("GET", "signed", 60, slash_safe=True)
        equal(urllib.request.urlopen(url).read(), b"open sesame")
        try:
            urllib.request.urlopen(url.replace("/signed", "/spoiled"))
            raise AssertionError("403 was expected")
        except urllib.error.HTTPError as error:
            equal(error.code, 403)

    def presigned_put(self):
        headers = {"Content-Type": "text/csv", "x-oss-meta-by": "address"}
        url = self.bucket.sign_url("PUT", "by address", 60, headers=headers, slash_safe=True)
        equal(self.bucket.put_object_with_url(url, "put", headers=headers).status, 200)
        equal((self.text("by address"), self.bucket.head_object("by address").headers["x-oss-meta-by"]), (b"put", "address"))
        refused(403, "SignatureDoesNotMatch", lambda: self.bucket.put_object_with_url(url, "put"))

    def storage_class(self):
        self.bucket.put_object("class", "x", headers={"x-oss-storage-class": "IA"})
        equal(self.bucket.head_object("class").headers["x-oss-storage-class"], "IA")
        equal(self.bucket.list_objects("class").object_list[0].storage_class, "IA")
        refused(400, "InvalidArgument", lambda: self.bucket.put_object("class", "x", headers={"x-oss-storage-class": "Cheap"}))
        self.bucket.put_object("cold", "x", headers={"x-oss-storage-class": "Archive"})
        refused(403, "InvalidObjectState", lambda: self.bucket.get_object("cold"))

    def server_side_encryption(self):
        name, key = "x-oss-server-side-encryption", "x-oss-server-side-encryption-key-id"
        self.bucket.put_object("aes", "x", headers={name: "AES256"})
        head = self.bucket.head_object("aes")
        equal((head.headers[name], head.etag), ("AES256", "9DD4E461268C8034F5C8564E155C67A6"))
        self.bucket.put_object("kms", "x", headers={name: "KMS", key: "k-1"})
        head = self.bucket.head_object("kms")
        equal((head.headers[name], head.headers[key]), ("KMS", "k-1"))
        assert head.etag != "9DD4E461268C8034F5C8564E155C67A6"
        refused(400, "InvalidEncryptionAlgorithmError", lambda: self.bucket.put_object("bad", "x", headers={name: "ROT13"}))

    def forbid_overwrite(self):
        forbid = {"x-oss-forbid-overwrite": "true"}
        upload = self.bucket.init_multipart_upload("once", headers=forbid).upload_id
        parts = [self.part("once", upload, 1, b"part")]
        self.bucket.put_object("once", "first", headers=forbid)
        for action in (lambda: self.bucket.put_object("once", "second", headers=forbid),
                       lambda: self.bucket.copy_object("python-check", "class", "once", headers=forbid),
                       lambda: self.bucket.init_multipart_upload("once", headers=forbid),
                       lambda: self.bucket.complete_multipart_upload("once", upload, parts, headers=forbid)):
            refused(409, "FileAlreadyExists", action)
        self.bucket.abort_multipart_upload("once", upload)
        equal(self.text("once"), b"first")
        refused(400, "InvalidArgument", lambda: self.bucket.put_object("x", "x", headers={"x-oss-forbid-overwrite": "maybe"}))

    def checksums(self):
        crc = {"x-oss-hash-crc64ecma": "11051210869376104954"}  # of 123456789
        equal(self.bucket.put_object("sum", "123456789", headers=crc).crc, 11051210869376104954)
        equal(self.bucket.head_object("sum").server_crc, 11051210869376104954)
        refused(400, "InvalidCRC64", lambda: self.bucket.put_object("sum", "x", headers=crc))
        refused(400, "InvalidDigest", lambda: self.bucket.put_object("sum", "x", headers={"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}))
        equal(self.text("sum"), b"123456789")
        self.admin("faults", [{"service": "oss", "operation": "PutObject", "nth": 1, "action": "bad_crc"}])
        try:
            self.bucket.put_object("sum", "x")
            raise AssertionError("an inconsistency was expected")
        except oss2.exceptions.InconsistentError:
            pass
        self.admin("faults", [])

    def what_is_not_there(self):
        refused(501, "NotImplemented", self.bucket.get_bucket_lifecycle)
        refused(501, "NotImplemented", lambda: self.bucket.get_object_tagging("sum"))
        refused(501, "NotImplemented", lambda: self.bucket.put_object("tagged", "x", headers={"x-oss-tagging": "a=b"}))
        refused(400, "NotImplemented", lambda: self.bucket.put_object("conditional", "x", headers={"If-None-Match": "*"}))

    def run(self, folder):
        self.folder = folder
        self.bucket.create_bucket()
        for name in NAMES:
            getattr(self, name.replace(",", "").replace(" ", "_").replace("-", "_"))()
        equal(json.load(urllib.request.urlopen(f"{self.endpoint}/_sandbox/stats"))["open_uploads"], 0)
        for one in list(oss2.ObjectIterator(self.bucket)):
            self.bucket.delete_object(one.key)
        self.bucket.delete_bucket()
