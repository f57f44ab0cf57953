#include "core/tablestore/client.hpp"
#include "tests/support/listed_credentials.hpp"
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

TEST_CASE("client: refused keys are replaced once and the request repeated at once with the others",
          "[tablestore]") {
  ClientOptions made = Fixture::options();
  made.credentials = std::make_shared<sluice::test::ListedCredentials>(2);
  Fixture f(made);
  f.key = SigningKey{"id-1", Secret("secret-1")};
  f.refuse("ListStream", 403, "OTSAuthFailed", "The security token has expired.");
  f.key = SigningKey{"id-2", Secret("secret-2")};
  f.answer("ListStream", proto::ListStreamResponse());
  REQUIRE(f.loop.run(f.client.list_streams(kTable)).has_value());
  const auto& sent = f.transport.sent();
  CHECK(sent[0].header("x-ots-ststoken") == "token-1");
  CHECK(sent[1].header("x-ots-accesskeyid") == "id-2");
  CHECK(sent[1].header("x-ots-ststoken") == "token-2");
  CHECK(f.loop.clock.monotonic() == Duration(0));
  CHECK(f.recorder.pauses == std::vector<Duration>{Duration(0)});
  CHECK(f.recorder.retries ==
        std::vector<std::string>{"1 list streams of t1: 403 OTSAuthFailed: The security token has expired., "
                                 "request 0005-1 (get a new security token)"});
}

TEST_CASE("client: a second refusal of keys in one call is reported", "[tablestore]") {
  ClientOptions made = Fixture::options();
  made.credentials = std::make_shared<sluice::test::ListedCredentials>(9);
  Fixture f(made);
  for (int i = 0; i < 2; ++i) f.refuse("ListStream", 403, "OTSAuthFailed", "The AccessKeyID is disabled.");
  const auto streams = f.loop.run(f.client.list_streams(kTable));
  REQUIRE(streams.has_error());
  CHECK(streams.error().code() == Errc::unauthenticated);
  CHECK(streams.error().message() ==
        "list streams of t1: 403 OTSAuthFailed: The AccessKeyID is disabled., request 0005-1 (check "
        "accessId); gave "
        "up after 2 tries");
  CHECK(f.transport.unused() == 0);
}

TEST_CASE("client: a refused date does not cost the keys", "[tablestore]") {
  ClientOptions made = Fixture::options();
  made.credentials = std::make_shared<sluice::test::ListedCredentials>(1);
  Fixture f(made);
  f.key = SigningKey{"id-1", Secret("secret-1")};
  f.refuse("ListStream", 403, "OTSAuthFailed",
           "Mismatch between system time and x-ots-date: 2024-05-17T08:00:00.000Z.");
  f.answer("ListStream", proto::ListStreamResponse());
  CHECK(f.loop.run(f.client.list_streams(kTable)).has_value());
}

TEST_CASE("client: keys that cannot be had are reported, and nothing is sent", "[tablestore]") {
  ClientOptions made = Fixture::options();
  made.credentials = std::make_shared<sluice::test::ListedCredentials>(0);
  Fixture f(made);
  const auto streams = f.loop.run(f.client.list_streams(kTable));
  REQUIRE(streams.has_error());
  CHECK(streams.error().code() == Errc::not_found);
  CHECK(streams.error().message() == "list streams of t1: no keys left");
  CHECK(f.transport.sent().empty());
}

TEST_CASE("client: a server that repeats our key and token in a refusal does not get them into an error",
          "[tablestore]") {
  Fixture f;
  f.refuse("ListStream", 404, "OTSObjectNotExist", Fixture::keys().key.reveal() + " and token-1");
  const auto streams = f.loop.run(f.client.list_streams(kTable));
  REQUIRE(streams.has_error());
  CHECK(streams.error().message() ==
        "list streams of t1: 404 OTSObjectNotExist: ****** and ******, request 0005-1 (check the table's "
        "name and "
        "that its stream is on)");
}
