#include "core/oss/client.hpp"

#include "core/base/crc64.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/listed_credentials.hpp"
#include "tests/support/listing_answers.hpp"
#include "tests/support/oss_client_fixture.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;
using sluice::test::FakeOssTransport;
using sluice::test::header_of;
using sluice::test::options_for;
using Fixture = sluice::test::OssClientFixture;
using Fault = sluice::test::FakeOssTransport::Fault;

namespace {

const objects::ObjectTraits kCsv = sluice::test::csv_traits();

}  // namespace

TEST_CASE("oss client puts, finds, reads and deletes an object", "[oss_client]") {
  Fixture f;
  const std::string name = "dir/a b+\xe4\xbd\xa0.csv";
  REQUIRE(f.loop.run(f.client.put_object(name, "hello\n", kCsv)));
  CHECK(f.fake.objects.at(name) == "hello\n");
  const auto head = f.loop.run(f.client.head_object(name));
  REQUIRE(head);
  CHECK(head->bytes == 6);
  CHECK(head->crc64 == crc64(0, "hello\n"));
  CHECK(f.loop.run(f.client.get_object(name, 100)).value() == "hello\n");
  CHECK(f.loop.run(f.client.object_exists(name)).value());
  CHECK_FALSE(f.loop.run(f.client.object_exists("dir")).value());
  REQUIRE(f.loop.run(f.client.delete_object(name)));
  REQUIRE(f.loop.run(f.client.delete_object(name)));
  const auto gone = f.loop.run(f.client.head_object(name));
  REQUIRE_FALSE(gone);
  CHECK(gone.error().code() == Errc::not_found);
  CHECK(f.retries.empty());
}

TEST_CASE("oss client signs with version 4 when a region is given and sends the token", "[oss_client]") {
  oss::ClientOptions options = options_for("http://127.0.0.1:9001", "token-canary-55");
  options.region = "oss-cn-hangzhou";
  Fixture f(options);
  REQUIRE(f.loop.run(f.client.put_object("a", "x", kCsv)));
  const auto& seen = f.fake.seen.at(0);
  CHECK(header_of(seen, "Authorization")
            .starts_with(
                "OSS4-HMAC-SHA256 Credential=LTAI/20181016/cn-hangzhou/oss/aliyun_v4_request,Signature="));
  CHECK(header_of(seen, "x-oss-date") == "20181016T000000Z");
  CHECK(header_of(seen, "x-oss-content-sha256") == "UNSIGNED-PAYLOAD");
  CHECK(header_of(seen, "x-oss-security-token") == "token-canary-55");
}

TEST_CASE("oss client repeats what may pass, with new signatures and growing pauses", "[oss_client]") {
  Fixture f;
  f.fake.fault = [](const auto&, std::size_t number) {
    constexpr Fault kFaults[] = {Fault::drop_request, Fault::server_error, Fault::late_error,
                                 Fault::lose_answer};
    return number < std::size(kFaults) ? kFaults[number] : Fault::none;
  };
  const Instant start = f.loop.clock.now();
  REQUIRE(f.loop.run(f.client.put_object("a", "x", kCsv)));
  CHECK(f.fake.objects.at("a") == "x");
  CHECK(f.fake.seen.size() == 5);
  CHECK(header_of(f.fake.seen[0], "Authorization") != header_of(f.fake.seen[4], "Authorization"));
  CHECK(f.loop.clock.now() - start >= 1500ms);
  CHECK(f.loop.clock.now() - start <= 3000ms);
  REQUIRE(f.retries.size() == 4);
  CHECK(f.retries[1].starts_with("put object a: 503 SlowDown: told so, request 5C9F; attempt 3 in "));
}

TEST_CASE("oss client gives up after five attempts and says of what", "[oss_client]") {
  Fixture f;
  f.fake.fault = [](const auto&, std::size_t) { return Fault::server_error; };
  const auto part = f.loop.run(f.client.upload_part("orders/x.csv", "ID", 3, "body", 1));
  REQUIRE_FALSE(part);
  CHECK(part.error().code() == Errc::throttled);
  CHECK(part.error().message() == "upload part 3 of orders/x.csv: 503 SlowDown: told so, request 5C9F");
  CHECK(f.fake.seen.size() == 5);
}

