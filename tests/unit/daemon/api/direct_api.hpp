#pragma once
#include "daemon/cli/commands.hpp"
#include "daemon/http/problem.hpp"
#include "tests/unit/daemon/api/fake_service.hpp"

#include <sstream>
#include <variant>
#include <vector>

namespace sluice::test {

using daemon::CommandFailure;
using daemon::error_from_problem;

// The API without sockets.
class DirectApi final : public daemon::Api {
 public:
  explicit DirectApi(FakeService& service) : service_(service) {}
  boost::json::value get(const std::string& target) override { return call("GET", target, ""); }
  boost::json::value post(const std::string& target, const std::string& body) override {
    return call("POST", target, body);
  }

 private:
  boost::json::value call(const std::string& method, const std::string& target, const std::string& body) {
    const auto answer = service_.ask(method, target, true, body);
    if (answer.status >= 400) throw CommandFailure(error_from_problem(answer.status, answer.body));
    return boost::json::parse(answer.body);
  }
  FakeService& service_;
};

// Gives one of `answers` after the other, whatever is asked.
struct AnswersInOrder final : daemon::Api {
  std::vector<std::string> answers;
  std::vector<std::string> asked;
  boost::json::value get(const std::string& target) override {
    asked.push_back(target);
    return boost::json::parse(answers.at(asked.size() - 1));
  }
  boost::json::value post(const std::string&, const std::string&) override { return {}; }
};

// What a command says, and the service that it asks.
struct CommandFixture {
  Loop world{test_now()};
  FakeService service{world};
  DirectApi api{service};
  std::ostringstream out;
  std::ostringstream err;
  daemon::Console console{out, err};

  int run(std::vector<const char*> words) {
    words.insert(words.begin(), "sluice");
    return daemon::run_command_line(static_cast<int>(words.size()), words.data(), console);
  }
  static daemon::Options parse(std::vector<const char*> words) {
    words.insert(words.begin(), "sluice");
    return std::get<daemon::Options>(
        daemon::parse_command_line(static_cast<int>(words.size()), words.data()));
  }
};

}  // namespace sluice::test
