// What the client asks and is told of time series tables.

#include "core/http/crypto.hpp"
#include "core/http/headers.hpp"
#include "core/tablestore/client.hpp"
#include "core/tablestore/ots.pb.h"
#include "tests/support/run.hpp"
#include "tests/support/scripted_transport.hpp"
#include "tests/unit/core/tablestore/client_vectors.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::tablestore;
using namespace sluice::tablestore::test;
namespace proto = sluice::ots::proto;

namespace {

const SigningKey kKey{"AKIDEXAMPLE", Secret("secretEXAMPLEkey0123456789ABCDEF")};

struct Fixture {
  explicit Fixture(bool time_series) {
    options.endpoint = *http::parse_endpoint("http://orders.example:80");
    options.instance = "orders";
    options.credentials = http::fixed_credentials(http::Credentials{kKey.access_id, kKey.secret});
    options.time_series = time_series;
  }

  // Describes stream-1 from shard-2 on, at most 10 shards; the answer is `body` with a signature.
  Result<StreamDescription> describe(int status, const std::string& body) {
    http::Response answer;
    answer.status = status;
    answer.body = body;
    answer.headers = {{"x-ots-contentmd5", http::base64(http::md5(body))},
                      {"x-ots-contenttype", "protocol buffer"},
                      {"x-ots-date", format_ots_date(loop.clock.now())},
                      {"x-ots-requestid", "0005-1"}};
    answer.headers.emplace_back("Authorization",
                                answer_authorization("DescribeStream", answer.headers, kKey));
    transport.answer(std::move(answer));
    Client client(transport, loop.clock, random, options);
    const std::string stream = "stream-1";
    const std::optional<std::string> start = "shard-2";
    return loop.run(client.describe_stream(stream, start, 10));
  }

  sluice::test::Loop loop{std::chrono::sys_days(std::chrono::year(2024) / 5 / 17)};
  sluice::test::ScriptedTransport transport;
  SeededRandom random{42};
  ClientOptions options;
};

std::string description(std::optional<bool> is_time_series) {
  proto::DescribeStreamResponse message;
  message.set_stream_id("stream-1");
  message.set_expiration_time(168);
  message.set_table_name("metrics");
  message.set_creation_time(1'500'000'000'000'000);
  message.set_stream_status(proto::STREAM_ACTIVE);
  if (is_time_series) message.set_is_timeseries_data_table(*is_time_series);
  return message.SerializeAsString();
}

}  // namespace

TEST_CASE("client: the stream of a time series table is asked for as that of one", "[tablestore]") {
  Fixture f(true);
  const auto described = f.describe(200, description(true));
  REQUIRE(described.has_value());
  CHECK(described->is_time_series);
  CHECK(described->retention == std::chrono::hours(168));
  const auto vectors = load_vectors("requests-java.json");
  for (const auto& vector : vectors.at("requests").as_array()) {
    if (text_of(vector.at("name")) != "describe-stream-page") continue;
    CHECK(f.transport.sent().front().body == body_of(vector));
  }
  CHECK_FALSE(f.describe(200, description(false))->is_time_series);
  CHECK_FALSE(f.describe(200, description(std::nullopt))->is_time_series);
}

TEST_CASE("client: the stream of another table is not, and a time series table says what to set",
          "[tablestore]") {
  Fixture f(false);
  proto::Error error;
  error.set_code("OTSParameterInvalid");
  error.set_message("Table [metrics] is a timeseries table, not support DescribeStream");
  const auto described = f.describe(400, error.SerializeAsString());
  REQUIRE(described.has_error());
  CHECK(described.error().code() == Errc::invalid_argument);
  CHECK(
      described.error().message() ==
      "describe stream stream-1: 400 OTSParameterInvalid: Table [metrics] is a timeseries table, not support "
      "DescribeStream, request 0005-1 (set isTimeseriesTable to true)");
  proto::DescribeStreamRequest request;
  REQUIRE(request.ParseFromString(f.transport.sent().front().body));
  CHECK_FALSE(request.has_support_timeseries_data_table());
}
