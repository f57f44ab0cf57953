#pragma once
// A client of OSS before a bucket in memory.

#include "core/oss/client.hpp"
#include "tests/support/fake_oss_transport.hpp"
#include "tests/support/run.hpp"

#include <string>
#include <vector>

namespace sluice::test {

inline objects::ObjectTraits csv_traits() {
  objects::ObjectTraits traits;
  traits.content_type = "text/csv";
  return traits;
}

inline oss::ClientOptions options_for(const std::string& endpoint, const char* token = "") {
  oss::ClientOptions options;
  options.endpoint = endpoint;
  options.bucket = "bucket-1";
  options.credentials = http::fixed_credentials({"LTAI", Secret("canary-key-7731"), Secret(token)});
  return options;
}

struct OssClientFixture {
  explicit OssClientFixture(oss::ClientOptions options = options_for("http://127.0.0.1:9001"))
      : client(fake, loop.clock, random, options, oss::address_of(options).value(),
               [this](std::string_view line) { retries.emplace_back(line); }) {}

  Loop loop;
  FakeOssTransport fake;
  SeededRandom random{1};
  std::vector<std::string> retries;
  oss::Client client;
};

inline std::string header_of(const FakeOssTransport::Seen& seen, std::string_view name) {
  for (const auto& [key, value] : seen.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace sluice::test
