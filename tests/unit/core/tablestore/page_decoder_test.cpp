#include "core/tablestore/page_decoder.hpp"

#include "core/base/random.hpp"
#include "core/tablestore/ots.pb.h"
#include "tests/unit/core/tablestore/client_vectors.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::tablestore;
using namespace sluice::tablestore::test;

namespace {

std::string message_of(const std::string& hex) {
  const auto page = decode_page(unhex(hex));
  REQUIRE(page.has_error());
  CHECK(page.error().code() == Errc::corrupt);
  return page.error().message();
}

}  // namespace

TEST_CASE("page: the pages of the vectors decode as in the Java SDK", "[tablestore]") {
  const auto vectors = load_vectors("stream-pages.json");
  for (const auto& vector : vectors.at("pages").as_array()) {
    INFO(vector.at("name").as_string());
    const auto page = decode_page(body_of(vector));
    REQUIRE(page.has_value());
    const auto& expected = vector.at("sdk_parsed");
    CHECK(page->records.size() == expected.at("records").to_number<std::size_t>());
    const auto& next = expected.at("next_shard_iterator");
    CHECK(page->next_iterator == (next.is_null() ? std::nullopt : std::optional(text_of(next))));
    const auto& more = expected.at("may_more_record");
    CHECK(page->may_more == (more.is_null() ? std::nullopt : std::optional(more.as_bool())));
  }
}

TEST_CASE("page: every record of the vectors comes out byte for byte, from inside the body", "[tablestore]") {
  const auto vectors = load_vectors("stream-records.json");
  for (const auto& vector : vectors.at("records").as_array()) {
    INFO(vector.at("name").as_string());
    const auto page = decode_page(body_of(vector));
    REQUIRE(page.has_value());
    REQUIRE(page->records.size() == 1);
    const StreamRecord& record = page->records.front();
    CHECK(std::string(record.record) == unhex(vector.at("record_hex").as_string()));
    const std::string action = text_of(vector.at("action_type"));
    CHECK(record.action == (action == "PUT_ROW"      ? Action::put_row
                            : action == "UPDATE_ROW" ? Action::update_row
                                                     : Action::delete_row));
    CHECK(record.record.data() >= page->body.data());
    CHECK(record.record.data() + record.record.size() <= page->body.data() + page->body.size());
  }
}

TEST_CASE("page: decoding agrees with the generated code on pages of any shape", "[tablestore]") {
  SeededRandom random(20181016);
  for (int round = 0; round < 200; ++round) {
    ots::proto::GetStreamRecordResponse message;
    const auto count = static_cast<int>(random.below(20));
    for (int i = 0; i < count; ++i) {
      auto* record = message.add_stream_records();
      record->set_action_type(static_cast<ots::proto::ActionType>(1 + random.below(3)));
      record->set_record(std::string(random.below(300), static_cast<char>('a' + i)));
      if (random.below(2) == 0) record->set_origin_record("old");
    }
    if (random.below(2) == 0) message.set_next_shard_iterator(std::string(random.below(40), 'n'));
    if (random.below(2) == 0) message.mutable_consumed()->mutable_capacity_unit()->set_read(-1);
    if (random.below(2) == 0) message.set_may_more_record(random.below(2) == 0);
    const auto page = decode_page(message.SerializeAsString());
    REQUIRE(page.has_value());
    REQUIRE(page->records.size() == static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      const StreamRecord& record = page->records[static_cast<std::size_t>(i)];
      CHECK(static_cast<int>(record.action) == message.stream_records(i).action_type());
      CHECK(record.record == message.stream_records(i).record());
    }
    CHECK(page->next_iterator.has_value() == message.has_next_shard_iterator());
    if (page->next_iterator) CHECK(*page->next_iterator == message.next_shard_iterator());
    CHECK(page->may_more.has_value() == message.has_may_more_record());
    if (page->may_more) CHECK(*page->may_more == message.may_more_record());
  }
}

TEST_CASE("page: records stay valid when the page is moved, however short its body", "[tablestore]") {
  auto decoded =
      decode_page(unhex("0a07080112037879"
                        "7a"));
  REQUIRE(decoded.has_value());
  const StreamPage moved = std::move(decoded).value();
  CHECK(moved.records.front().record == "xyz");
  CHECK(moved.records.front().record.data() >= moved.body.data());
  CHECK(moved.records.front().record.data() < moved.body.data() + moved.body.size());
}

