#include "core/http/role_credentials.hpp"

#include "core/base/task_group.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scripted_transport.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::http;
using namespace std::chrono;
using sluice::test::ScriptedTransport;

namespace {

constexpr const char* kRoles = "/latest/meta-data/ram/security-credentials/";
constexpr const char* kCanary = "canary-secret-5512";

Response answer(int status, std::string body = {}) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

// Keys number `number`, good until `expires` ("2018-10-16T06:00:00Z").
std::string keys_json(int number, const std::string& expires) {
  return fmt::format(
      R"({{"AccessKeyId":"STS.{0}","AccessKeySecret":"{2}-{0}","SecurityToken":"token-{0}","Expiration":"{1}",)"
      R"("LastUpdated":"2018-10-16T00:00:00Z","Code":"Success"}})",
      number, expires, kCanary);
}

struct Fixture {
  explicit Fixture(const std::string& role = "reader")
      : options{*parse_endpoint("http://100.100.100.200"), role} {}

  Result<Credentials> get() { return loop.run(provider.get()); }
  void give_keys(int number, const std::string& expires) {
    transport.answer(answer(200, "session-1"));
    transport.answer(answer(200, keys_json(number, expires)));
  }
  void refuse_connections(int times) {
    for (int i = 0; i < times; ++i)
      transport.fail(Error(Errc::timeout, "connect to 100.100.100.200 port 80: no progress within 5000 ms"));
  }
  std::vector<std::string> sent() const {
    std::vector<std::string> lines;
    for (const auto& one : transport.sent()) lines.push_back(one.request.method + " " + one.request.target);
    return lines;
  }

  sluice::test::Loop loop;  // 2018-10-16T00:00:00Z
  ScriptedTransport transport;
  RoleOptions options;
  std::vector<std::string> notices;
  RoleCredentials provider{loop.io.get_executor(), loop.clock, transport, options,
                           [this](std::string_view line) { notices.emplace_back(line); }};
};

std::string failure_of(const Result<Credentials>& result) {
  REQUIRE(result.has_error());
  return std::string(to_string(result.error().code())) + ": " + result.error().message();
}

}  // namespace

TEST_CASE("role: keys are asked for with a session token, directly, and kept", "[http]") {
  Fixture f;
  f.give_keys(1, "2018-10-16T06:00:00Z");
  const auto keys = f.get();
  REQUIRE(keys.has_value());
  CHECK(keys->access_id == "STS.1");
  CHECK(keys->key.reveal() == "canary-secret-5512-1");
  CHECK(keys->token.reveal() == "token-1");
  CHECK(keys->expires == f.loop.clock.now() + hours(6));
  CHECK((*f.get() == *keys));
  CHECK(f.sent() ==
        std::vector<std::string>{"PUT /latest/api/token", std::string("GET ") + kRoles + "reader"});
  const auto& session = f.transport.sent()[0];
  CHECK(session.header("X-aliyun-ecs-metadata-token-ttl-seconds") == "60");
  CHECK(session.endpoint.host == "100.100.100.200");
  CHECK(f.transport.sent()[1].header("X-aliyun-ecs-metadata-token") == "session-1");
  for (const auto& one : f.transport.sent()) CHECK(one.request.direct);
}

TEST_CASE("role: auto takes the first role that the machine has", "[http]") {
  Fixture f("auto");
  f.transport.answer(answer(200, "session-1\n"));
  f.transport.answer(answer(200, "first.role\r\nsecond\n"));
  f.transport.answer(answer(200, keys_json(1, "2018-10-16T06:00:00Z")));
  REQUIRE(f.get().has_value());
  CHECK(f.sent() == std::vector<std::string>{"PUT /latest/api/token", std::string("GET ") + kRoles,
                                             std::string("GET ") + kRoles + "first.role"});
}

