#pragma once
// The command line's side of the HTTP API.

#include "daemon/http/problem.hpp"

#include <boost/json/value.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <string>

namespace sluice::daemon {

// Ends a command: printed as "sluice: MESSAGE", the exit code goes to the shell.
class CommandFailure : public std::exception {
 public:
  CommandFailure(Exit exit, std::string message) : exit_(exit), message_(std::move(message)) {}
  explicit CommandFailure(const Error& error) : CommandFailure(exit_of(error.code()), error.message()) {}
  Exit exit() const noexcept { return exit_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  Exit exit_;
  std::string message_;
};

// Both throw CommandFailure: unreachable when nobody answers, otherwise what the daemon says.
class Api {
 public:
  virtual ~Api() = default;
  virtual boost::json::value get(const std::string& target) = 0;
  virtual boost::json::value post(const std::string& target, const std::string& body) = 0;
};

constexpr std::chrono::milliseconds kAnswerLimit =
    std::chrono::minutes(10);  // a backup answers when it is complete

// Over the daemon's Unix socket; one connection a request. Blocking, for `limit` at most.
std::unique_ptr<Api> make_unix_api(std::string socket, std::chrono::milliseconds limit = kAnswerLimit);

}  // namespace sluice::daemon
