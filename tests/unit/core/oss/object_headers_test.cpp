#include "core/oss/object_headers.hpp"

#include "core/base/crc64.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/oss_client_fixture.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using sluice::test::FakeOssTransport;
using Fixture = sluice::test::OssClientFixture;
using Fault = sluice::test::FakeOssTransport::Fault;

namespace {

objects::ObjectTraits all_traits() {
  objects::ObjectTraits traits = sluice::test::csv_traits();
  traits.content_encoding = "gzip";
  traits.storage_class = "IA";
  traits.encryption = "KMS";
  traits.encryption_key_id = "9468da86-3509-4f8d-a61e-6eab1eac0001";
  traits.metadata = {{"origin", "orders"}, {"a-2", "x"}};
  return traits;
}

// Headers of a request that say something of the object, in the order in which they are sent.
http::Headers told(const FakeOssTransport::Seen& seen) {
  http::Headers result;
  for (const auto& header : seen.headers) {
    const std::string& name = header.first;
    const bool of_all = name == "Authorization" || name == "x-oss-date" || name == "x-oss-hash-crc64ecma";
    if (!of_all) result.push_back(header);
  }
  return result;
}

const http::Headers kAllHeaders = {
    {"Content-Type", "text/csv"},
    {"Content-Encoding", "gzip"},
    {"x-oss-storage-class", "IA"},
    {"x-oss-server-side-encryption", "KMS"},
    {"x-oss-server-side-encryption-key-id", "9468da86-3509-4f8d-a61e-6eab1eac0001"},
    {"x-oss-meta-origin", "orders"},
    {"x-oss-meta-a-2", "x"},
};

}  // namespace

TEST_CASE("oss object headers: nothing is sent for what is not said", "[oss_headers]") {
  CHECK(oss::headers_of({}).empty());
  objects::ObjectTraits traits;
  traits.metadata = {{"empty", ""}};
  CHECK(oss::headers_of(traits).empty());
  CHECK(oss::overwrite_header_of(all_traits()).empty());
}

TEST_CASE("oss object headers: put and the begin of an upload say all of an object", "[oss_headers]") {
  Fixture f;
  REQUIRE(f.loop.run(f.client.put_object("a", "x", all_traits())));
  CHECK(told(f.fake.seen.at(0)) == kAllHeaders);
  REQUIRE(f.loop.run(f.client.initiate_upload("b", all_traits())));
  CHECK(told(f.fake.seen.at(1)) == kAllHeaders);
  CHECK(f.fake.traits.at("a") == f.fake.uploads.begin()->second.traits);
}

TEST_CASE("oss object headers: parts say nothing, completing only whether to overwrite", "[oss_headers]") {
  Fixture f;
  objects::ObjectTraits traits = all_traits();
  traits.only_if_new = true;
  const std::string id = f.loop.run(f.client.initiate_upload("a", traits)).value();
  const std::vector<oss::Part> parts = {
      f.loop.run(f.client.upload_part("a", id, 1, "x", sluice::crc64(0, "x"))).value()};
  REQUIRE(f.loop.run(f.client.complete_upload("a", id, parts, 1, sluice::crc64(0, "x"), traits)));
  CHECK(told(f.fake.seen.at(1)).empty());
  const http::Headers expected = {{"x-oss-forbid-overwrite", "true"},
                                  {"Content-Type", "application/xml"},
                                  {"Content-MD5", sluice::test::header_of(f.fake.seen.at(2), "Content-MD5")}};
  CHECK(told(f.fake.seen.at(2)) == expected);
  CHECK(f.fake.traits.at("a").at("x-oss-storage-class") == "IA");
}

TEST_CASE("oss object headers: metadata comes back from HEAD with lower-case names", "[oss_headers]") {
  Fixture f;
  REQUIRE(f.loop.run(f.client.put_object("a", "x", all_traits())));
  const auto head = f.loop.run(f.client.head_object("a"));
  REQUIRE(head);
  const std::vector<std::pair<std::string, std::string>> sorted = {{"a-2", "x"}, {"origin", "orders"}};
  CHECK(head->metadata == sorted);

  http::Response response;
  response.headers = {{"content-length", "12"}, {"X-Oss-Meta-Origin", "orders"}, {"x-oss-metadata", "no"}};
  const auto other = oss::head_of(response);
  REQUIRE(other);
  CHECK(other->bytes == 12);
  CHECK(other->metadata == std::vector<std::pair<std::string, std::string>>{{"origin", "orders"}});
  CHECK_FALSE(other->crc64);
}

TEST_CASE("oss object headers: an answer without a usable length is corrupt", "[oss_headers]") {
  for (const char* length : {"", "-1", "12x", "99999999999999999999999"}) {
    http::Response response;
    response.headers = {{"Content-Length", length}};
    const auto head = oss::head_of(response);
    REQUIRE_FALSE(head);
    CHECK(head.error().code() == Errc::corrupt);
  }
}