TEST_CASE("role: a service without session tokens is asked plainly", "[http]") {
  for (const int status : {404, 405}) {
    Fixture f;
    f.transport.answer(answer(status));
    f.transport.answer(answer(200, keys_json(1, "2018-10-16T06:00:00Z")));
    REQUIRE(f.get().has_value());
    CHECK(f.transport.sent()[1].header("X-aliyun-ecs-metadata-token").empty());
  }
}

TEST_CASE("role: keys are replaced when less than ten minutes are left", "[http]") {
  Fixture f;
  f.give_keys(1, "2018-10-16T06:00:00Z");
  f.give_keys(2, "2018-10-16T12:00:00Z");
  REQUIRE(f.get().has_value());
  f.loop.clock.advance(hours(5) + minutes(50) - seconds(1));
  CHECK(f.get()->access_id == "STS.1");
  f.loop.clock.advance(seconds(1));
  CHECK(f.get()->access_id == "STS.2");
  CHECK(f.transport.unused() == 0);
}

TEST_CASE("role: short-lived keys are replaced when a third of their life is left", "[http]") {
  Fixture f;
  f.give_keys(1, "2018-10-16T00:00:30Z");
  f.give_keys(2, "2018-10-16T00:01:00Z");
  REQUIRE(f.get().has_value());
  f.loop.clock.advance(seconds(19));
  CHECK(f.get()->access_id == "STS.1");
  f.loop.clock.advance(seconds(1));
  CHECK(f.get()->access_id == "STS.2");
}

TEST_CASE("role: a fetch that fails leaves the old keys in use, says so, and waits before the next",
          "[http]") {
  Fixture f;
  f.give_keys(1, "2018-10-16T06:00:00Z");
  REQUIRE(f.get().has_value());
  f.loop.clock.advance(hours(5) + minutes(55));
  f.refuse_connections(3);
  CHECK(f.get()->access_id == "STS.1");
  CHECK(
      f.notices ==
      std::vector<std::string>{
          "get keys of RAM role reader from 100.100.100.200:80: connect to 100.100.100.200 port 80: no "
          "progress "
          "within 5000 ms; only cloud servers (ECS) have this address: elsewhere give accessId and accessKey "
          "instead of ramRole; going on with the keys that expire on Tue, 16 Oct 2018 06:00:00 GMT"});
  f.loop.clock.advance(seconds(29));
  CHECK(f.get()->access_id == "STS.1");
  CHECK(f.transport.unused() == 0);
  f.loop.clock.advance(seconds(1));
  f.give_keys(2, "2018-10-16T12:00:00Z");
  CHECK(f.get()->access_id == "STS.2");
  CHECK(f.notices.size() == 1);
}

TEST_CASE("role: once the old keys have expired a failed fetch is an error", "[http]") {
  Fixture f;
  f.give_keys(1, "2018-10-16T06:00:00Z");
  REQUIRE(f.get().has_value());
  f.loop.clock.advance(hours(6));
  f.refuse_connections(3);
  CHECK(
      failure_of(f.get()) ==
      "timeout: get keys of RAM role reader from 100.100.100.200:80: connect to 100.100.100.200 port 80: no "
      "progress within 5000 ms; only cloud servers (ECS) have this address: elsewhere give accessId and "
      "accessKey "
      "instead of ramRole");
  CHECK(f.notices.empty());
}

TEST_CASE("role: refused keys are replaced at once, even long before they expire", "[http]") {
  Fixture f;
  f.give_keys(1, "2018-10-16T06:00:00Z");
  f.give_keys(2, "2018-10-16T07:00:00Z");
  const auto first = f.get();
  REQUIRE(first.has_value());
  CHECK(f.provider.renew(*first));
  CHECK(f.get()->access_id == "STS.2");
  SECTION("a late refusal of the first keys does not touch the second") {
    CHECK(f.provider.renew(*first));
    CHECK(f.get()->access_id == "STS.2");
    CHECK(f.transport.unused() == 0);
  }
}

