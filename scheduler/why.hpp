#pragma once
// Why an instance is not done: the way from it to the first thing that stands still. Pure.

#include "scheduler/instance.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::scheduler {

// How a step of the way hangs together with the one before it.
enum class Relation : std::uint8_t {
  itself,    // the instance that was asked about
  previous,  // an earlier one of its chain
  upstream,  // one of a job it depends on
};
std::string_view to_string(Relation relation) noexcept;

struct WhyStep {
  Relation relation = Relation::itself;
  std::string job;
  std::optional<Instance> instance{};  // nothing: the job is not loaded, or its instances are not planned
  State state = State::not_run;        // as shown
  std::string reason{};  // "waits for its time, ..."; of the last step the root cause with the way out
  std::size_t open = 1;  // upstream: so many of its instances are waited for
};

// At least one step; each waits for the next.
struct Why {
  std::vector<WhyStep> steps;
};

// "orders@2018-10-16T00:05+08:00", or "job users".
std::string name_of(const WhyStep& step);

// "waits for orders@2018-10-16T00:05+08:00, which failed: ...", as the end of a sentence about the first
// step.
std::string sentence(const Why& why);

}  // namespace sluice::scheduler
