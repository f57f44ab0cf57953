#include "core/s3/client.hpp"

#include "core/base/crc64.hpp"
#include "core/s3/etag.hpp"
#include "core/s3/store.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/fake_s3_transport.hpp"
#include "tests/support/listed_credentials.hpp"
#include "tests/support/listing_answers.hpp"
#include "tests/support/run.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;
using sluice::test::FakeS3Transport;
using Fault = sluice::test::FakeS3Transport::Fault;

namespace {

objects::ObjectTraits csv_traits() {
  objects::ObjectTraits traits;
  traits.content_type = "text/csv";
  return traits;
}

objects::ObjectTraits new_traits() {
  objects::ObjectTraits traits = csv_traits();
  traits.only_if_new = true;
  return traits;
}

const objects::ObjectTraits kCsv = csv_traits();
const objects::ObjectTraits kNew = new_traits();

struct Fixture {
  explicit Fixture(std::string token = "", std::string endpoint = "http://127.0.0.1:9000",
                   std::shared_ptr<http::CredentialsProvider> keys = nullptr) {
    job::Target target;
    target.endpoint = std::move(endpoint);
    target.bucket = "bucket-1";
    target.access_id = "AKIA";
    target.access_key = Secret("canary-key-7731");
    target.security_token = Secret(std::move(token));
    const auto maker = s3::make_store_maker({fake, loop.clock, random, std::move(keys)}, target);
    store = maker.value()([this](std::string_view line) { retries.emplace_back(line); });
  }

  // An upload of two parts, ready to be completed.
  std::string begin(const std::string& object) {
    const std::string id = loop.run(store->initiate_upload(object, kCsv)).value();
    parts = {loop.run(store->upload_part(object, id, 1, first, 0)).value(),
             loop.run(store->upload_part(object, id, 5, second, 0)).value()};
    return id;
  }
  Result<void> complete(const std::string& object, const std::string& id,
                        const objects::ObjectTraits& traits = kCsv) {
    const std::string whole = first + second;
    return loop.run(store->complete_upload(object, id, parts, whole.size(), crc64(0, whole), traits));
  }

  sluice::test::Loop loop;
  FakeS3Transport fake;
  SeededRandom random{1};
  std::vector<std::string> retries;
  std::unique_ptr<objects::ObjectStore> store;
  std::string first = std::string(1000, 'a');
  std::string second = "tail";
  std::vector<objects::Part> parts;
};

}  // namespace

TEST_CASE("s3 client puts, finds, reads and deletes an object", "[s3_client]") {
  Fixture f;
  const std::string name = "dir/a b+\xe4\xbd\xa0.csv";
  REQUIRE(f.loop.run(f.store->put_object(name, "hello\n", kCsv)));
  CHECK(f.fake.objects.at(name).content == "hello\n");
  const auto head = f.loop.run(f.store->head_object(name));
  REQUIRE(head);
  CHECK(head->bytes == 6);
  CHECK_FALSE(head->crc64);
  CHECK(head->metadata == std::vector<std::pair<std::string, std::string>>{{"note", "kept"}});
  CHECK(f.loop.run(f.store->get_object(name, 100)).value() == "hello\n");
  CHECK(f.loop.run(f.store->object_exists(name)).value());
  CHECK_FALSE(f.loop.run(f.store->object_exists("dir")).value());
  REQUIRE(f.loop.run(f.store->delete_object(name)));
  REQUIRE(f.loop.run(f.store->delete_object(name)));
  const auto gone = f.loop.run(f.store->head_object(name));
  REQUIRE_FALSE(gone);
  CHECK(gone.error().code() == Errc::not_found);
  CHECK(gone.error().message() == "look up object " + name + ": 404 NoSuchKey, request 5C9F");
  CHECK(f.retries.empty());
}

