#pragma once
// An http::Transport that gives prepared answers and remembers what it was asked.

#include "core/http/transport.hpp"

#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace sluice::test {

// Answers in the order in which they were added; a request beyond the last one fails with Errc::internal, so
// that a test sees what it did not expect.
class ScriptedTransport final : public http::Transport {
 public:
  // A request with its own copy of the body.
  struct Sent {
    http::Endpoint endpoint;
    http::Request request;  // body: empty, see the next member
    std::string body;

    std::string header(std::string_view name) const {
      http::Response carrier;
      carrier.headers = request.headers;
      return std::string(carrier.header(name));
    }
  };
  using Step = std::function<Result<http::Response>(const Sent&)>;

  void answer(http::Response response) {
    then([response = std::move(response)](const Sent&) -> Result<http::Response> { return response; });
  }
  void fail(Error error) {
    then([error = std::move(error)](const Sent&) -> Result<http::Response> { return error; });
  }
  // Makes the answer from the request when it comes.
  void then(Step step) { steps_.push_back(std::move(step)); }

  // Answers every request beyond the prepared ones.
  void otherwise(Step step) { fallback_ = std::move(step); }

  awaitable<Result<http::Response>> send(const http::Endpoint& endpoint,
                                         const http::Request& request) override {
    Sent& sent = sent_.emplace_back();
    sent.endpoint = endpoint;
    sent.request = request;
    sent.body = std::string(request.body);
    sent.request.body = {};
    if (steps_.empty()) {
      if (fallback_) co_return fallback_(sent);
      co_return Error(Errc::internal,
                      "the script has no answer for " + request.method + " " + request.target);
    }
    const Step step = std::move(steps_.front());
    steps_.pop_front();
    co_return step(sent);
  }

  const std::deque<Sent>& sent() const noexcept { return sent_; }
  std::size_t unused() const noexcept { return steps_.size(); }

 private:
  std::deque<Step> steps_;
  Step fallback_;
  std::deque<Sent> sent_;
};

}  // namespace sluice::test
