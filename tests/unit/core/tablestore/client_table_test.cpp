#include "core/http/crypto.hpp"
#include "core/http/headers.hpp"
#include "core/tablestore/client.hpp"
#include "core/tablestore/ots.pb.h"
#include "core/tablestore/row_codec.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scripted_transport.hpp"
#include "tests/unit/core/tablestore/client_vectors.hpp"

using namespace sluice;
using namespace sluice::tablestore;

namespace {

using tablestore::test::body_of;
using tablestore::test::load_vectors;
using tablestore::test::text_of;
using tablestore::test::unhex;
namespace proto = sluice::ots::proto;

const SigningKey kKey{"AKIDEXAMPLE", Secret("secretEXAMPLEkey0123456789ABCDEF")};

ClientOptions options() {
  ClientOptions made;
  made.endpoint = *http::parse_endpoint("http://orders.example:80");
  made.instance = "orders";
  made.credentials = http::fixed_credentials(Credentials{kKey.access_id, kKey.secret});
  return made;
}

struct Fixture {
  // A genuine answer to the next request, whatever it is.
  void answer(std::string body, int status = 200) {
    transport.then([this, body = std::move(body), status](const auto& sent) -> Result<http::Response> {
      http::Response made;
      made.status = status;
      made.body = body;
      made.headers = {{"x-ots-contentmd5", http::base64(http::md5(body))},
                      {"x-ots-contenttype", "protocol buffer"},
                      {"x-ots-date", format_ots_date(loop.clock.now())},
                      {"x-ots-requestid", "0005-1"}};
      const std::string operation = sent.request.target.substr(1);
      std::string authorization = answer_authorization(operation, made.headers, kKey);
      made.headers.emplace_back("Authorization", std::move(authorization));
      return made;
    });
  }
  void refuse(int status, const std::string& code, const std::string& message) {
    proto::Error error;
    error.set_code(code);
    error.set_message(message);
    answer(error.SerializeAsString(), status);
  }

