#include "core/http/repeated_send.hpp"

#include "tests/support/listed_credentials.hpp"
#include "tests/support/run.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;
using http::Credentials;
using http::Failure;
using http::Outcome;
using http::Retry;
using sluice::test::ListedCredentials;

namespace {

Failure refusal(Retry retry, const char* text = "503 SlowDown") {
  Failure failure;
  failure.error = Error(Errc::unavailable, text);
  failure.retry = retry;
  return failure;
}

// Answers each attempt with the next of its failures, then with success.
struct Fixture {
  explicit Fixture(std::vector<Failure> failures_, int keys_count = 3)
      : failures(std::move(failures_)), keys(keys_count) {}

  awaitable<Outcome> attempt(Credentials credentials) {
    used.push_back(credentials.access_id);
    const std::size_t number = used.size() - 1;
    if (number >= failures.size()) co_return http::Response{};
    if (failures[number].retry == Retry::renew_keys) keys.renew(credentials);
    co_return failures[number];
  }
  Outcome send() {
    auto once = [this](Credentials credentials) { return attempt(std::move(credentials)); };
    return loop.run(http::send_repeatedly({keys, loop.clock, random, on_retry}, "put object a", attempts,
                                          std::move(once)));
  }

  sluice::test::Loop loop;
  SeededRandom random{1};
  std::vector<Failure> failures;
  ListedCredentials keys;
  std::vector<std::string> used;   // access id of each attempt
  std::vector<std::string> lines;  // told before each pause
  std::function<void(std::string_view)> on_retry = [this](std::string_view line) {
    lines.emplace_back(line);
  };
  http::Attempts attempts;
};

}  // namespace

TEST_CASE("repeated send: goes on until it succeeds and tells each pause", "[repeated_send]") {
  Fixture f({refusal(Retry::always), refusal(Retry::always)});
  CHECK(f.send().has_value());
  CHECK(f.attempts.begun() == 3);
  REQUIRE(f.lines.size() == 2);
  CHECK(f.lines[1].starts_with("503 SlowDown; attempt 3 in "));
}

TEST_CASE("repeated send: asks for keys before each attempt, also after refused ones", "[repeated_send]") {
  Fixture f({refusal(Retry::renew_keys), refusal(Retry::always)});
  CHECK(f.send().has_value());
  CHECK(f.used == std::vector<std::string>{"id-1", "id-2", "id-2"});
}

TEST_CASE("repeated send: the last failure is the answer when nothing more would help", "[repeated_send]") {
  Fixture f({refusal(Retry::always), refusal(Retry::never, "404 NoSuchBucket")});
  const Outcome outcome = f.send();
  REQUIRE(outcome.has_error());
  CHECK(outcome.error().error.message() == "404 NoSuchBucket");
  CHECK(f.used.size() == 2);
}

TEST_CASE("repeated send: keys that cannot be had end it, and the message says what was meant",
          "[repeated_send]") {
  Fixture f({}, 0);
  const Outcome outcome = f.send();
  REQUIRE(outcome.has_error());
  CHECK(outcome.error().error.message() == "put object a: no keys left");
  CHECK(f.used.empty());
}

TEST_CASE("repeated send: a refused date sets the offset, and is final without a time to go by",
          "[repeated_send]") {
  Fixture f({});
  const http::RepeatPorts ports{f.keys, f.loop.clock, f.random, f.on_retry};
  Duration offset{0};
  Failure skewed = refusal(Retry::correct_clock);
  http::prepare_retry(skewed, "", http::Response{}, {}, ports, offset);
  CHECK(skewed.retry == Retry::never);
  CHECK(offset == 0s);
  skewed = refusal(Retry::correct_clock);
  http::prepare_retry(skewed, "2018-10-16T00:00:00.000Z", http::Response{}, {}, ports, offset);
  CHECK(skewed.retry == Retry::correct_clock);
  CHECK(f.loop.clock.now() + offset == std::chrono::sys_days(std::chrono::year(2018) / 10 / 16));
}
