#include "core/job/freeze.hpp"

#include "core/job/script.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sluice::job {
namespace {

struct SystemName {
  std::string_view name;
  TimeExpression::Builtin builtin;
};
constexpr std::array<SystemName, 3> kSystemNames{{{kBusinessDateName, TimeExpression::Builtin::bizdate},
                                                  {kSystemDateName, TimeExpression::Builtin::bizdate},
                                                  {kSlotName, TimeExpression::Builtin::cyctime}}};

Result<std::string> print_builtin(TimeExpression::Builtin builtin, const Moment& moment) {
  return TimeExpression({TimeExpression::Piece(builtin)}).evaluate(moment);
}

Result<std::string> evaluate(const Parameter& parameter, const Moment& moment) {
  if (parameter.name == kBusinessDateName) return print_builtin(TimeExpression::Builtin::bizdate, moment);
  if (parameter.parsed != nullptr) return parameter.parsed->evaluate(moment);
  const auto parsed = TimeExpression::parse(parameter.expression);
  if (parsed) return parsed->evaluate(moment);
  return Error(Errc::invalid_argument, describe(parsed.error(), parameter.expression));
}

bool is_assigned(const ParameterValues& values, std::string_view name) {
  return std::any_of(values.begin(), values.end(), [&](const auto& value) { return value.first == name; });
}

}  // namespace

Result<std::string> value_of(const Parameter& parameter, const Moment& moment) {
  auto value = evaluate(parameter, moment);
  if (!value) return value.error().in(fmt::format("parameters.{}", parameter.name));
  return value;
}

void append_system_values(const Job& job, const Moment& moment, ParameterValues& values) {
  if (job.script == nullptr) return;
  const auto& used = job.script->variables;
  for (const SystemName& known : kSystemNames) {
    const bool wanted = std::binary_search(used.begin(), used.end(), known.name) ||
                        (known.name == kSlotName && job.script->takes_window_of_slot());
    if (!wanted || is_assigned(values, known.name)) continue;
    if (auto value = print_builtin(known.builtin, moment)) values.emplace_back(known.name, std::move(*value));
  }
}

Result<ParameterValues> freeze(const Job& job, Instant scheduled) {
  const auto moment = moment_of(scheduled, job.schedule.zone, job.name);
  if (!moment) return moment.error();
  ParameterValues values;
  values.reserve(job.parameters.size() + 1);
  for (const Parameter& parameter : job.parameters) {
    auto value = value_of(parameter, *moment);
    if (!value) return value.error();
    values.emplace_back(parameter.name, std::move(*value));
  }
  append_system_values(job, *moment, values);
  return values;
}

}  // namespace sluice::job