TEST_CASE("oss client does not repeat what cannot pass", "[oss_client]") {
  Fixture f;
  f.fake.bucket_exists = false;
  const auto listed = f.loop.run(f.client.list_objects("x"));
  REQUIRE_FALSE(listed);
  CHECK(listed.error().code() == Errc::not_found);
  CHECK(listed.error().message() ==
        "list objects of bucket bucket-1: 404 NoSuchBucket: told so, request 5C9F; create the bucket or "
        "correct "
        "`bucket`");
  CHECK(f.fake.seen.size() == 1);
}

TEST_CASE("oss client waits as long as the server asks", "[oss_client]") {
  Fixture f;
  int asked = 0;
  f.fake.answer_instead = [&](const auto&) -> std::optional<http::Response> {
    if (asked++ > 0) return std::nullopt;
    http::Response response = FakeOssTransport::error(429, "Slow");
    response.headers.emplace_back("Retry-After", "7");
    return response;
  };
  const Instant start = f.loop.clock.now();
  REQUIRE(f.loop.run(f.client.put_object("a", "x", kCsv)));
  CHECK(f.loop.clock.now() - start >= 7s);
  CHECK(f.loop.clock.now() - start <= 7s + 875ms);
}

TEST_CASE("oss client sends again once when the checksum is wrong, then fails", "[oss_client]") {
  Fixture once;
  once.fake.fault = [](const auto&, std::size_t number) {
    return number == 0 ? Fault::wrong_checksum : Fault::none;
  };
  REQUIRE(once.loop.run(once.client.put_object("a", "x", kCsv)));
  CHECK(once.fake.seen.size() == 2);

  Fixture always;
  always.fake.fault = [](const auto&, std::size_t) { return Fault::wrong_checksum; };
  const auto put = always.loop.run(always.client.put_object("a", "x", kCsv));
  REQUIRE_FALSE(put);
  CHECK(put.error().code() == Errc::corrupt);
  CHECK(always.fake.seen.size() == 2);
}

TEST_CASE("oss client sets its date by the server's after a refusal, once", "[oss_client]") {
  Fixture f;
  f.fake.answer_instead = [](const auto& seen) -> std::optional<http::Response> {
    if (header_of(seen, "x-oss-date") == "Tue, 16 Oct 2018 03:00:00 GMT") return std::nullopt;
    return FakeOssTransport::error(403, "RequestTimeTooSkewed",
                                   "<ServerTime>2018-10-16T03:00:00.000Z</ServerTime>");
  };
  REQUIRE(f.loop.run(f.client.put_object("a", "x", kCsv)));
  CHECK(f.fake.seen.size() == 2);

  Fixture stubborn;
  stubborn.fake.answer_instead = [](const auto&) -> std::optional<http::Response> {
    return FakeOssTransport::error(403, "RequestTimeTooSkewed",
                                   "<ServerTime>2018-10-16T03:00:00.000Z</ServerTime>");
  };
  const auto put = stubborn.loop.run(stubborn.client.put_object("a", "x", kCsv));
  REQUIRE_FALSE(put);
  CHECK(put.error().message().ends_with("set the clock of this machine"));
  CHECK(stubborn.fake.seen.size() == 2);

  Fixture absurd;
  absurd.fake.answer_instead = [](const auto&) -> std::optional<http::Response> {
    return FakeOssTransport::error(403, "RequestTimeTooSkewed",
                                   "<ServerTime>1970-01-01T00:00:00.000Z</ServerTime>");
  };
  REQUIRE_FALSE(absurd.loop.run(absurd.client.put_object("a", "x", kCsv)));
  CHECK(absurd.fake.seen.size() == 1);
}

