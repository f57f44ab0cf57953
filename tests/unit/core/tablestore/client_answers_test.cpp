// Genuine answers with content that is odd, and dates that are.
#include "tests/support/catch_result.hpp"
#include "tests/unit/core/tablestore/client_fixture.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace sluice;
using namespace sluice::tablestore;
using namespace sluice::tablestore::test;
using namespace std::chrono;

namespace {

template <class T>
std::optional<Error> error_of(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error();
}

struct Operation {
  std::string name;
  std::string doing;
  std::string incomplete;  // a message that lacks something it must have
  std::function<std::optional<Error>(Fixture&)> ask;
};

const std::vector<Operation> kOperations = {
    {"DescribeTable", "describe table t1", "",
     [](Fixture& f) { return error_of(f.loop.run(f.client.describe_table(kTable))); }},
    {"ListStream", "list streams of t1", std::string("\x0a\0", 2),
     [](Fixture& f) { return error_of(f.loop.run(f.client.list_streams(kTable))); }},
    {"DescribeStream", "describe stream stream-1", "",
     [](Fixture& f) {
       return error_of(f.loop.run(f.client.describe_stream(kStream, std::nullopt, std::nullopt)));
     }},
    {"GetShardIterator", "get iterator of shard shard-1 of stream stream-1", "",
     [](Fixture& f) { return error_of(f.loop.run(f.client.shard_iterator(kStream, kShard, std::nullopt))); }},
    {"ComputeSplitPointsBySize", "compute split points of table t1", "",
     [](Fixture& f) { return error_of(f.loop.run(f.client.split_points(kTable, 1 << 20))); }},
};

std::string date_refusal() {
  proto::Error error;
  error.set_code("OTSAuthFailed");
  error.set_message("Mismatch between system time and x-ots-date: 2024-05-17T08:00:00.000Z.");
  return error.SerializeAsString();
}

}  // namespace

TEST_CASE("client answers: what is no message, or half of one, is corrupt for every operation",
          "[tablestore]") {
  for (const Operation& operation : kOperations) {
    for (const std::string& body : {std::string("\x0a\x05x"), std::string("\xff"), operation.incomplete}) {
      CAPTURE(operation.name, body.size());
      Fixture f;
      f.transport.answer(f.signed_answer(operation.name, 200, body, f.loop.clock.now()));
      const auto failed = operation.ask(f);
      REQUIRE(failed);
      CHECK(failed->code() == Errc::corrupt);
      CHECK(failed->message() ==
            fmt::format("{}: the answer of {} bytes is not the expected message, request 0005-1",
                        operation.doing, body.size()));
      CHECK(f.transport.sent().size() == 1);
    }
  }
}

TEST_CASE("client answers: every refusal is told by every operation", "[tablestore]") {
  for (const Operation& operation : kOperations) {
    CAPTURE(operation.name);
    Fixture f;
    f.refuse(operation.name, 404, "OTSObjectNotExist", "Gone.");
    const auto failed = operation.ask(f);
    REQUIRE(failed);
    CHECK(failed->code() == Errc::not_found);
    CHECK(failed->message().starts_with(operation.doing + ": 404 OTSObjectNotExist: Gone."));
  }
}

TEST_CASE("client answers: the columns of a key have the types that the server says", "[tablestore]") {
  Fixture f;
  proto::DescribeTableResponse message;
  auto* meta = message.mutable_table_meta();
  meta->set_table_name(kTable);
  for (const auto& [name, type] :
       {std::pair("i", proto::INTEGER), std::pair("s", proto::STRING), std::pair("b", proto::BINARY)}) {
    auto* column = meta->add_primary_key();
    column->set_name(std::string(name));
    column->set_type(type);
  }
  auto* details = message.mutable_reserved_throughput_details();
  details->mutable_capacity_unit();
  details->set_last_increase_time(0);
  message.mutable_table_options();
  f.answer("DescribeTable", message);
  const auto table = f.loop.run(f.client.describe_table(kTable));
  REQUIRE(table);
  REQUIRE(table->primary_key.size() == 3);
  CHECK(table->primary_key[0].type == KeyType::integer);
  CHECK(table->primary_key[1].type == KeyType::string);
  CHECK(table->primary_key[2].type == KeyType::binary);
  CHECK_FALSE(table->stream.enabled);
}

TEST_CASE("client answers: a table is made with the types of its key", "[tablestore]") {
  Fixture f;
  f.transport.answer(f.signed_answer("CreateTable", 200, "", f.loop.clock.now()));
  const std::vector<KeyColumn> key = {
      {"i", KeyType::integer}, {"s", KeyType::string}, {"b", KeyType::binary}};
  REQUIRE(f.loop.run(f.client.create_table(kTable, key, hours(24))));
  proto::CreateTableRequest sent;
  REQUIRE(sent.ParseFromString(f.transport.sent().at(0).body));
  REQUIRE(sent.table_meta().primary_key_size() == 3);
  CHECK(sent.table_meta().primary_key(0).type() == proto::INTEGER);
  CHECK(sent.table_meta().primary_key(1).type() == proto::STRING);
  CHECK(sent.table_meta().primary_key(2).type() == proto::BINARY);
  CHECK(sent.table_options().time_to_live() == 86'400);
}

TEST_CASE("client answers: a date before 2020 or after 2099 is not taken over", "[tablestore]") {
  struct Case {
    Instant date;
    bool taken;
  };
  for (const auto& [date, taken] :
       {Case{sys_days(year(2020) / 1 / 1) - milliseconds(1), false}, Case{sys_days(year(2020) / 1 / 1), true},
        Case{sys_days(year(2100) / 1 / 1) - milliseconds(1), true},
        Case{sys_days(year(2100) / 1 / 1), false}}) {
    CAPTURE(date);
    Fixture f;
    f.transport.answer(f.signed_answer("ListStream", 403, date_refusal(), date));
    if (taken) f.transport.answer(f.signed_answer("ListStream", 200, "", date));
    CHECK(f.loop.run(f.client.list_streams(kTable)).has_value() == taken);
    CHECK(f.transport.sent().size() == (taken ? 2 : 1));
  }
}

TEST_CASE("client answers: the Date of any server will do where x-ots-date is missing, and none is no crash",
          "[tablestore]") {
  Fixture f;
  const Instant true_time = f.loop.clock.now() + hours(2);
  http::Response bare;
  bare.status = 403;
  bare.body = date_refusal();
  f.transport.answer(bare);
  CHECK(f.loop.run(f.client.list_streams(kTable)).error().code() == Errc::unauthenticated);
  bare.headers = {{"Date", "yesterday"}};
  f.transport.answer(bare);
  CHECK(f.loop.run(f.client.list_streams(kTable)).has_error());
  bare.headers = {{"Date", http::format_date(true_time)}};
  f.transport.answer(bare);
  f.transport.answer(f.signed_answer("ListStream", 200, "", true_time));
  REQUIRE(f.loop.run(f.client.list_streams(kTable)));
  CHECK(f.transport.sent().back().header("x-ots-date") == "2024-05-17T10:00:00.000Z");
}

TEST_CASE("client answers: a client that nobody observes works with a clock that is off", "[tablestore]") {
  Fixture f;
  f.client.observe(nullptr);
  f.transport.answer(f.signed_answer("ListStream", 200, "", f.loop.clock.now() + hours(2)));
  CHECK(f.loop.run(f.client.list_streams(kTable)));
}
