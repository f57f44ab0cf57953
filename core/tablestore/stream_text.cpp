#include "core/tablestore/stream_text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace sluice::tablestore {

std::string to_text(Instant instant) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(instant);
  const auto fraction = (instant - seconds).count();
  const std::string text =
      fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(seconds.time_since_epoch().count()));
  return fraction == 0 ? text + "Z" : fmt::format("{}.{:06}Z", text, fraction);
}

std::string to_text(const pipeline::Sequence& sequence) {
  return fmt::format("{}_{}_{}", sequence.epoch, sequence.time_us, sequence.row_index);
}

}  // namespace sluice::tablestore