TEST_CASE("oss client: the server is told the checksum of what it should have got", "[oss_headers]") {
  Fixture f;
  REQUIRE(f.loop.run(f.client.put_object("a", "123456789", {})));
  CHECK(sluice::test::header_of(f.fake.seen.at(0), "x-oss-hash-crc64ecma") == "11051210869376104954");
  const std::string id = f.loop.run(f.client.initiate_upload("b", {})).value();
  REQUIRE(f.loop.run(f.client.upload_part("b", id, 1, "x", sluice::crc64(0, "x"))));
  CHECK(sluice::test::header_of(f.fake.seen.at(2), "x-oss-hash-crc64ecma") ==
        std::to_string(sluice::crc64(0, "x")));
}

TEST_CASE("oss client: a body spoiled on its way is never stored, and sent again", "[oss_headers]") {
  Fixture f;
  f.fake.fault = [](const auto&, std::size_t number) {
    return number == 0 ? Fault::spoil_body : Fault::none;
  };
  REQUIRE(f.loop.run(f.client.put_object("a", "x", {})));
  CHECK(f.fake.completed == std::vector<std::string>{"a"});
  CHECK(f.fake.objects.at("a") == "x");
  REQUIRE(f.retries.size() == 1);
  CHECK(f.retries[0].starts_with("put object a: 400 InvalidCRC64: told so, request 5C9F; attempt 2 in "));
  f.fake.fault = [](const auto&, std::size_t) { return Fault::spoil_body; };
  const auto put = f.loop.run(f.client.put_object("b", "x", {}));
  REQUIRE_FALSE(put);
  CHECK(put.error().code() == Errc::corrupt);
  CHECK_FALSE(f.fake.objects.contains("b"));
}

TEST_CASE("oss client: a list of parts spoiled on its way is sent again", "[oss_headers]") {
  Fixture f;
  const std::string id = f.loop.run(f.client.initiate_upload("a", {})).value();
  const std::uint64_t crc = sluice::crc64(0, "x");
  const std::vector<oss::Part> parts = {f.loop.run(f.client.upload_part("a", id, 1, "x", crc)).value()};
  f.fake.fault = [](const auto&, std::size_t number) {
    return number == 2 ? Fault::spoil_body : Fault::none;
  };
  REQUIRE(f.loop.run(f.client.complete_upload("a", id, parts, 1, crc, {})));
  REQUIRE(f.retries.size() == 1);
  CHECK(f.retries[0].find("400 InvalidDigest") != std::string::npos);
  CHECK(f.fake.objects.at("a") == "x");
}

TEST_CASE("oss client: an object that exists is a conflict for what must be new", "[oss_headers]") {
  Fixture f;
  f.fake.objects["a"] = "other";
  objects::ObjectTraits traits;
  traits.only_if_new = true;
  const auto put = f.loop.run(f.client.put_object("a", "x", traits));
  REQUIRE_FALSE(put);
  CHECK(put.error().code() == Errc::conflict);
  CHECK(put.error().message() == "put object a: 409 FileAlreadyExists: told so, request 5C9F");
  const auto begun = f.loop.run(f.client.initiate_upload("a", traits));
  REQUIRE_FALSE(begun);
  CHECK(begun.error().code() == Errc::conflict);
  CHECK(f.fake.objects.at("a") == "other");
  CHECK(f.fake.seen.size() == 2);
}

TEST_CASE("oss client: an object that appears during an upload stays", "[oss_headers]") {
  Fixture f;
  objects::ObjectTraits traits;
  traits.only_if_new = true;
  const std::string id = f.loop.run(f.client.initiate_upload("a", traits)).value();
  const std::vector<oss::Part> parts = {
      f.loop.run(f.client.upload_part("a", id, 1, "x", sluice::crc64(0, "x"))).value()};
  f.fake.objects["a"] = "other";
  const auto done = f.loop.run(f.client.complete_upload("a", id, parts, 1, sluice::crc64(0, "x"), traits));
  REQUIRE_FALSE(done);
  CHECK(done.error().code() == Errc::conflict);
  CHECK(f.fake.objects.at("a") == "other");
  CHECK(f.fake.uploads.size() == 1);
}

TEST_CASE("oss client: a new object whose answer was lost is its own", "[oss_headers]") {
  objects::ObjectTraits traits;
  traits.only_if_new = true;
  for (const Fault lost : {Fault::lose_answer, Fault::cut_answer, Fault::late_error, Fault::wrong_checksum}) {
    Fixture f;
    f.fake.fault = [&](const auto&, std::size_t number) { return number == 0 ? lost : Fault::none; };
    REQUIRE(f.loop.run(f.client.put_object("a", "x", traits)));
    CHECK(f.fake.count("HEAD") == 1);
  }
  Fixture other;
  other.fake.objects["a"] = "other";
  other.fake.fault = [](const auto&, std::size_t number) {
    return number == 0 ? Fault::drop_request : Fault::none;
  };
  const auto put = other.loop.run(other.client.put_object("a", "x", traits));
  REQUIRE_FALSE(put);
  CHECK(put.error().code() == Errc::conflict);
  CHECK(other.fake.objects.at("a") == "other");
}
