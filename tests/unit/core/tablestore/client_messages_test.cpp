// The generated messages against what the SDKs and the service put on the wire.

#include "core/tablestore/ots.pb.h"
#include "core/tablestore/ots_error.hpp"
#include "tests/unit/core/tablestore/client_vectors.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <map>

using namespace sluice;
using namespace sluice::tablestore;
using namespace sluice::tablestore::test;
namespace proto = sluice::ots::proto;

namespace {

// Parses as Message, writes it again; "" if that is refused.
template <class Message>
std::optional<std::string> round_trip(const std::string& body) {
  Message message;
  if (!message.ParsePartialFromString(body) || !message.IsInitialized()) return std::nullopt;
  return message.SerializeAsString();
}

using RoundTrip = std::function<std::optional<std::string>(const std::string&)>;

const std::map<std::string, RoundTrip> kRequests = {
    {"ListTable", round_trip<proto::ListTableRequest>},
    {"CreateTable", round_trip<proto::CreateTableRequest>},
    {"UpdateTable", round_trip<proto::UpdateTableRequest>},
    {"DescribeTable", round_trip<proto::DescribeTableRequest>},
    {"DeleteTable", round_trip<proto::DeleteTableRequest>},
    {"GetRow", round_trip<proto::GetRowRequest>},
    {"PutRow", round_trip<proto::PutRowRequest>},
    {"UpdateRow", round_trip<proto::UpdateRowRequest>},
    {"DeleteRow", round_trip<proto::DeleteRowRequest>},
    {"GetRange", round_trip<proto::GetRangeRequest>},
    {"BatchGetRow", round_trip<proto::BatchGetRowRequest>},
    {"BatchWriteRow", round_trip<proto::BatchWriteRowRequest>},
    {"ListStream", round_trip<proto::ListStreamRequest>},
    {"DescribeStream", round_trip<proto::DescribeStreamRequest>},
    {"GetShardIterator", round_trip<proto::GetShardIteratorRequest>},
    {"GetStreamRecord", round_trip<proto::GetStreamRecordRequest>},
    {"ComputeSplitPointsBySize", round_trip<proto::ComputeSplitPointsBySizeRequest>},
};

const std::map<std::string, RoundTrip> kAnswers = {
    {"ListTable", round_trip<proto::ListTableResponse>},
    {"CreateTable", round_trip<proto::CreateTableResponse>},
    {"UpdateTable", round_trip<proto::UpdateTableResponse>},
    {"DescribeTable", round_trip<proto::DescribeTableResponse>},
    {"DeleteTable", round_trip<proto::DeleteTableResponse>},
    {"GetRow", round_trip<proto::GetRowResponse>},
    {"PutRow", round_trip<proto::PutRowResponse>},
    {"UpdateRow", round_trip<proto::UpdateRowResponse>},
    {"DeleteRow", round_trip<proto::DeleteRowResponse>},
    {"GetRange", round_trip<proto::GetRangeResponse>},
    {"BatchGetRow", round_trip<proto::BatchGetRowResponse>},
    {"BatchWriteRow", round_trip<proto::BatchWriteRowResponse>},
    {"ListStream", round_trip<proto::ListStreamResponse>},
    {"DescribeStream", round_trip<proto::DescribeStreamResponse>},
    {"GetShardIterator", round_trip<proto::GetShardIteratorResponse>},
    {"GetStreamRecord", round_trip<proto::GetStreamRecordResponse>},
    {"ComputeSplitPointsBySize", round_trip<proto::ComputeSplitPointsBySizeResponse>},
    {"(error body)", round_trip<proto::Error>},
};

// Bytes in another order are the same message; their number and kind are not touched by that.
std::string sorted(std::string bytes) {
  std::sort(bytes.begin(), bytes.end());
  return bytes;
}

}  // namespace

TEST_CASE("messages: every request of the three SDKs is understood and written back without loss",
          "[tablestore]") {
  for (const char* file : {"requests-java.json", "requests-python.json", "requests-go.json"}) {
    const auto vectors = load_vectors(file);
    for (const auto& vector : vectors.at("requests").as_array()) {
      INFO(file << " " << vector.at("name").as_string());
      const std::string body = body_of(vector);
      const auto again = kRequests.at(text_of(vector.at("operation")))(body);
      REQUIRE(again.has_value());
      CHECK(sorted(*again) == sorted(body));
    }
  }
}

TEST_CASE("messages: every answer that SDKs accepted is understood and written back without loss",
          "[tablestore]") {
  for (const char* file : {"responses-java.json", "responses-three-sdks.json"}) {
    const auto vectors = load_vectors(file);
    for (const auto& vector : vectors.at("responses").as_array()) {
      INFO(file << " " << vector.at("operation").as_string() << " " << vector.at("name").as_string());
      const std::string body = body_of(vector);
      const auto again = kAnswers.at(text_of(vector.at("operation")))(body);
      REQUIRE(again.has_value());
      CHECK(sorted(*again) == sorted(body));
    }
  }
}

TEST_CASE("messages: every captured answer of the service is understood", "[tablestore]") {
  const auto vectors = load_vectors("captured-server-responses.json");
  int answers = 0;
  int errors = 0;
  for (const auto& vector : vectors.at("responses").as_array()) {
    const std::string operation = text_of(vector.at("operation"));
    INFO(operation << " " << vector.at("text").as_string());
    http::Response answer;
    answer.status = static_cast<int>(vector.at("http_status").as_int64());
    answer.headers = headers_of(vector.at("headers"));
    answer.body = body_of(vector);
    if (answer.status != 200) {
      const ServerError error = parse_server_error(answer);
      CHECK(error.code == "OTSConditionCheckFail");
      CHECK_FALSE(error.message.empty());
      CHECK(error.request_id == answer.header("x-ots-requestid"));
      ++errors;
      continue;
    }
    const auto known = kAnswers.find(operation);
    if (known == kAnswers.end()) continue;  // local transactions
    CHECK(known->second(answer.body).has_value());
    ++answers;
  }
  CHECK(answers == 13);
  CHECK(errors == 3);
}

TEST_CASE("messages: an answer without a required field is refused", "[tablestore]") {
  CHECK_FALSE(round_trip<proto::DescribeStreamResponse>(unhex("0a0161")).has_value());
  CHECK_FALSE(round_trip<proto::GetShardIteratorResponse>("").has_value());
}