TEST_CASE("oss client finds out that a completion was done whose answer was lost", "[oss_client]") {
  for (const Fault lost : {Fault::lose_answer, Fault::cut_answer, Fault::late_error}) {
    Fixture f;
    const std::string id = f.loop.run(f.client.initiate_upload("a", kCsv)).value();
    const std::string body(200'000, 'x');
    const std::uint64_t crc = sluice::crc64(0, body);
    std::vector<oss::Part> parts = {f.loop.run(f.client.upload_part("a", id, 1, body, crc)).value()};
    f.fake.fault = [&](const auto& seen, std::size_t number) {
      return seen.method == "POST" && number == 2 ? lost : Fault::none;
    };
    REQUIRE(f.loop.run(f.client.complete_upload("a", id, parts, body.size(), crc, {})));
    CHECK(f.fake.objects.at("a") == body);
    CHECK(f.fake.count("HEAD") == 1);
  }
}

TEST_CASE("oss client does not take another object for its completion", "[oss_client]") {
  Fixture f;
  f.fake.objects["a"] = "another content";
  f.fake.fault = [](const auto&, std::size_t number) {
    return number == 0 ? Fault::drop_request : Fault::none;
  };
  const std::vector<oss::Part> parts;
  const auto done = f.loop.run(f.client.complete_upload("a", "UNKNOWN", parts, 5, 5, {}));
  REQUIRE_FALSE(done);
  CHECK(done.error().code() == Errc::not_found);
}

TEST_CASE("oss client reads all pages of both listings", "[oss_client]") {
  Fixture f;
  f.fake.page_max = 3;
  for (int i = 0; i < 10; ++i) f.fake.objects["p/" + std::to_string(i)] = "x";
  f.fake.objects["q"] = "x";
  for (int i = 0; i < 10; ++i) f.loop.run(f.client.initiate_upload("p/" + std::to_string(i % 4), {})).value();
  const auto objects = f.loop.run(f.client.list_objects("p/"));
  REQUIRE(objects);
  CHECK(objects->size() == 10);
  CHECK(objects->back().name == "p/9");
  const auto uploads = f.loop.run(f.client.list_uploads("p/"));
  REQUIRE(uploads);
  CHECK(uploads->size() == 10);
}

TEST_CASE("oss client names the request whose answer cannot be used", "[oss_client]") {
  Fixture f;
  f.fake.answer_instead = [](const auto&) -> std::optional<http::Response> {
    http::Response response;
    response.status = 200;
    response.headers.emplace_back("x-oss-request-id", "5C9F");
    response.body = "<Nothing/>";
    return response;
  };
  const auto ends_well = [](const auto& result) {
    REQUIRE_FALSE(result);
    CHECK(result.error().code() == Errc::corrupt);
    CHECK(result.error().message().ends_with(", request 5C9F"));
  };
  ends_well(f.loop.run(f.client.head_object("a")));
  ends_well(f.loop.run(f.client.initiate_upload("a", kCsv)));
  ends_well(f.loop.run(f.client.upload_part("a", "ID", 1, "x", 1)));
  ends_well(f.loop.run(f.client.list_objects("a")));
  ends_well(f.loop.run(f.client.list_uploads("a")));
}

TEST_CASE("oss client makes one line of UTF-8 of a request's id", "[oss_client]") {
  Fixture f;
  f.fake.answer_instead = [](const auto&) -> std::optional<http::Response> {
    http::Response response;
    response.status = 200;
    response.headers = {{"x-oss-request-id", "5C\xff\t9F"}, {"x-oss-hash-crc64ecma", "1"}};
    return response;
  };
  const auto head = f.loop.run(f.client.head_object("a"));
  REQUIRE_FALSE(head);
  CHECK(head.error().message() == "look up object a: the answer has no length, request 5C? 9F");
  const auto put = f.loop.run(f.client.put_object("a", "x", kCsv));
  REQUIRE_FALSE(put);
  CHECK_THAT(put.error().message(), Catch::EndsWith(", request 5C? 9F"));
}

TEST_CASE("oss client stops at a listing that never ends", "[oss_client]") {
  Fixture f;
  f.fake.answer_instead = sluice::test::answer_with(
      "<ListBucketResult><IsTruncated>true</IsTruncated><NextMarker>m</NextMarker>"
      "</ListBucketResult>",
      sluice::test::kUploadsOnlyTruncated);
  CHECK_FALSE(f.loop.run(f.client.list_objects("")));
  CHECK_FALSE(f.loop.run(f.client.list_uploads("")));
  CHECK(f.fake.seen.size() == 3);
}

TEST_CASE("oss client takes no name that does not begin with the prefix", "[oss_client]") {
  Fixture f;
  f.fake.answer_instead =
      sluice::test::answer_with(sluice::test::kObjectsElsewhere, sluice::test::kUploadsElsewhere);
  CHECK(f.loop.run(f.client.list_objects("elsewhere/")));
  CHECK(f.loop.run(f.client.list_uploads("elsewhere/")));
  const auto objects = f.loop.run(f.client.list_objects("rows/"));
  REQUIRE_FALSE(objects);
  CHECK(objects.error().code() == Errc::corrupt);
  CHECK_THAT(objects.error().message(), Catch::Contains("does not begin with the prefix"));
  CHECK_FALSE(f.loop.run(f.client.list_uploads("rows/")));
  CHECK_FALSE(f.loop.run(f.client.object_exists("rows/a")));
}

TEST_CASE("oss client stops at uploads whose next page is the same again", "[oss_client]") {
  Fixture f;
  f.fake.answer_instead = sluice::test::answer_with("", sluice::test::kUploadsThatLeadBack);
  const auto uploads = f.loop.run(f.client.list_uploads(""));
  REQUIRE_FALSE(uploads);
  CHECK(uploads.error().code() == Errc::corrupt);
  CHECK(f.fake.seen.size() == 2);
}

TEST_CASE("oss client replaces refused keys once and repeats at once with the others", "[oss_client]") {
  oss::ClientOptions options = options_for("http://127.0.0.1:9001");
  options.credentials = std::make_shared<sluice::test::ListedCredentials>(3);
  Fixture f(options);
  int refusals = 1;
  f.fake.answer_instead = [&](const auto&) -> std::optional<http::Response> {
    if (refusals-- <= 0) return std::nullopt;
    return FakeOssTransport::error(403, "SecurityTokenExpired");
  };
  const Instant start = f.loop.clock.now();
  REQUIRE(f.loop.run(f.client.put_object("a", "x", kCsv)));
  CHECK(header_of(f.fake.seen[0], "x-oss-security-token") == "token-1");
  CHECK(header_of(f.fake.seen[1], "x-oss-security-token") == "token-2");
  CHECK(f.loop.clock.now() == start);
  refusals = 2;
  const auto refused = f.loop.run(f.client.put_object("a", "x", kCsv));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::unauthenticated);
  CHECK(refused.error().message() ==
        "put object a: 403 SecurityTokenExpired: told so, request 5C9F; get a new security token");
  CHECK(f.fake.seen.size() == 4);
}