TEST_CASE("s3 client signs bodies over plain HTTP and leaves that to TLS elsewhere", "[s3_client]") {
  Fixture plain("token-canary-55");
  REQUIRE(plain.loop.run(plain.store->put_object("a", "x", kCsv)));
  const auto& seen = plain.fake.seen.at(0);
  CHECK(seen.header("x-amz-content-sha256") == http::hex(http::sha256("x")));
  CHECK(seen.header("x-amz-date") == "20181016T000000Z");
  CHECK(seen.header("x-amz-security-token") == "token-canary-55");
  CHECK(seen.header("Content-MD5") == http::base64(http::md5("x")));
  CHECK(seen.header("Authorization")
            .starts_with("AWS4-HMAC-SHA256 Credential=AKIA/20181016/us-east-1/s3/aws4_request, "
                         "SignedHeaders=content-md5;content-type;host;x-amz-content-sha256;x-amz-date;"
                         "x-amz-security-token, Signature="));
  Fixture tls("", "https://minio.example.com");
  REQUIRE(tls.loop.run(tls.store->put_object("a", "x", kCsv)));
  CHECK(tls.fake.seen.at(0).header("x-amz-content-sha256") == "UNSIGNED-PAYLOAD");
}

TEST_CASE("s3 client says of an object what its traits ask for, in the words of S3", "[s3_client]") {
  objects::ObjectTraits traits = csv_traits();
  traits.content_encoding = "gzip";
  traits.storage_class = "IA";
  traits.encryption = "KMS";
  traits.encryption_key_id = "key-1";
  traits.metadata = {{"origin", "sluice"}};
  Fixture f;
  REQUIRE(f.loop.run(f.store->put_object("a", "x", traits)));
  REQUIRE(f.loop.run(f.store->initiate_upload("b", traits)));
  for (const auto& seen : f.fake.seen) {
    CHECK(seen.header("Content-Type") == "text/csv");
    CHECK(seen.header("Content-Encoding") == "gzip");
    CHECK(seen.header("x-amz-storage-class") == "STANDARD_IA");
    CHECK(seen.header("x-amz-server-side-encryption") == "aws:kms");
    CHECK(seen.header("x-amz-server-side-encryption-aws-kms-key-id") == "key-1");
    CHECK(seen.header("x-amz-meta-origin") == "sluice");
  }
  const std::pair<const char*, const char*> classes[] = {{"Standard", "STANDARD"},
                                                         {"Archive", "GLACIER"},
                                                         {"ColdArchive", "DEEP_ARCHIVE"},
                                                         {"GLACIER_IR", "GLACIER_IR"}};
  for (const auto& [name, sent] : classes) {
    traits.storage_class = name;
    REQUIRE(f.loop.run(f.store->put_object("a", "x", traits)));
    CHECK(f.fake.seen.back().header("x-amz-storage-class") == sent);
  }
}

TEST_CASE("s3 client makes an object only if it is new, and knows its own again", "[s3_client]") {
  Fixture f;
  REQUIRE(f.loop.run(f.store->put_object("a", "x", kNew)));
  const auto again = f.loop.run(f.store->put_object("a", "x", kNew));
  REQUIRE_FALSE(again);
  CHECK(again.error().code() == Errc::conflict);
  for (const bool opaque : {false, true}) {
    for (const Fault lost : {Fault::lose_answer, Fault::late_error}) {
      Fixture g;
      g.fake.etags_are_opaque = opaque;
      g.fake.fault = [lost](const auto&, std::size_t number) { return number == 0 ? lost : Fault::none; };
      REQUIRE(g.loop.run(g.store->put_object("b", "x", kNew)));
      CHECK(g.fake.count("GET") == (opaque ? 1 : 0));
    }
  }
  Fixture other;
  other.fake.objects["b"] = {"y", "\"" + http::hex(http::md5("y")) + "\""};
  other.fake.fault = [](const auto&, std::size_t number) {
    return number == 0 ? Fault::drop_request : Fault::none;
  };
  const auto taken = other.loop.run(other.store->put_object("b", "x", kNew));
  REQUIRE_FALSE(taken);
  CHECK(taken.error().code() == Errc::conflict);
}

TEST_CASE("s3 client uploads in parts", "[s3_client]") {
  Fixture f;
  const std::string id = f.begin("a");
  REQUIRE(f.complete("a", id));
  CHECK(f.fake.objects.at("a").content == f.first + f.second);
  CHECK(f.fake.uploads.empty());
  CHECK(f.fake.count("HEAD") == 0);
  REQUIRE(f.loop.run(f.store->abort_upload("a", id)));
  CHECK_FALSE(f.store->may_have_lost_upload());
}