TEST_CASE("page: an empty body is an empty last page", "[tablestore]") {
  const auto page = decode_page("");
  REQUIRE(page.has_value());
  CHECK(page->records.empty());
  CHECK_FALSE(page->next_iterator.has_value());
}

TEST_CASE("page: unknown fields of every type are skipped", "[tablestore]") {
  // 15: varint, 16: fixed64, 17: bytes, 18: fixed32, then the iterator; inside the record field 9.
  const auto page =
      decode_page(unhex("7801"
                        "81010102030405060708"
                        "8a010161"
                        "950101020304"
                        "12026974"
                        "0a07080212014848"
                        "05"));
  REQUIRE(page.has_value());
  CHECK(page->next_iterator == "it");
  REQUIRE(page->records.size() == 1);
  CHECK(page->records.front().record == "H");
}

TEST_CASE("page: broken pages are corrupt and the place is named", "[tablestore]") {
  CHECK(message_of("80") == "decode stream page of 1 bytes: ends inside a number at byte 1");
  CHECK(message_of("0a05080112") == "decode stream page of 5 bytes: a length beyond the end at byte 2");
  CHECK(message_of("120461") == "decode stream page of 3 bytes: a length beyond the end at byte 2");
  CHECK(message_of("12ffffffffffffffffff01") ==
        "decode stream page of 11 bytes: a length beyond the end at byte 11");
  CHECK(message_of("20ffffffffffffffffff02") ==
        "decode stream page of 11 bytes: a number of more than 64 bits at byte 11");
  CHECK(message_of("0001") == "decode stream page of 2 bytes: invalid field number at byte 1");
  CHECK(message_of("0b") == "decode stream page of 1 bytes: invalid wire type at byte 1");
  CHECK(message_of("8180") == "decode stream page of 2 bytes: ends inside a number at byte 2");
  CHECK(message_of("81010102") == "decode stream page of 4 bytes: a length beyond the end at byte 2");
}

TEST_CASE("page: known fields of the wrong type and incomplete records are corrupt", "[tablestore]") {
  CHECK(message_of("0801") == "decode stream page of 2 bytes: a record that is not a message at byte 2");
  CHECK(message_of("1001") == "decode stream page of 2 bytes: an iterator that is not text at byte 2");
  CHECK(message_of("1201ff") == "decode stream page of 3 bytes: an iterator that is not text at byte 3");
  CHECK(message_of("1801") == "decode stream page of 2 bytes: capacity that is not a message at byte 2");
  CHECK(message_of("220161") == "decode stream page of 3 bytes: may_more_record is not a number at byte 3");
  CHECK(message_of("0a00") == "decode stream page of 2 bytes: a record without action at byte 2");
  CHECK(message_of("0a020801") == "decode stream page of 4 bytes: a record without row at byte 4");
  CHECK(message_of("0a0408041200") == "decode stream page of 6 bytes: an unknown action at byte 4");
  CHECK(message_of("0a0408001200") == "decode stream page of 6 bytes: an unknown action at byte 4");
  CHECK(message_of("0a0408011205") == "decode stream page of 6 bytes: a length beyond the end at byte 6");
  CHECK(message_of("0a03080180") == "decode stream page of 5 bytes: ends inside a number at byte 5");
  CHECK(message_of("0a030a0100") ==
        "decode stream page of 5 bytes: an action that is not a number at byte 5");
  CHECK(message_of("0a0408011001") == "decode stream page of 6 bytes: a row that is not bytes at byte 6");
  CHECK(message_of("0a06080112001801") ==
        "decode stream page of 8 bytes: an origin row that is not bytes at byte 8");
}

TEST_CASE("page: more records than allowed are refused", "[tablestore]") {
  std::string body;
  const std::string record = unhex("0a0408011200");
  for (std::size_t i = 0; i < kPageRecordsMax; ++i) body += record;
  CHECK(decode_page(body)->records.size() == kPageRecordsMax);
  const auto page = decode_page(body + record);
  REQUIRE(page.has_error());
  CHECK(page.error().message().find("too many records") != std::string::npos);
}

TEST_CASE("page: no cut of a page is taken for the page", "[tablestore]") {
  const auto vectors = load_vectors("stream-pages.json");
  const std::string whole = body_of(vectors.at("pages").as_array().front());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto page = decode_page(whole.substr(0, length));
    // A cut between two fields decodes (the MD5 of the answer catches it); it must not show what it does not
    // hold.
    if (page) CHECK(!(page->records.size() == 1 && page->next_iterator && page->may_more));
  }
}