TEST_CASE("oss client does not repeat with keys that cannot be replaced", "[oss_client]") {
  Fixture f;
  f.fake.answer_instead = [](const auto&) -> std::optional<http::Response> {
    return FakeOssTransport::error(403, "InvalidAccessKeyId");
  };
  CHECK_FALSE(f.loop.run(f.client.put_object("a", "x", kCsv)));
  CHECK(f.fake.seen.size() == 1);
}

TEST_CASE("oss client reports keys that cannot be had, and sends nothing", "[oss_client]") {
  oss::ClientOptions options = options_for("http://127.0.0.1:9001");
  options.credentials = std::make_shared<sluice::test::ListedCredentials>(0);
  Fixture f(options);
  const auto put = f.loop.run(f.client.put_object("a", "x", kCsv));
  REQUIRE_FALSE(put);
  CHECK(put.error().code() == Errc::not_found);
  CHECK(put.error().message() == "put object a: no keys left");
  CHECK(f.fake.seen.empty());
}

TEST_CASE("oss client never prints a secret that a server sends back", "[oss_client]") {
  Fixture f(options_for("http://127.0.0.1:9001", "token-canary-55"));
  f.fake.answer_instead = [](const auto&) -> std::optional<http::Response> {
    http::Response response;
    response.status = 500;
    response.body =
        "<Error><Code>canary-key-7731</Code><Message>canary-key-7731 and token-canary-55</Message></Error>";
    return response;
  };
  const auto put = f.loop.run(f.client.put_object("a", "x", kCsv));
  REQUIRE_FALSE(put);
  CHECK(put.error().message() == "put object a: 500 ******: ****** and ******");
  for (const std::string& line : f.retries) {
    CHECK(line.find("canary-key") == std::string::npos);
    CHECK(line.find("token-canary") == std::string::npos);
  }
}