TEST_CASE("s3 client finds out that a completion was done whose answer was lost", "[s3_client]") {
  for (const bool opaque : {false, true}) {
    for (const Fault lost : {Fault::lose_answer, Fault::cut_answer, Fault::late_error}) {
      Fixture f;
      f.fake.etags_are_opaque = opaque;
      const std::string id = f.begin("a");
      f.fake.fault = [lost](const auto& seen, std::size_t number) {
        return seen.method == "POST" && number == 3 ? lost : Fault::none;
      };
      REQUIRE(f.complete("a", id));
      CHECK(f.fake.objects.at("a").content == f.first + f.second);
      CHECK(f.fake.count("HEAD") == 1);
      CHECK(f.fake.count("GET") == (opaque ? 1 : 0));
    }
  }
}

TEST_CASE("s3 client does not take another object for its completion", "[s3_client]") {
  for (const bool opaque : {false, true}) {
    for (const bool same_size : {false, true}) {
      Fixture f;
      f.fake.etags_are_opaque = opaque;
      f.begin("a");
      f.fake.objects["a"] = {std::string(same_size ? 1004 : 5, 'z'), "\"" + std::string(32, '0') + "-2\""};
      if (opaque) f.fake.objects["a"].etag = "\"opaque\"";
      f.fake.fault = [](const auto& seen, std::size_t number) {
        return seen.method == "POST" && number == 3 ? Fault::drop_request : Fault::none;
      };
      const auto done = f.complete("a", "UNKNOWN");
      REQUIRE_FALSE(done);
      CHECK(done.error().code() == Errc::not_found);
      CHECK(done.error().message() == "complete upload of a: 404 NoSuchUpload: told so, request 5C9F");
    }
  }
}

TEST_CASE("s3 client takes an error that comes with status 200 for what it is", "[s3_client]") {
  Fixture f;
  const std::string id = f.begin("a");
  f.fake.fault = [](const auto& seen, std::size_t number) {
    return seen.method == "POST" && number == 3 ? Fault::error_in_success : Fault::none;
  };
  REQUIRE(f.complete("a", id));
  CHECK(f.fake.count("POST") == 3);
  CHECK(f.fake.objects.at("a").content == f.first + f.second);

  Fixture never;
  const std::string other = never.begin("a");
  never.fake.fault = [](const auto& seen, std::size_t) {
    return seen.method == "POST" ? Fault::error_in_success : Fault::none;
  };
  const auto done = never.complete("a", other);
  REQUIRE_FALSE(done);
  CHECK(done.error().code() == Errc::unavailable);
  CHECK(never.fake.objects.empty());
}

TEST_CASE("s3 client looks at the object when a completion's answer says nothing, or another ETag",
          "[s3_client]") {
  for (const char* body : {"", "<html/>",
                           "<CompleteMultipartUploadResult><ETag>00000000000000000000000000000000-2</ETag>"
                           "</CompleteMultipartUploadResult>"}) {
    for (const bool there : {true, false}) {
      CAPTURE(body, there);
      Fixture f;
      const std::string id = f.begin("a");
      f.fake.answer_instead = [&](const auto& seen) -> std::optional<http::Response> {
        if (seen.method != "POST") return std::nullopt;
        if (there) f.fake.objects["a"] = {f.first + f.second, "\"" + s3::upload_etag(f.parts).value() + "\""};
        http::Response response;
        response.status = 200;
        response.body = body;
        return response;
      };
      const auto done = f.complete("a", id);
      CHECK(done.has_value() == there);
      if (!done) CHECK(done.error().code() == Errc::corrupt);
    }
  }
}

TEST_CASE("s3 client completes only what is new when asked to", "[s3_client]") {
  Fixture f;
  const std::string id = f.begin("a");
  f.fake.objects["a"] = {"older", "\"x\""};
  const auto done = f.complete("a", id, kNew);
  REQUIRE_FALSE(done);
  CHECK(done.error().code() == Errc::conflict);
  CHECK(f.fake.objects.at("a").content == "older");
  REQUIRE(f.loop.run(f.store->abort_upload("a", id)));
  CHECK(f.fake.uploads.empty());
}

