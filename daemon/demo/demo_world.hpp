#pragma once
// The demo's hands on the sandbox: makes table and bucket, writes changes, fetches objects.

#include "core/base/random.hpp"
#include "core/http/transport.hpp"
#include "core/oss/client.hpp"
#include "daemon/config/config.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace sluice::daemon {

class DemoWorld {
 public:
  // Everything referred to outlives this. `endpoint` is the sandbox's.
  DemoWorld(http::Transport& transport, Clock& clock, Random& random, const std::string& endpoint);

  // Table orders (key uid, with a stream) of instance demo, and bucket archive.
  awaitable<Result<void>> create();

  // `changes` random changes with record times spread over [from, to). Returns how many of them are rows of
  // an export: puts and updates.
  awaitable<Result<std::uint64_t>> fill(std::uint64_t changes, Instant from, Instant to);

  // `changes` random changes now.
  awaitable<Result<std::uint64_t>> fill_now(std::uint64_t changes);

  awaitable<Result<std::string>> object(const std::string& name);

 private:
  awaitable<Result<boost::json::object>> post(std::string call, boost::json::object request);
  awaitable<Result<std::uint64_t>> fill(boost::json::object request);

  http::Transport& transport_;
  http::Endpoint endpoint_;
  oss::Client client_;
  std::uint64_t seed_ = 0;  // a new one for each fill, or it would repeat the keys
};

}  // namespace sluice::daemon
