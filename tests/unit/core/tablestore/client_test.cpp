#include "core/tablestore/client.hpp"

#include "tests/unit/core/tablestore/client_fixture.hpp"
#include "tests/unit/core/tablestore/client_vectors.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::tablestore;
using namespace sluice::tablestore::test;
using namespace std::chrono;
namespace proto = sluice::ots::proto;

namespace {

// The vectors' request body of that name.
std::string request_vector(const std::string& name) {
  const auto vectors = load_vectors("requests-go.json");
  for (const auto& vector : vectors.at("requests").as_array()) {
    if (text_of(vector.at("name")) == name) return body_of(vector);
  }
  FAIL("no vector " << name);
  return {};
}

std::string answer_vector(const std::string& operation, const std::string& name) {
  const auto vectors = load_vectors("responses-java.json");
  for (const auto& vector : vectors.at("responses").as_array()) {
    if (text_of(vector.at("operation")) == operation && text_of(vector.at("name")) == name)
      return body_of(vector);
  }
  FAIL("no vector " << operation << " " << name);
  return {};
}

}  // namespace

TEST_CASE("client: a request carries the headers of the protocol and a signature made when it is sent",
          "[tablestore]") {
  Fixture f;
  f.answer("GetShardIterator", iterator_answer("it0"));
  REQUIRE(f.loop.run(f.client.shard_iterator(kStream, kShard, std::nullopt)).has_value());
  const auto& sent = f.transport.sent().front();
  CHECK(sent.endpoint.host == "orders.example");
  CHECK(sent.request.method == "POST");
  CHECK(sent.request.target == "/GetShardIterator");
  CHECK(sent.body == request_vector("iterator-oldest"));
  CHECK(sent.header("x-ots-date") == "2024-05-17T08:00:00.000Z");
  CHECK(sent.header("x-ots-apiversion") == "2015-12-31");
  CHECK(sent.header("x-ots-accesskeyid") == "AKIDEXAMPLE");
  CHECK(sent.header("x-ots-instancename") == "orders");
  CHECK(sent.header("x-ots-ststoken") == "token-1");
  CHECK(sent.header("x-ots-contentmd5") == http::base64(http::md5(sent.body)));
  CHECK(sent.header("x-ots-signature") ==
        request_signature("GetShardIterator", sent.request.headers, Fixture::keys().key));
}

