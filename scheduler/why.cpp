#include "scheduler/why.hpp"

#include <fmt/format.h>

namespace sluice::scheduler {

std::string_view to_string(Relation relation) noexcept {
  switch (relation) {
    case Relation::itself:
      return "itself";
    case Relation::previous:
      return "previous";
    case Relation::upstream:
      return "upstream";
  }
  return "unknown";
}

std::string name_of(const WhyStep& step) {
  if (!step.instance) return fmt::format("job {}", step.job);
  return to_string(step.instance->id, step.instance->zone);
}

std::string sentence(const Why& why) {
  std::string text;
  for (std::size_t at = 1; at < why.steps.size(); ++at) {
    const WhyStep& step = why.steps[at];
    text += fmt::format("{}waits for {}", at == 1 ? "" : ", which ", name_of(step));
    if (step.open > 1) text += fmt::format(" and {} more", step.open - 1);
  }
  if (!text.empty()) text += ", which ";
  return text + why.steps.back().reason;
}

}  // namespace sluice::scheduler