TEST_CASE("s3 client sends again once when the ETag is another MD5, then fails", "[s3_client]") {
  for (const int wrong : {1, 2}) {
    Fixture f;
    int left = wrong;
    f.fake.answer_instead = [&](const auto&) -> std::optional<http::Response> {
      if (left-- <= 0) return std::nullopt;
      http::Response response;
      response.status = 200;
      response.headers.emplace_back("ETag", std::string(32, '0'));
      return response;
    };
    const auto put = f.loop.run(f.store->put_object("a", "x", kCsv));
    CHECK(put.has_value() == (wrong == 1));
    if (put) continue;
    CHECK(put.error().code() == Errc::corrupt);
    CHECK(put.error().message().starts_with(
        "put object a: the server's MD5 is 00000000000000000000000000000000"));
  }
  Fixture read;
  read.fake.objects["a"] = {"x", "\"" + http::hex(http::md5("y")) + "\""};
  CHECK(read.loop.run(read.store->get_object("a", 10)).error().code() == Errc::corrupt);
}

TEST_CASE("s3 client reads all pages of both listings", "[s3_client]") {
  Fixture f;
  f.fake.page_max = 3;
  for (int i = 0; i < 10; ++i) f.fake.objects["p/a b+" + std::to_string(i)].content = "x";
  f.fake.objects["q"].content = "x";
  for (int i = 0; i < 10; ++i)
    f.loop.run(f.store->initiate_upload("p/ " + std::to_string(i % 4), {})).value();
  const auto objects = f.loop.run(f.store->list_objects("p/"));
  REQUIRE(objects);
  CHECK(objects->size() == 10);
  CHECK(objects->back().name == "p/a b+9");
  CHECK(objects->back().bytes == 1);
  const auto uploads = f.loop.run(f.store->list_uploads("p/"));
  REQUIRE(uploads);
  CHECK(uploads->size() == 10);
  CHECK(uploads->back().object == "p/ 3");
}

TEST_CASE("s3 client does not believe a head without a length, or with one that is no number",
          "[s3_client]") {
  for (const std::string length : {"none", "", "12x", "-1", "18446744073709551616"}) {
    CAPTURE(length);
    Fixture f;
    f.fake.answer_instead = [&](const auto&) -> std::optional<http::Response> {
      http::Response response;
      response.status = 200;
      if (length != "none") response.headers = {{"Content-Length", length}};
      return response;
    };
    const auto head = f.loop.run(f.store->head_object("a"));
    REQUIRE_FALSE(head);
    CHECK(head.error().code() == Errc::corrupt);
    CHECK(head.error().message() == "look up object a: the answer has no length");
  }
}

TEST_CASE("s3 client stops at a listing that never ends", "[s3_client]") {
  Fixture f;
  f.fake.answer_instead = sluice::test::answer_with(
      "<ListBucketResult><IsTruncated>true</IsTruncated>"
      "<NextContinuationToken>t</NextContinuationToken></ListBucketResult>",
      sluice::test::kUploadsOnlyTruncated);
  CHECK_FALSE(f.loop.run(f.store->list_objects("")));
  CHECK_FALSE(f.loop.run(f.store->list_uploads("")));
  CHECK(f.fake.seen.size() == 3);
}

TEST_CASE("s3 client stops at a listing that goes round in circles", "[s3_client]") {
  Fixture f;
  int asked = 0;
  f.fake.answer_instead = [&](const auto& seen) -> std::optional<http::Response> {
    http::Response response;
    response.status = 200;
    const char* const place = asked++ % 2 == 0 ? "a" : "b";
    response.body = seen.queries.contains("uploads")
                        ? fmt::format(
                              "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>"
                              "<NextKeyMarker>a</NextKeyMarker><NextUploadIdMarker>{0}"
                              "</NextUploadIdMarker><Upload><Key>a</Key><UploadId>{0}</UploadId>"
                              "</Upload></ListMultipartUploadsResult>",
                              place)
                        : fmt::format(
                              "<ListBucketResult><IsTruncated>true</IsTruncated>"
                              "<NextContinuationToken>{0}</NextContinuationToken><Contents>"
                              "<Key>{0}</Key><Size>1</Size></Contents></ListBucketResult>",
                              place);
    return response;
  };
  const auto objects = f.loop.run(f.store->list_objects(""));
  REQUIRE_FALSE(objects);
  CHECK(objects.error().message() ==
        "list objects of bucket bucket-1: a page that goes on without saying where");
  CHECK(asked == 3);
  asked = 0;
  CHECK_FALSE(f.loop.run(f.store->list_uploads("")));
  CHECK(asked == 3);
}

