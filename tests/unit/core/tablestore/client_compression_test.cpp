#include "core/tablestore/client.hpp"
#include "tests/support/deflate.hpp"
#include "tests/unit/core/tablestore/client_fixture.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::tablestore;
using namespace sluice::tablestore::test;
using namespace std::chrono;

namespace {

struct Packed : Fixture {
  Packed() : Fixture(asking()) {}

  static ClientOptions asking() {
    ClientOptions made = options();
    made.compress_answers = true;
    made.answer_bytes_max = 1000;
    return made;
  }

  // A genuine answer with `text` compressed; `md5_of` is what the server made the MD5 of.
  http::Response packed(int status, const std::string& text, const std::string& md5_of,
                        const std::string& size = {}) const {
    http::Response answer = signed_answer("GetShardIterator", status, md5_of, loop.clock.now());
    answer.headers.pop_back();
    answer.body = sluice::test::deflate(text);
    answer.headers.emplace_back("X-Ots-Response-Compress-Type", "deflate");
    answer.headers.emplace_back("X-Ots-Response-Compress-Size",
                                size.empty() ? std::to_string(text.size()) : size);
    const std::string authorization = answer_authorization("GetShardIterator", answer.headers, key);
    answer.headers.emplace_back("Authorization", authorization);
    return answer;
  }

  Result<std::string> ask() { return loop.run(client.shard_iterator(kStream, kShard, std::nullopt)); }

  // Why an answer was not taken.
  std::string refused(http::Response answer) {
    transport.answer(std::move(answer));
    this->answer("GetShardIterator", iterator_answer("it0"));
    REQUIRE(ask().has_value());
    REQUIRE_FALSE(recorder.retries.empty());
    std::string text = recorder.retries.back();
    const std::string begin = "1 get iterator of shard shard-1 of stream stream-1: ";
    REQUIRE(text.starts_with(begin));
    return text.substr(begin.size());
  }

  std::string body = iterator_answer(std::string(300, 'i')).SerializeAsString();
};

}  // namespace

TEST_CASE("client: compressed answers are asked for, and the wish is signed", "[tablestore]") {
  Packed f;
  f.answer("GetShardIterator", iterator_answer("it0"));
  CHECK(*f.ask() == "it0");
  const auto& sent = f.transport.sent().front();
  CHECK(sent.header("x-ots-response-compress-type") == "deflate");
  CHECK(sent.header("x-ots-signature") ==
        request_signature("GetShardIterator", sent.request.headers, Fixture::keys().key));
  Fixture plain;
  plain.answer("GetShardIterator", iterator_answer("it0"));
  REQUIRE(plain.loop.run(plain.client.shard_iterator(kStream, kShard, std::nullopt)).has_value());
  CHECK(plain.transport.sent().front().header("x-ots-response-compress-type").empty());
}

TEST_CASE("client: a compressed answer is taken whether its MD5 is that of the body or of what came",
          "[tablestore]") {
  Packed f;
  f.transport.answer(f.packed(200, f.body, f.body));
  CHECK(*f.ask() == std::string(300, 'i'));
  f.transport.answer(f.packed(200, f.body, sluice::test::deflate(f.body)));
  CHECK(*f.ask() == std::string(300, 'i'));
  CHECK(f.recorder.retries.empty());
}

TEST_CASE("client: a refusal may come compressed, too", "[tablestore]") {
  Packed f;
  proto::Error error;
  error.set_code("OTSParameterInvalid");
  error.set_message("No.");
  const std::string text = error.SerializeAsString();
  f.transport.answer(f.packed(400, text, text));
  CHECK(f.ask().error().message() ==
        "get iterator of shard shard-1 of stream stream-1: 400 OTSParameterInvalid: No., request 0005-1");
}

TEST_CASE("client: a compressed answer that is not as it should be is asked for again", "[tablestore]") {
  const std::string end = " (200, request 0005-1)";
  SECTION("the MD5 is of something else") {
    Packed f;
    CHECK(f.refused(f.packed(200, f.body, f.body + "x")) == "the answer's body does not match its MD5" + end);
  }
  SECTION("more than is allowed") {
    Packed f;
    const std::string large(1001, 'x');
    CHECK(f.refused(f.packed(200, large, large)) ==
          "the answer inflates to 1001 bytes, allowed are 1000" + end);
  }
  SECTION("more than was announced") {
    Packed f;
    const std::string large(100'000, 'x');
    CHECK(f.refused(f.packed(200, large, large, "900"))
              .starts_with(fmt::format("inflate {} bytes: more than the 900 announced at byte ",
                                       sluice::test::deflate(large).size())));
  }
  SECTION("a size that is none") {
    for (const char* size : {"0", "-1", "12x", "99999999999999999999"}) {
      Packed f;
      CHECK(f.refused(f.packed(200, f.body, f.body, size)) ==
            fmt::format("the answer is compressed as \"deflate\" from \"{}\" bytes", size) + end);
    }
  }
  SECTION("another compression") {
    Packed f;
    http::Response answer = f.packed(200, f.body, f.body);
    answer.headers[answer.headers.size() - 3].second = "zstd";
    CHECK(f.refused(answer) ==
          fmt::format("the answer is compressed as \"zstd\" from \"{}\" bytes", f.body.size()) + end);
  }
}