TEST_CASE("role: a failure that may pass is repeated twice", "[http]") {
  Fixture f;
  f.transport.answer(answer(503));
  f.transport.answer(answer(200, "session-1"));
  f.transport.answer(answer(200, "{"));
  f.give_keys(1, "2018-10-16T06:00:00Z");
  CHECK(f.get()->access_id == "STS.1");
  CHECK(f.loop.clock.monotonic() == milliseconds(1000));
}

TEST_CASE("role: what cannot pass is reported at once, with the way out", "[http]") {
  const std::string doing = "get keys of RAM role reader from 100.100.100.200:80: ";
  SECTION("a role that the machine does not have") {
    Fixture f;
    f.transport.answer(answer(200, "session-1"));
    f.transport.answer(answer(404));
    CHECK(failure_of(f.get()) == "not_found: " + doing +
                                     "this machine has no RAM role reader; attach it to the machine, or give "
                                     "accessId and accessKey instead "
                                     "of ramRole");
  }
  SECTION("a machine without any role") {
    Fixture f("auto");
    f.transport.answer(answer(200, "session-1"));
    f.transport.answer(answer(404));
    CHECK(failure_of(f.get()) ==
          "not_found: get keys of RAM role auto from 100.100.100.200:80: this machine has no RAM role; "
          "attach it to the "
          "machine, or give accessId and accessKey instead of ramRole");
  }
  SECTION("a service that does not let us in") {
    Fixture f;
    f.transport.answer(answer(403));
    CHECK(failure_of(f.get()) == "permission_denied: " + doing + "status 403");
  }
  SECTION("keys that expired before they came") {
    Fixture f;
    f.give_keys(1, "2018-10-16T00:00:00Z");
    CHECK(failure_of(f.get()) ==
          "unauthenticated: " + doing +
              "they expired on Tue, 16 Oct 2018 00:00:00 GMT; set this machine's clock");
  }
}

TEST_CASE("role: each status of the service has its kind, and what may pass is asked again", "[http]") {
  struct Case {
    int status;
    const char* kind;
    std::size_t tries;
  };
  for (const auto& [status, kind, tries] :
       {Case{401, "permission_denied", 1}, Case{403, "permission_denied", 1}, Case{429, "throttled", 3},
        Case{500, "unavailable", 3}, Case{503, "unavailable", 3}, Case{302, "corrupt", 3}}) {
    CAPTURE(status);
    Fixture f;
    for (std::size_t n = 0; n < tries; ++n) f.transport.answer(answer(status));
    CHECK(failure_of(f.get()) ==
          fmt::format("{}: get keys of RAM role reader from 100.100.100.200:80: status {}", kind, status));
    CHECK(f.sent().size() == tries);
  }
}

TEST_CASE("role: keys that nobody was given are not renewed, and do no harm", "[http]") {
  Fixture f;
  CHECK(f.provider.renew(Credentials{"other", Secret("x"), Secret("y")}));
  f.give_keys(1, "2018-10-16T06:00:00Z");
  CHECK(f.get()->access_id == "STS.1");
  CHECK(f.provider.renew(Credentials{"other", Secret("x"), Secret("y")}));
  CHECK(f.get()->access_id == "STS.1");
  CHECK(f.transport.unused() == 0);
}

