#pragma once
// What one reader's traffic comes to, in counters and log lines.

#include "core/pipeline/log.hpp"
#include "core/pipeline/window.hpp"
#include "core/tablestore/stream_api.hpp"

#include <fmt/format.h>

namespace sluice::tablestore {

// Counts requests and writes repeats to the log, as long as it lives.
class Traffic final : public StreamApiObserver {
 public:
  Traffic(StreamApi& api, pipeline::Statistics* statistics, pipeline::Log& log)
      : api_(api), statistics_(statistics), log_(log) {
    api_.observe(this);
  }
  ~Traffic() override { api_.observe(nullptr); }
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  void on_request(std::string_view, int) override {
    if (statistics_ != nullptr) ++statistics_->requests;
  }

  void on_retry(const Error& error, int repeat, Duration pause) override {
    if (statistics_ != nullptr) ++statistics_->retries;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(pause).count();
    log_.line(pipeline::Level::warning,
              fmt::format("{}; try number {} in {} ms", error.message(), repeat + 1, ms));
  }

 private:
  StreamApi& api_;
  pipeline::Statistics* statistics_;
  pipeline::Log& log_;
};

}  // namespace sluice::tablestore