  sluice::test::Loop loop;
  sluice::test::ScriptedTransport transport;
  SeededRandom random{42};
  Client client{transport, loop.clock, random, options()};
};

std::string request_vector(const char* file, const std::string& name) {
  const auto vectors = load_vectors(file);
  for (const auto& vector : vectors.at("requests").as_array()) {
    if (text_of(vector.at("name")) == name) return body_of(vector);
  }
  FAIL("no vector " << name);
  return {};
}

std::string answer_vector(const std::string& name) {
  const auto vectors = load_vectors("responses-java.json");
  for (const auto& vector : vectors.at("responses").as_array()) {
    if (text_of(vector.at("name")) == name) return body_of(vector);
  }
  FAIL("no vector " << name);
  return {};
}

Key both(KeyCell::Kind kind) { return {{"pk1", kind, 0, {}}, {"pk2", kind, 0, {}}}; }

const std::string kTable = "t1";

TEST_CASE("client: a range is asked for as the SDKs ask, and its page has rows, next key and time",
          "[tablestore]") {
  Fixture f;
  f.answer(answer_vector("two-rows-and-next-key"));
  f.answer(answer_vector("empty-last-page"));
  RangeRequest range{kTable, both(KeyCell::Kind::least), both(KeyCell::Kind::greatest), {}, 100};
  const auto page = f.loop.run(f.client.get_range(range));
  REQUIRE(page.has_value());
  CHECK(f.transport.sent().front().request.target == "/GetRange");
  CHECK(f.transport.sent().front().body == request_vector("requests-python.json", "get-range-forward"));
  CHECK(page->body == answer_vector("two-rows-and-next-key"));
  CHECK(page->server_time == f.loop.clock.now());
  CHECK(page->next == Key{{"pk", KeyCell::Kind::integer, 3, {}}});
  RowReader reader(page->rows);
  DecodedRecord record;
  REQUIRE(*reader.next(record));
  CHECK(record.attributes().front().value.text == "v1");

  range.limit.reset();
  range.columns = {"pk1", "c1"};
  const auto last = f.loop.run(f.client.get_range(range));
  REQUIRE(last.has_value());
  CHECK(last->rows.empty());
  CHECK_FALSE(last->next.has_value());
  proto::GetRangeRequest sent;
  REQUIRE(sent.ParseFromString(f.transport.sent().back().body));
  CHECK_FALSE(sent.has_limit());
  CHECK(sent.columns_to_get_size() == 2);
  CHECK(sent.columns_to_get(1) == "c1");
}

TEST_CASE("client: split points come with all columns of the key", "[tablestore]") {
  Fixture f;
  f.answer(answer_vector("three-splits"));
  const auto points = f.loop.run(f.client.split_points(kTable, 5 * 1024 * 1024));
  REQUIRE(points.has_value());
  proto::ComputeSplitPointsBySizeRequest asked;
  REQUIRE(asked.ParseFromString(
      request_vector("requests-java.json", "splits-unit-and-limit")));  // the same, and a limit
  asked.clear_split_point_limit();
  CHECK(f.transport.sent().front().body == asked.SerializeAsString());
  const KeyCell rest{"pk2", KeyCell::Kind::least, 0, {}};
  CHECK(*points == std::vector<Key>{{{"pk1", KeyCell::Kind::string, 0, "b"}, rest},
                                    {{"pk1", KeyCell::Kind::string, 0, "c"}, rest}});
}

TEST_CASE("client: rows are put and deleted as the SDKs do it", "[tablestore]") {
  Fixture f;
  const Key key{{"pk1", KeyCell::Kind::string, 0, "a"}, {"pk2", KeyCell::Kind::integer, -5, {}}};
  f.answer(answer_vector("ok-no-return-content"));
  REQUIRE(f.loop.run(f.client.delete_row(kTable, key)).has_value());
  CHECK(f.transport.sent().back().request.target == "/DeleteRow");
  CHECK(f.transport.sent().back().body == request_vector("requests-python.json", "delete-row"));

  const std::vector<AttributeCell> cells{{"c1", AttributeCell::Kind::integer, 1, {}}};
  f.answer(answer_vector("ok-no-return-content"));
  REQUIRE(f.loop.run(f.client.put_row(kTable, key, cells)).has_value());
  CHECK(f.transport.sent().back().request.target == "/PutRow");
  // The SDKs' row has a second cell, with a version.
  proto::PutRowRequest expected;
  REQUIRE(expected.ParseFromString(request_vector("requests-python.json", "put-row-ignore")));
  CHECK(expected.row().starts_with(encode_row(key, cells).substr(0, 77)));
  expected.set_row(encode_row(key, cells));
  CHECK(f.transport.sent().back().body == expected.SerializeAsString());
}

TEST_CASE("client: a table is created with its key, one version and no reserved capacity", "[tablestore]") {
  Fixture f;
  f.answer("");
  const std::vector<KeyColumn> key{
      {"pk1", KeyType::string}, {"pk2", KeyType::integer}, {"pk3", KeyType::binary}};
  REQUIRE(f.loop.run(f.client.create_table(kTable, key, std::chrono::seconds(-1))).has_value());
  CHECK(f.transport.sent().back().request.target == "/CreateTable");
  // Fields 1 (name, keys), 2 (capacity 0 and 0), 3 (time to live -1, one version).
  CHECK(f.transport.sent().back().body ==
        unhex("0a1f0a02743112070a03706b31100212070a03706b32100112070a03706b331003"
              "12060a04080010001a0d08ffffffffffffffffff011001"));
}

TEST_CASE("client: operations on tables are repeated when that may help, and their errors name the table",
          "[tablestore]") {
  Fixture f;
  const Key key{{"pk", KeyCell::Kind::integer, 1, {}}};
  f.refuse(503, "OTSServerBusy", "Server is busy.");
  f.transport.fail(Error(Errc::unavailable, "connection reset"));
  f.answer(answer_vector("ok-no-return-content"));
  CHECK(f.loop.run(f.client.put_row(kTable, key, {})).has_value());
  CHECK(f.transport.sent().size() == 3);

  f.refuse(404, "OTSObjectNotExist", "Requested table does not exist.");
  const RangeRequest range{kTable, key, both(KeyCell::Kind::greatest), {}, {}};
  const auto page = f.loop.run(f.client.get_range(range));
  REQUIRE(page.has_error());
  CHECK(page.error().code() == Errc::not_found);
  CHECK(
      page.error().message() ==
      "get range of table t1: 404 OTSObjectNotExist: Requested table does not exist., request 0005-1 (check "
      "the table's name and that its stream is on)");

  f.refuse(409, "OTSObjectAlreadyExist", "Requested table already exists.");
  const auto created = f.loop.run(f.client.create_table(kTable, {}, std::chrono::seconds(-1)));
  REQUIRE(created.has_error());
  CHECK(created.error().code() == Errc::conflict);

  f.refuse(403, "OTSNoPermissionAccess", "No.");
  CHECK(f.loop.run(f.client.delete_row(kTable, key))
            .error()
            .message()
            .starts_with("delete row of table t1: 403"));
  f.refuse(403, "OTSNoPermissionAccess", "No.");
  CHECK(f.loop.run(f.client.put_row(kTable, key, {}))
            .error()
            .message()
            .starts_with("put row into table t1: 403"));
  f.refuse(403, "OTSNoPermissionAccess", "No.");
  CHECK(f.loop.run(f.client.split_points(kTable, 1 << 20))
            .error()
            .message()
            .starts_with("compute split points of table t1: 403"));
}

TEST_CASE("client: genuine answers that cannot be read are corrupt and not repeated", "[tablestore]") {
  Fixture f;
  f.answer(unhex("1205"));
  const Key key{{"pk", KeyCell::Kind::integer, 1, {}}};
  const RangeRequest range{kTable, key, both(KeyCell::Kind::greatest), {}, {}};
  CHECK(f.loop.run(f.client.get_range(range)).error().message() ==
        "get range of table t1: decode page of 2 bytes: a length beyond the end at byte 2, request 0005-1");
  proto::ComputeSplitPointsBySizeResponse splits;
  splits.mutable_consumed()->mutable_capacity_unit();
  splits.add_split_points("x");
  f.answer(splits.SerializeAsString());
  CHECK(
      f.loop.run(f.client.split_points(kTable, 1 << 20)).error().message() ==
      "compute split points of table t1: decode key: at offset 0: expected the header of 4 bytes, got only 1 "
      "bytes, request 0005-1");
  f.answer(unhex("0a"));
  CHECK(
      f.loop.run(f.client.split_points(kTable, 1 << 20)).error().message() ==
      "compute split points of table t1: the answer of 1 bytes is not the expected message, request 0005-1");
  CHECK(f.transport.unused() == 0);
}

}  // namespace
