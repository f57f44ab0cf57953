// What commands make of answers that are not the daemon's.
#include "daemon/cli/commands.hpp"
#include "tests/unit/daemon/api/direct_api.hpp"
#include "tests/unit/daemon/api/fake_service.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>

using namespace sluice;
using namespace sluice::daemon;

namespace {

using Fixture = sluice::test::CommandFixture;

constexpr const char* kId = "orders@2018-10-16T00:00+08:00";

// Says the same to whatever it is asked; not for ever.
struct Parrot final : Api {
  explicit Parrot(std::string text) : answer(boost::json::parse(text)) {}
  boost::json::value get(const std::string&) override {
    if (++asked > 5) throw std::runtime_error("asked without end");
    return answer;
  }
  boost::json::value post(const std::string& target, const std::string&) override { return get(target); }
  boost::json::value answer;
  int asked = 0;
};

// The message of the failure; empty: it counted as success.
std::string failure_of(std::vector<const char*> words, const std::string& answer) {
  Fixture f;
  Parrot parrot(answer);
  const Options options = Fixture::parse(words);
  const std::string_view name = options.command;
  try {
    if (name == "verify") command_verify(options, parrot, f.console);
    if (name == "instances") command_instances(options, parrot, f.console);
    if (name == "logs") command_logs(options, parrot, f.console);
    if (name == "audit") command_audit(options, parrot, f.console);
    if (name == "pause") command_pause(options, parrot, f.console);
    if (name == "resume") command_resume(options, parrot, f.console);
    if (name == "rerun") command_act(options, parrot, f.console);
  } catch (const std::exception& failure) {
    return failure.what();
  }
  return "";
}

}  // namespace

TEST_CASE("commands: an answer without what was asked for is no success") {
  const auto lacks = [](const std::string& key) {
    return "read the daemon's answer: it has no \"" + key + "\"";
  };
  const std::string other = R"({"status":"ok"})";
  CHECK(failure_of({"verify", "orders"}, other) == lacks("windows"));
  CHECK(failure_of({"instances"}, other) == lacks("instances"));
  CHECK(failure_of({"logs", kId}, other) == lacks("text"));
  CHECK(failure_of({"audit"}, other) == lacks("entries"));
  CHECK(failure_of({"pause", "orders"}, other) == lacks("paused"));
  CHECK(failure_of({"resume", "orders"}, other) == lacks("paused"));
  CHECK(failure_of({"rerun", kId}, other) == lacks("state"));
  CHECK(failure_of({"rerun", "--job", "orders", "--from", "2018-10-16", "--to", "2018-10-17"}, other) ==
        lacks("done"));
  CHECK(failure_of({"rerun", kId, "--downstream"}, other) == lacks("instances"));
}

TEST_CASE("commands: pages that do not go on end the command") {
  const std::string stuck = "read the daemon's answer: its pages do not go on";
  CHECK(failure_of({"instances"}, R"({"instances":[],"next":"x"})") == stuck);
  CHECK(failure_of({"verify", "orders"}, R"({"windows":[],"next":"x"})") == stuck);
  CHECK(failure_of({"audit"}, R"({"entries":[],"next":7})") == stuck);
  CHECK(failure_of({"logs", kId}, R"({"text":"","at_end":false})") == stuck);
}
