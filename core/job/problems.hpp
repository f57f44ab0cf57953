#pragma once
// Collects what is wrong with a file, so that all of it is reported at once.

#include "core/job/job.hpp"
#include "core/job/yaml_document.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::job {

// The problems of one file. Messages name the key and the way out, never a secret.
class ProblemList {
 public:
  explicit ProblemList(std::string file) : file_(std::move(file)) {}

  void error(Place place, std::string message) { add(Severity::error, place, std::move(message)); }
  void warning(Place place, std::string message) { add(Severity::warning, place, std::move(message)); }

  const std::string& file() const noexcept { return file_; }
  const std::vector<Problem>& problems() const noexcept { return problems_; }

  // The first error, or null.
  const Problem* first_error() const noexcept;

  // Moves all problems out, in order of place.
  std::vector<Problem> take();

 private:
  void add(Severity severity, Place place, std::string message);

  std::string file_;
  std::vector<Problem> problems_;
};

// The candidate that `word` was probably meant to be: at most a third of its letters differ (insertions,
// deletions, exchanges, neighbours swapped; letter case does not count). Empty if there is none.
std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates);

// "a, b and c"
std::string join_names(const std::vector<std::string_view>& names, std::string_view last = " and ");

}  // namespace sluice::job
