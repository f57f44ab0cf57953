#include "core/tablestore/client.hpp"
#include "tests/unit/core/tablestore/client_fixture.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::tablestore;
using namespace sluice::tablestore::test;
using namespace std::chrono;

namespace {

ClientOptions with_region() {
  ClientOptions made = Fixture::options();
  made.region = "cn-hangzhou";
  return made;
}

SigningKey v4_key(const char* day) {
  return SigningKey{Fixture::keys().access_id, derive_v4_secret(Fixture::keys().key, day, "cn-hangzhou")};
}

}  // namespace

TEST_CASE("client: with a region requests have signature V4 alone, over day, region and token",
          "[tablestore]") {
  Fixture f(with_region());
  f.key = v4_key("20240517");
  f.answer("ListStream", proto::ListStreamResponse());
  REQUIRE(f.loop.run(f.client.list_streams(kTable)).has_value());
  const auto& sent = f.transport.sent().front();
  CHECK(sent.header("x-ots-signature").empty());
  CHECK(sent.header("x-ots-signdate") == "20240517");
  CHECK(sent.header("x-ots-signregion") == "cn-hangzhou");
  CHECK(sent.header("x-ots-ststoken") == "token-1");
  CHECK(sent.header("x-ots-signaturev4") ==
        request_signature_v4("ListStream", sent.request.headers, f.key.secret));
  CHECK(f.recorder.retries.empty());
}

TEST_CASE("client: answers to V4 are checked with the derived key, not with the plain one", "[tablestore]") {
  Fixture f(with_region());
  f.answer("ListStream", proto::ListStreamResponse());
  f.key = v4_key("20240516");
  f.answer("ListStream", proto::ListStreamResponse());
  f.key = v4_key("20240517");
  f.answer("ListStream", proto::ListStreamResponse());
  REQUIRE(f.loop.run(f.client.list_streams(kTable)).has_value());
  const std::string wrong = "list streams of t1: the answer's signature is wrong (200, request 0005-1)";
  CHECK(f.recorder.retries == std::vector<std::string>{"1 " + wrong, "2 " + wrong});
}

TEST_CASE("client: the day of a V4 signature turns with the server's date, for request and answer alike",
          "[tablestore]") {
  Fixture f(with_region());
  f.loop.clock.step_wall(hours(15) + minutes(59));  // 23:59
  f.key = v4_key("20240517");
  f.answer("ListStream", proto::ListStreamResponse());
  REQUIRE(f.loop.run(f.client.list_streams(kTable)).has_value());
  f.loop.clock.advance(minutes(1));
  f.key = v4_key("20240518");
  f.answer("ListStream", proto::ListStreamResponse());
  REQUIRE(f.loop.run(f.client.list_streams(kTable)).has_value());
  CHECK(f.transport.sent()[0].header("x-ots-signdate") == "20240517");
  CHECK(f.transport.sent()[1].header("x-ots-signdate") == "20240518");
  CHECK(f.recorder.retries.empty());
}