TEST_CASE("s3 client takes no name that does not begin with the prefix", "[s3_client]") {
  Fixture f;
  f.fake.answer_instead =
      sluice::test::answer_with(sluice::test::kObjectsElsewhere, sluice::test::kUploadsElsewhere);
  CHECK(f.loop.run(f.store->list_objects("elsewhere/")));
  CHECK(f.loop.run(f.store->list_uploads("elsewhere/")));
  const auto objects = f.loop.run(f.store->list_objects("rows/"));
  REQUIRE_FALSE(objects);
  CHECK(objects.error().code() == Errc::corrupt);
  CHECK_THAT(objects.error().message(), Catch::Contains("does not begin with the prefix"));
  CHECK_FALSE(f.loop.run(f.store->list_uploads("rows/")));
  CHECK_FALSE(f.loop.run(f.store->object_exists("rows/a")));
}

TEST_CASE("s3 client stops at uploads whose next page is the same again", "[s3_client]") {
  Fixture f;
  f.fake.answer_instead = sluice::test::answer_with("", sluice::test::kUploadsThatLeadBack);
  const auto uploads = f.loop.run(f.store->list_uploads(""));
  REQUIRE_FALSE(uploads);
  CHECK(uploads.error().code() == Errc::corrupt);
  CHECK(f.fake.seen.size() == 2);
}

TEST_CASE("s3 client repeats what may pass and knows that an upload may be lost", "[s3_client]") {
  Fixture f;
  f.fake.fault = [](const auto&, std::size_t number) {
    constexpr Fault kFaults[] = {Fault::drop_request, Fault::server_error, Fault::lose_answer};
    return number < std::size(kFaults) ? kFaults[number] : Fault::none;
  };
  REQUIRE(f.loop.run(f.store->initiate_upload("a", kCsv)));
  CHECK(f.store->may_have_lost_upload());
  CHECK(f.fake.uploads.size() == 2);
  REQUIRE(f.retries.size() == 3);
  CHECK(f.retries[1].starts_with("begin upload of a: 503 SlowDown: told so, request 5C9F; attempt 3 in "));
}

TEST_CASE("s3 client sets its date by the server's after a refusal, once", "[s3_client]") {
  Fixture f;
  f.fake.answer_instead = [](const auto& seen) -> std::optional<http::Response> {
    if (seen.header("x-amz-date") == "20181016T030000Z") return std::nullopt;
    return FakeS3Transport::error(403, "RequestTimeTooSkewed",
                                  "<ServerTime>2018-10-16T03:00:00Z</ServerTime>");
  };
  REQUIRE(f.loop.run(f.store->put_object("a", "x", kCsv)));
  CHECK(f.fake.seen.size() == 2);
}

TEST_CASE("s3 client replaces refused keys once and never prints a secret", "[s3_client]") {
  Fixture f("", "http://127.0.0.1:9000", std::make_shared<sluice::test::ListedCredentials>(3));
  f.fake.answer_instead = [](const auto& seen) -> std::optional<http::Response> {
    if (seen.header("x-amz-security-token") == "token-2") return std::nullopt;
    return FakeS3Transport::error(400, "ExpiredToken");
  };
  REQUIRE(f.loop.run(f.store->put_object("a", "x", kCsv)));
  CHECK(f.fake.seen.size() == 2);

  Fixture g("token-canary-55");
  g.fake.answer_instead = [](const auto&) -> std::optional<http::Response> {
    http::Response response;
    response.status = 500;
    response.body =
        "<Error><Code>canary-key-7731</Code><Message>canary-key-7731 and token-canary-55</Message></Error>";
    return response;
  };
  const auto put = g.loop.run(g.store->put_object("a", "x", kCsv));
  REQUIRE_FALSE(put);
  CHECK(put.error().message() == "put object a: 500 ******: ****** and ******");
  for (const std::string& line : g.retries) CHECK(line.find("canary") == std::string::npos);
}

TEST_CASE("s3 store refuses a kind of encryption that S3 does not have", "[s3_client]") {
  Fixture f;
  job::Target target;
  target.endpoint = "http://127.0.0.1:9000";
  target.bucket = "bucket-1";
  target.encryption = "SM4";
  const auto made = s3::make_store_maker({f.fake, f.loop.clock, f.random}, target);
  REQUIRE_FALSE(made);
  CHECK(made.error().message() ==
        "use encryption SM4: S3 has AES256 and KMS; correct `serverSideEncryption`");
}
