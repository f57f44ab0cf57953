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

std::string to_text(Duration duration) {
  const std::int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  const char* const sign = seconds < 0 ? "-" : "";
  const std::int64_t size = seconds < 0 ? -seconds : seconds;
  if (size >= 86'400) return fmt::format("{}{} d {} h", sign, size / 86'400, size % 86'400 / 3600);
  if (size >= 3600) return fmt::format("{}{} h {} min", sign, size / 3600, size % 3600 / 60);
  if (size >= 60) return fmt::format("{}{} min", sign, size / 60);
  return fmt::format("{}{} s", sign, size);
}

std::string to_text(const pipeline::Sequence& sequence) {
  return fmt::format("{}_{}_{}", sequence.epoch, sequence.time_us, sequence.row_index);
}

}  // namespace sluice::tablestore
