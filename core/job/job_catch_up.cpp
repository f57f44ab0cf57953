#include "core/job/job_catch_up.hpp"

#include "core/job/job_keys.hpp"

#include <fmt/format.h>

namespace sluice::job {
namespace {

constexpr std::array<Word<CatchUp::Policy>, 3> kPolicies{
    {{"all", CatchUp::Policy::all}, {"latest", CatchUp::Policy::latest}, {"none", CatchUp::Policy::none}}};
constexpr Duration kAgeLeast = std::chrono::minutes(1);
constexpr Duration kAgeMost = std::chrono::hours(24 * 3660);
constexpr std::int64_t kCountMost = 1'000'000;

}  // namespace

std::string_view to_string(CatchUp::Policy policy) noexcept {
  for (const auto& [word, value] : kPolicies) {
    if (value == policy) return word;
  }
  return "unknown";
}

CatchUp read_catch_up(YamlMap map) {
  CatchUp rule;
  read_word(map, "policy", kPolicies, rule.policy);
  rule.max_age = map.duration("maxAge", kAgeLeast, kAgeMost);
  if (const auto count = map.integer("maxCount", 1, kCountMost))
    rule.max_count = static_cast<std::size_t>(*count);
  for (const auto& [key, given] :
       {std::pair("maxAge", rule.max_age.has_value()), std::pair("maxCount", rule.max_count.has_value())}) {
    if (!given || rule.policy == CatchUp::Policy::all) continue;
    map.error(key, fmt::format("goes with policy all only; policy {} runs {} of the missed windows",
                               to_string(rule.policy),
                               rule.policy == CatchUp::Policy::latest ? "the newest" : "none"));
  }
  map.finish(declared_names("catchUp"));
  return rule;
}

}  // namespace sluice::job
