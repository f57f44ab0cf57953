#include "scheduler/left_behind.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>

namespace sluice::scheduler {
namespace {

bool could_not_take_back(const Attempt& attempt) {
  boost::system::error_code broken;
  const boost::json::value statistics = boost::json::parse(attempt.statistics, broken);
  if (broken || !statistics.is_object()) return false;
  const boost::json::value* const left = statistics.as_object().if_contains("left_behind");
  return left != nullptr && left->is_number() && left->to_number<double>() > 0;
}

}  // namespace

int left_behind(const std::vector<Attempt>& attempts) {
  int number = 0;
  for (const Attempt& attempt : attempts) {
    if (attempt.result == AttemptResult::lost || could_not_take_back(attempt))
      number = std::max(number, attempt.number);
  }
  return number;
}

}  // namespace sluice::scheduler