TEST_CASE("client: describe table gives key and stream of the vectors' table", "[tablestore]") {
  Fixture f;
  f.transport.answer(f.signed_answer("DescribeTable", 200, answer_vector("DescribeTable", "stream-enabled"),
                                     f.loop.clock.now()));
  const auto table = f.loop.run(f.client.describe_table(kTable));
  REQUIRE(table.has_value());
  CHECK(f.transport.sent().front().body == request_vector("describe-table"));
  CHECK(table->name == "t1");
  REQUIRE(table->primary_key.size() == 1);
  CHECK(table->primary_key.front().name == "pk");
  CHECK(table->primary_key.front().type == KeyType::integer);
  CHECK(table->stream.enabled);
  CHECK(table->stream.stream_id == "t1_1500000000000000");
  CHECK(table->stream.retention == hours(168));
  CHECK(table->stream.last_enabled == Instant(microseconds(1'500'000'000'000'000)));
}

TEST_CASE("client: a captured table without stream is described as that", "[tablestore]") {
  Fixture f;
  const auto vectors = load_vectors("captured-server-responses.json");
  for (const auto& vector : vectors.at("responses").as_array()) {
    if (text_of(vector.at("operation")) != "DescribeTable") continue;
    f.transport.answer(f.signed_answer("DescribeTable", 200, body_of(vector), f.loop.clock.now()));
    const auto table = f.loop.run(f.client.describe_table(kTable));
    REQUIRE(table.has_value());
    CHECK_FALSE(table->stream.enabled);
    CHECK(table->stream.stream_id.empty());
    CHECK(table->primary_key.front().type == KeyType::string);
  }
  CHECK(f.transport.sent().size() == 2);
}

TEST_CASE("client: the streams of a table are listed", "[tablestore]") {
  Fixture f;
  f.transport.answer(
      f.signed_answer("ListStream", 200, answer_vector("ListStream", "one"), f.loop.clock.now()));
  const auto streams = f.loop.run(f.client.list_streams(kTable));
  REQUIRE(streams.has_value());
  CHECK(f.transport.sent().front().body == request_vector("list-stream-table"));
  REQUIRE(streams->size() == 1);
  CHECK(streams->front().stream_id == "t1_1500000000000000");
  CHECK(streams->front().table == "t1");
  CHECK(streams->front().created == Instant(microseconds(1'500'000'000'000'000)));
}

TEST_CASE("client: describe stream gives shards with parents and where the next page begins",
          "[tablestore]") {
  Fixture f;
  f.transport.answer(f.signed_answer("DescribeStream", 200,
                                     answer_vector("DescribeStream", "split-then-merge-with-next-page"),
                                     f.loop.clock.now()));
  const std::optional<std::string> from = "shard-2";
  const auto stream = f.loop.run(f.client.describe_stream(kStream, from, 10));
  REQUIRE(stream.has_value());
  CHECK(f.transport.sent().front().body == request_vector("describe-stream-limit"));
  CHECK(stream->status == StreamStatus::active);
  CHECK(stream->retention == hours(168));
  REQUIRE(stream->shards.size() == 4);
  CHECK_FALSE(stream->shards[0].parent_id.has_value());
  CHECK(stream->shards[2].parent_id == "P1");
  CHECK_FALSE(stream->shards[2].parent_sibling_id.has_value());
  CHECK(stream->shards[3].shard_id == "P4");
  CHECK(stream->shards[3].parent_id == "P2");
  CHECK(stream->shards[3].parent_sibling_id == "P3");
  CHECK(stream->next_shard_id == "P5");
}

TEST_CASE("client: a time of the stream that no clock shows is not known", "[tablestore]") {
  for (const std::int64_t us : {INT64_MIN, INT64_MAX}) {
    Fixture f;
    proto::ListStreamResponse listed;
    auto* stream = listed.add_streams();
    stream->set_stream_id(kStream);
    stream->set_table_name(kTable);
    stream->set_creation_time(us);
    f.answer("ListStream", listed);
    const auto streams = f.loop.run(f.client.list_streams(kTable));
    REQUIRE(streams.has_value());
    CHECK(streams->front().created == Instant{});
  }
}

TEST_CASE("client: a retention below zero is one that is not known", "[tablestore]") {
  Fixture f;
  proto::DescribeStreamResponse described;
  described.set_stream_id(kStream);
  described.set_table_name(kTable);
  described.set_creation_time(1);
  described.set_expiration_time(-1);
  described.set_stream_status(proto::STREAM_ACTIVE);
  f.answer("DescribeStream", described);
  const auto stream = f.loop.run(f.client.describe_stream(kStream, std::nullopt, std::nullopt));
  REQUIRE(stream.has_value());
  CHECK(stream->retention == hours(0));
}

TEST_CASE("client: a search by time is followed to its end and the last iterator counts", "[tablestore]") {
  Fixture f;
  f.answer("GetShardIterator", iterator_answer("it1", "tok"));
  f.answer("GetShardIterator", iterator_answer("it2"));
  const std::optional<Instant> time = Instant(microseconds(1'500'000'000'000'000));
  const auto iterator = f.loop.run(f.client.shard_iterator(kStream, kShard, time));
  REQUIRE(iterator.has_value());
  CHECK(*iterator == "it2");
  CHECK(f.transport.sent()[0].body == request_vector("iterator-by-timestamp"));
  CHECK(f.transport.sent()[1].body == request_vector("iterator-by-timestamp-next-token"));
}

TEST_CASE("client: an iterator that state could not keep is refused", "[tablestore]") {
  Fixture f;
  f.transport.answer(f.signed_answer("GetShardIterator", 200, "\x0a\x02i\xff", f.loop.clock.now()));
  const auto iterator = f.loop.run(f.client.shard_iterator(kStream, kShard, {}));
  REQUIRE(iterator.has_error());
  CHECK(iterator.error().message() ==
        "get iterator of shard shard-1 of stream stream-1: it is not text, request 0005-1");
}

TEST_CASE("client: a page of records has its bytes, its iterator and the server's time", "[tablestore]") {
  Fixture f;
  const auto vectors = load_vectors("stream-pages.json");
  const std::string body = body_of(vectors.at("pages").as_array().front());
  const Instant server_time = f.loop.clock.now() + milliseconds(123);
  f.transport.answer(f.signed_answer("GetStreamRecord", 200, body, server_time));
  ClientOptions options = Fixture::options();
  options.table = "t1";
  Client client(f.transport, f.loop.clock, f.random, options);
  const auto page = f.loop.run(client.stream_records(kIterator, 100));
  REQUIRE(page.has_value());
  CHECK(f.transport.sent().front().body == request_vector("records-limit-table"));
  CHECK(page->body == body);
  CHECK(page->records.size() == 1);
  CHECK(page->next_iterator == "it2");
  CHECK(page->server_time == server_time);
}

TEST_CASE("client: without a table's name only the iterator is sent", "[tablestore]") {
  Fixture f;
  ClientOptions options = Fixture::options();
  options.table.clear();
  Client client(f.transport, f.loop.clock, f.random, options);
  f.answer("GetStreamRecord", proto::GetStreamRecordResponse());
  REQUIRE(f.loop.run(client.stream_records(kIterator, std::nullopt)).has_value());
  CHECK(f.transport.sent().front().body == request_vector("records"));
}

TEST_CASE("client: a busy server is asked again with growing pauses, dated and signed anew", "[tablestore]") {
  Fixture f;
  for (int i = 0; i < 3; ++i) f.refuse("GetStreamRecord", 503, "OTSServerBusy", "Server is busy.");
  f.answer("GetStreamRecord", proto::GetStreamRecordResponse());
  REQUIRE(f.loop.run(f.client.stream_records(kIterator, 7)).has_value());
  const auto& sent = f.transport.sent();
  REQUIRE(sent.size() == 4);
  CHECK(sent[3].header("x-ots-date") != sent[0].header("x-ots-date"));
  CHECK(sent[3].header("x-ots-signature") != sent[0].header("x-ots-signature"));
  CHECK(sent[3].body == sent[0].body);
  CHECK(f.recorder.requests == std::vector<std::string>{"GetStreamRecord 0", "GetStreamRecord 1",
                                                        "GetStreamRecord 2", "GetStreamRecord 3"});
  REQUIRE(f.recorder.retries.size() == 3);
  CHECK(f.recorder.retries[0] ==
        "1 get stream records of orders_table: 503 OTSServerBusy: Server is busy., request 0005-1");
  const Duration total = f.recorder.pauses[0] + f.recorder.pauses[1] + f.recorder.pauses[2];
  CHECK(f.loop.clock.monotonic() == total);
  CHECK(f.recorder.pauses[2] > f.recorder.pauses[0]);
}

TEST_CASE("client: after the last repeat the error says how often it was tried", "[tablestore]") {
  Fixture f;
  ClientOptions options = Fixture::options();
  options.retry.max_retries = 2;
  Client client(f.transport, f.loop.clock, f.random, options);
  for (int i = 0; i < 3; ++i)
    f.transport.fail(Error(Errc::unavailable, "connect to a port 80 (10.0.0.1): refused"));
  const auto streams = f.loop.run(client.list_streams(kTable));
  REQUIRE(streams.has_error());
  CHECK(streams.error().code() == Errc::unavailable);
  CHECK(streams.error().message() ==
        "list streams of t1: connect to a port 80 (10.0.0.1): refused; gave up after 3 tries");
  CHECK(f.transport.unused() == 0);
}

TEST_CASE("client: refusals that repeating cannot change are reported at once", "[tablestore]") {
  struct Case {
    int status;
    const char* code;
    Errc errc;
  };
  for (const auto& [status, code, errc] :
       std::vector<Case>{{403, "OTSAuthFailed", Errc::unauthenticated},
                         {403, "OTSNoPermissionAccess", Errc::permission_denied},
                         {404, "OTSObjectNotExist", Errc::not_found},
                         {404, "OTSTrimmedDataAccess", Errc::trimmed},
                         {400, "OTSParameterInvalid", Errc::invalid_argument}}) {
    Fixture f;
    f.refuse("GetStreamRecord", status, code, "No.");
    const auto page = f.loop.run(f.client.stream_records(kIterator, std::nullopt));
    REQUIRE(page.has_error());
    CHECK(page.error().code() == errc);
    CHECK(f.transport.sent().size() == 1);
    CHECK(f.loop.clock.monotonic() == Duration(0));
  }
}

TEST_CASE("client: an answer that is cut, altered or not signed by the server is asked for again",
          "[tablestore]") {
  Fixture f;
  const std::string body = iterator_answer("it0").SerializeAsString();
  f.transport.fail(Error(Errc::corrupt, "read answer: ended before its announced length"));
  auto altered = f.signed_answer("GetShardIterator", 200, body, f.loop.clock.now());
  altered.body.back() = '1';
  f.transport.answer(altered);
  auto forged = f.signed_answer("GetShardIterator", 200, body, f.loop.clock.now());
  forged.headers.back().second = "OTS AKIDEXAMPLE:AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  f.transport.answer(forged);
  // Signed, but for another operation.
  f.transport.answer(f.signed_answer("GetStreamRecord", 200, body, f.loop.clock.now()));
  http::Response bare;
  bare.status = 200;
  bare.body = body;
  f.transport.answer(bare);
  f.answer("GetShardIterator", iterator_answer("it0"));
  const auto iterator = f.loop.run(f.client.shard_iterator(kStream, kShard, std::nullopt));
  REQUIRE(iterator.has_value());
  CHECK(*iterator == "it0");
  REQUIRE(f.recorder.retries.size() == 5);
  const std::string doing = "get iterator of shard shard-1 of stream stream-1: ";
  CHECK(f.recorder.retries[0] == "1 " + doing + "read answer: ended before its announced length");
  CHECK(f.recorder.retries[1] ==
        "2 " + doing + "the answer's body does not match its MD5 (200, request 0005-1)");
  CHECK(f.recorder.retries[2] == "3 " + doing + "the answer's signature is wrong (200, request 0005-1)");
  CHECK(f.recorder.retries[3] == "4 " + doing + "the answer's signature is wrong (200, request 0005-1)");
  CHECK(f.recorder.retries[4] ==
        "5 " + doing + "the answer has no x-ots-contentmd5 header (200, request without id)");
}

TEST_CASE("client: a genuine answer that is not the expected message is corrupt and not repeated",
          "[tablestore]") {
  Fixture f;
  f.transport.answer(f.signed_answer("DescribeTable", 200, "\x0a\x01", f.loop.clock.now()));
  const auto table = f.loop.run(f.client.describe_table(kTable));
  REQUIRE(table.has_error());
  CHECK(table.error().code() == Errc::corrupt);
  CHECK(table.error().message() ==
        "describe table t1: the answer of 2 bytes is not the expected message, request 0005-1");
  f.transport.answer(f.signed_answer("GetStreamRecord", 200, "\x0a\x05", f.loop.clock.now()));
  const auto page = f.loop.run(f.client.stream_records(kIterator, std::nullopt));
  REQUIRE(page.has_error());
  CHECK(
      page.error().message() ==
      "get stream records of orders_table: decode stream page of 2 bytes: a length beyond the end at byte 2, "
      "request 0005-1");
}

TEST_CASE("client: when the server refuses our date its own is used, once and at once", "[tablestore]") {
  Fixture f;
  const Instant true_time = f.loop.clock.now() + hours(2);
  proto::Error error;
  error.set_code("OTSAuthFailed");
  error.set_message("Mismatch between system time and x-ots-date: 2024-05-17T08:00:00.000Z.");
  const auto refusal = f.signed_answer("ListStream", 403, error.SerializeAsString(), true_time);
  f.transport.answer(refusal);
  f.transport.answer(f.signed_answer("ListStream", 200, "", true_time));
  REQUIRE(f.loop.run(f.client.list_streams(kTable)).has_value());
  CHECK(f.transport.sent()[1].header("x-ots-date") == "2024-05-17T10:00:00.000Z");
  CHECK(f.loop.clock.monotonic() == Duration(0));
  CHECK(f.recorder.warnings ==
        std::vector<std::string>{"the server's clock is 7200 s ahead of ours: set this machine's clock"});

  SECTION("the next request uses it from the start and the warning is not repeated") {
    f.transport.answer(f.signed_answer("ListStream", 200, "", true_time));
    REQUIRE(f.loop.run(f.client.list_streams(kTable)).has_value());
    CHECK(f.transport.sent()[2].header("x-ots-date") == "2024-05-17T10:00:00.000Z");
    CHECK(f.recorder.warnings.size() == 1);
  }
  SECTION("our clock is trusted again once it agrees with the server") {
    f.loop.clock.step_wall(hours(2));
    f.transport.answer(f.signed_answer("ListStream", 200, "", true_time));
    REQUIRE(f.loop.run(f.client.list_streams(kTable)).has_value());
    f.transport.answer(f.signed_answer("ListStream", 200, "", true_time));
    REQUIRE(f.loop.run(f.client.list_streams(kTable)).has_value());
    CHECK(f.transport.sent()[3].header("x-ots-date") == "2024-05-17T10:00:00.000Z");
  }
  SECTION("a second refusal in one call is reported") {
    f.transport.answer(refusal);
    f.transport.answer(refusal);
    const auto streams = f.loop.run(f.client.list_streams(kTable));
    REQUIRE(streams.has_error());
    CHECK(streams.error().code() == Errc::unauthenticated);
    CHECK(f.transport.unused() == 0);
  }
}

TEST_CASE("client: a server's clock that is behind is called so", "[tablestore]") {
  Fixture f;
  f.transport.answer(f.signed_answer("ListStream", 200, "", f.loop.clock.now() - minutes(20)));
  REQUIRE(f.loop.run(f.client.list_streams(kTable)).has_value());
  CHECK(f.recorder.warnings ==
        std::vector<std::string>{"the server's clock is 1200 s behind ours: set this machine's clock"});
}

TEST_CASE("client: a server date that cannot be true is not taken over", "[tablestore]") {
  Fixture f;
  proto::Error error;
  error.set_code("OTSAuthFailed");
  error.set_message("Mismatch between system time and x-ots-date: 2024-05-17T08:00:00.000Z.");
  f.transport.answer(f.signed_answer("ListStream", 403, error.SerializeAsString(), Instant{}));
  const auto streams = f.loop.run(f.client.list_streams(kTable));
  REQUIRE(streams.has_error());
  CHECK(streams.error().message().ends_with("request 0005-1 (set this machine's clock)"));
  CHECK(f.transport.sent().size() == 1);
}

TEST_CASE("client: secrets do not appear in errors", "[tablestore]") {
  Fixture f;
  f.refuse("ListStream", 403, "OTSAuthFailed", "Signature mismatch.");
  const auto streams = f.loop.run(f.client.list_streams(kTable));
  REQUIRE(streams.has_error());
  CHECK(streams.error().message().find("secretEXAMPLE") == std::string::npos);
  CHECK(streams.error().message().find("token-1") == std::string::npos);
}
