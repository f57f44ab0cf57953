// Fuzz target of the import: any script with any schedule and crontab line, one behind a NUL from the other,
// gives a job file that is valid, or problems.

#include "core/job/import.hpp"
#include "core/job/job_file.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto part = [&rest] {
    const std::size_t end = std::min(rest.find('\0'), rest.size());
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return std::string(text);
  };
  job::ImportRequest request;
  request.script_file = "script.json";
  request.script = part();
  request.schedule = part();
  if (!request.schedule.empty()) request.schedule_file = "schedule.json";
  request.crontab = part();
  request.parameters = part();
  const job::Import import = job::import_job(request);
  for (const job::Problem& problem : import.problems) {
    if (problem.line < 1 || problem.column < 1 || job::to_string(problem).empty()) std::abort();
  }
  if (import.valid() == import.files.empty()) std::abort();
  for (const job::ImportedFile& file : import.files) {
    if (!job::parse_yaml(file.content)) std::abort();
  }
  return 0;
}
