#pragma once
// A client on a scripted transport that gives genuine answers, and what it told its observer.

#include "core/http/crypto.hpp"
#include "core/http/headers.hpp"
#include "core/tablestore/client.hpp"
#include "core/tablestore/ots.pb.h"
#include "tests/support/run.hpp"
#include "tests/support/scripted_transport.hpp"

#include <string>
#include <vector>

namespace sluice::tablestore::test {

namespace proto = sluice::ots::proto;

constexpr const char* kRequestId = "0005-1";

struct Recorder final : StreamApiObserver {
  void on_request(std::string_view operation, int repeat) override {
    requests.push_back(fmt::format("{} {}", operation, repeat));
  }
  void on_retry(const Error& error, int repeat, Duration pause) override {
    retries.push_back(fmt::format("{} {}", repeat, error.message()));
    pauses.push_back(pause);
  }
  void on_warning(std::string_view text) override { warnings.emplace_back(text); }

  std::vector<std::string> requests;
  std::vector<std::string> retries;
  std::vector<Duration> pauses;
  std::vector<std::string> warnings;
};

struct Fixture {
  explicit Fixture(ClientOptions made = options()) : client(transport, loop.clock, random, std::move(made)) {
    client.observe(&recorder);
  }

  static ClientOptions options() {
    ClientOptions made;
    made.endpoint = *http::parse_endpoint("http://orders.example:80");
    made.instance = "orders";
    made.credentials = http::fixed_credentials(keys());
    made.table = "orders_table";
    return made;
  }

  static Credentials keys() {
    return Credentials{"AKIDEXAMPLE", Secret("secretEXAMPLEkey0123456789ABCDEF"), Secret("token-1")};
  }

  // A genuine answer to `operation`, dated `date` and signed with `key`.
  http::Response signed_answer(const std::string& operation, int status, std::string body,
                               Instant date) const {
    http::Response answer;
    answer.status = status;
    answer.body = std::move(body);
    answer.headers = {{"X-Ots-ContentMd5", http::base64(http::md5(answer.body))},
                      {"X-Ots-ContentType", "protocol buffer"},
                      {"X-Ots-Date", format_ots_date(date)},
                      {"X-Ots-RequestId", kRequestId},
                      {"Date", http::format_date(date)}};
    const std::string authorization = answer_authorization(operation, answer.headers, key);
    answer.headers.emplace_back("Authorization", authorization);
    return answer;
  }

  template <class Message>
  void answer(const std::string& operation, const Message& message) {
    transport.answer(signed_answer(operation, 200, message.SerializeAsString(), loop.clock.now()));
  }

  void refuse(const std::string& operation, int status, const std::string& code, const std::string& message) {
    proto::Error error;
    error.set_code(code);
    error.set_message(message);
    transport.answer(signed_answer(operation, status, error.SerializeAsString(), loop.clock.now()));
  }

  SigningKey key{keys().access_id, keys().key};
  sluice::test::Loop loop{std::chrono::sys_days(std::chrono::year(2024) / 5 / 17) + std::chrono::hours(8)};
  sluice::test::ScriptedTransport transport;
  SeededRandom random{42};
  Client client;
  Recorder recorder;
};

inline proto::GetShardIteratorResponse iterator_answer(const std::string& iterator,
                                                       const std::string& token = {}) {
  proto::GetShardIteratorResponse message;
  message.set_shard_iterator(iterator);
  if (!token.empty()) message.set_next_token(token);
  return message;
}

inline const std::string kShard = "shard-1";
inline const std::string kStream = "stream-1";
inline const std::string kTable = "t1";
inline const std::string kIterator = "iter-1";

}  // namespace sluice::tablestore::test
