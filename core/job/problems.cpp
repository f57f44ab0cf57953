#include "core/job/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace sluice::job {
namespace {

// A key longer than this is nobody's typing slip, and the table below stays small.
constexpr std::size_t kWordMax = 64;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Optimal string alignment distance, letter case ignored.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) table[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) table[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      std::size_t best =
          std::min({table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (same ? 0 : 1)});
      const bool swapped =
          i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) best = std::min(best, table[i - 2][j - 2] + 1);
      table[i][j] = best;
    }
  }
  return table[a.size()][b.size()];
}

}  // namespace

std::string to_string(const Problem& problem) {
  return fmt::format("{}:{}:{}: {}: {}", problem.file, problem.line, problem.column,
                     problem.severity == Severity::error ? "error" : "warning", problem.message);
}

const Problem* ProblemList::first_error() const noexcept {
  const auto found = std::find_if(problems_.begin(), problems_.end(),
                                  [](const Problem& problem) { return problem.severity == Severity::error; });
  return found == problems_.end() ? nullptr : &*found;
}

std::vector<Problem> ProblemList::take() {
  std::stable_sort(problems_.begin(), problems_.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  return std::move(problems_);
}

void ProblemList::add(Severity severity, Place place, std::string message) {
  problems_.push_back(Problem{severity, file_, place.line, place.column, std::move(message)});
}

std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::string_view best;
  if (word.size() > kWordMax) return best;
  std::size_t least = std::max<std::size_t>(word.size() / 3, 1) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t apart = distance(word, candidate);
    if (apart < least) {
      least = apart;
      best = candidate;
    }
  }
  return best;
}

std::string join_names(const std::vector<std::string_view>& names, std::string_view last) {
  std::string text;
  for (std::size_t at = 0; at < names.size(); ++at) {
    if (at > 0) text += at + 1 == names.size() ? last : ", ";
    text += names[at];
  }
  return text;
}

}  // namespace sluice::job