TEST_CASE("role: answers that are not as they should be are corrupt and show no secret", "[http]") {
  const auto reason = [](const std::string& text) {
    const auto parsed = parse_role_keys(text);
    REQUIRE(parsed.has_error());
    CHECK(parsed.error().code() == Errc::corrupt);
    CHECK(parsed.error().message().find(kCanary) == std::string::npos);
    return parsed.error().message();
  };
  const std::string good = keys_json(1, "2018-10-16T06:00:00Z");
  const auto with = [&](std::string_view part, const std::string& other) {
    std::string text = good;
    return text.replace(text.find(part), part.size(), other);
  };
  REQUIRE(parse_role_keys(good).has_value());
  CHECK(reason("") == "the answer is no JSON object");
  CHECK(reason("[\"" + std::string(kCanary) + "\"]") == "the answer is no JSON object");
  CHECK(reason(good + "x") == "the answer is no JSON object");
  CHECK(reason(std::string(10'000, '[')) == "the answer is no JSON object");
  CHECK(reason(with("Success", "Failed")) == "the answer's Code is not \"Success\"");
  CHECK(reason(with("\"STS.1\"", "7")) == "the answer has no usable AccessKeyId");
  CHECK(reason(with("STS.1", "a\\r\\nx-evil: 1")) == "the answer has no usable AccessKeyId");
  CHECK(reason(with("canary-secret-5512-1", "")) == "the answer has no usable AccessKeySecret");
  CHECK(reason(with("token-1", std::string(9000, 'x'))) == "the answer has no usable SecurityToken");
  CHECK(reason(with("2018-10-16T06", "2018-13-16T06")) == "the answer has no usable Expiration");
}

TEST_CASE("role: whoever asks during a fetch shares its keys, or its failure", "[http]") {
  struct Asker {
    static awaitable<void> ask(CredentialsProvider& provider, std::vector<std::string>& out) {
      const auto keys = co_await provider.get();
      out.push_back(keys ? keys->access_id : std::string(to_string(keys.error().code())));
    }
  };
  Fixture f;
  std::vector<std::string> got;
  TaskGroup tasks(f.loop.io.get_executor());
  f.transport.answer(answer(503));  // the repeat comes after a pause, in which the others ask
  const auto ask_three_times = [&] {
    for (int i = 0; i < 3; ++i) tasks.start(Asker::ask(f.provider, got));
    f.loop.clock.settle();
  };
  SECTION("the keys") {
    ask_three_times();
    CHECK(got.empty());
    f.give_keys(1, "2018-10-16T06:00:00Z");
    f.loop.clock.advance(seconds(1));
    CHECK(got == std::vector<std::string>{"STS.1", "STS.1", "STS.1"});
  }
  SECTION("the failure") {
    ask_three_times();
    f.transport.answer(answer(404));
    f.transport.answer(answer(404));
    f.loop.clock.advance(seconds(1));
    CHECK(got == std::vector<std::string>{"not_found", "not_found", "not_found"});
  }
  SECTION("when the fetch is cancelled another asker takes over") {
    TaskGroup doomed(f.loop.io.get_executor());
    doomed.start(Asker::ask(f.provider, got));
    f.loop.clock.settle();
    tasks.start(Asker::ask(f.provider, got));
    f.loop.clock.settle();
    CHECK(f.transport.sent().size() == 1);
    f.give_keys(1, "2018-10-16T06:00:00Z");
    boost::asio::post(f.loop.io, [&] { doomed.stop(); });
    f.loop.clock.settle();
    CHECK(got == std::vector<std::string>{"STS.1"});
  }
  CHECK(f.transport.unused() == 0);
}

TEST_CASE("role: while keys that count are being replaced the others go on with them", "[http]") {
  struct Asker {
    static awaitable<void> ask(CredentialsProvider& provider, std::vector<std::string>& out) {
      out.push_back((co_await provider.get())->access_id);
    }
  };
  Fixture f;
  f.give_keys(1, "2018-10-16T06:00:00Z");
  REQUIRE(f.get().has_value());
  f.loop.clock.advance(hours(5) + minutes(55));
  f.transport.answer(answer(503));
  std::vector<std::string> got;
  TaskGroup tasks(f.loop.io.get_executor());
  for (int i = 0; i < 2; ++i) tasks.start(Asker::ask(f.provider, got));
  f.loop.clock.settle();
  CHECK(got == std::vector<std::string>{"STS.1"});
  f.give_keys(2, "2018-10-16T12:00:00Z");
  f.loop.clock.advance(seconds(1));
  CHECK(got == std::vector<std::string>{"STS.1", "STS.2"});
}
