#pragma once
// Writers for tests: the good job with other lines behind `fileFormat`, or with another writer.

#include "core/job/civil_time.hpp"
#include "tests/unit/core/job/job_text.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::job::test {

inline const std::string kFormatLine = "          fileFormat: csv\n";
inline const std::string kWriterPlace = "jobs.d/orders.yaml:";

// The good job with `line` as line 30, behind fileFormat.
inline std::string with_line(std::string_view line, std::string_view format = "csv") {
  return replaced(kGood, kFormatLine,
                  "          fileFormat: " + std::string(format) + "\n          " + std::string(line) + "\n");
}

inline Target target_of(const std::string& text, const DataSources& sources = kSources) {
  const LoadedJobs loaded = load(text, {}, sources);
  for (const Problem& problem : loaded.problems) UNSCOPED_INFO(to_string(problem));
  REQUIRE(loaded.jobs.size() == 1);
  const auto values = freeze(loaded.jobs.front(), parse_local("2018-10-16T00:15+08:00").value());
  return resolve(loaded.jobs.front(), values.value(), sources).value().target;
}

// What is wrong with `line` of a csv writer; the place of its value is left out.
inline std::vector<std::string> line_problems(std::string_view line, std::string_view format = "csv") {
  std::vector<std::string> texts = problems(with_line(line, format));
  for (std::string& text : texts) {
    const std::size_t word = std::min(text.find("error: "), text.find("warning: "));
    text.erase(0, word);
  }
  return texts;
}

inline std::vector<std::string> error_of(std::string_view text) {
  return only("error: writer.parameter." + std::string(text));
}
inline std::vector<std::string> warning_of(std::string_view text) {
  return only("warning: writer.parameter." + std::string(text));
}

}  // namespace sluice::job::test
