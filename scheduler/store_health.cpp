#include "scheduler/store_health.hpp"

#include "core/job/civil_time.hpp"

#include <fmt/format.h>

namespace sluice::scheduler {
namespace {

auto whole_seconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

}  // namespace

std::string explain(const StoreFailure& failure, std::string_view zone) {
  const Instant since = std::chrono::floor<std::chrono::seconds>(failure.since);
  return fmt::format(
      "the state store has not worked since {}: {}; nothing new is started until it works again",
      job::format_local(since, zone), failure.error.message());
}

void StoreHealth::failed(Call call, std::string_view doing, const Error& error) {
  ++counters_.store_failures;
  if (!failure_) {
    observer_.log(
        pipeline::Level::error,
        fmt::format(
            "{}: {}; nothing new is started until the state store works again, tried every {} to {} s", doing,
            error.message(), whole_seconds(kPauseMin), whole_seconds(kPauseMax)));
    failure_.emplace();
    failure_->since = clock_.now();
    pause_ = Duration(0);
    failed_call_ = call;
  }
  failure_->error = error;
  if (call == Call::write) failed_call_ = Call::write;
  if (pause_left() > Duration(0)) return;
  pause_ = std::clamp<Duration>(pause_ * 2, kPauseMin, kPauseMax);
  pause_end_ = clock_.monotonic() + pause_;
}

void StoreHealth::worked(Call call) {
  if (!failure_ || (failed_call_ == Call::write && call == Call::read)) return;
  failure_.reset();
  pause_end_ = Duration(0);
  observer_.log(pipeline::Level::info, "the state store works again");
}

Duration StoreHealth::pause_left() const {
  if (!failure_) return Duration(0);
  return std::max<Duration>(pause_end_ - clock_.monotonic(), Duration(0));
}

}  // namespace sluice::scheduler
