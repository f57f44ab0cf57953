// Fuzz target of job files and scripts: any text gives jobs or problems, and a job can be frozen and
// resolved.

#include "core/job/job_file.hpp"
#include "tests/fuzz/check.hpp"

#include <string>

namespace {

const sluice::job::DataSources kSources{
    {"a", {"ots", {{"endpoint", "h"}, {"instanceName", "i"}, {"accessId", "d"}, {"accessKey", "k"}}}},
    {"b", {"oss", {{"endpoint", "h"}, {"bucket", "c"}, {"accessId", "d"}, {"accessKey", "k"}}}}};

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sluice::utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const std::string_view text = fuzz::text_of(data, size);
  // The same text serves as the job file and as every script file it names.
  const auto read = [&](const std::string&) -> Result<std::string> { return std::string(text); };
  job::LoadedJobs loaded = job::load_job_text("job.yaml", text, kSources, read);
  bool error = false;
  for (const job::Problem& problem : loaded.problems) {
    fuzz::check(problem.line >= 1 && problem.column >= 1 && !job::to_string(problem).empty());
    error = error || problem.severity == job::Severity::error;
  }
  fuzz::check(loaded.jobs.empty() == error);
  for (const job::Job& loaded_job : loaded.jobs) {
    const auto values = job::freeze(loaded_job, Instant(std::chrono::seconds(1'539'620'100)));
    if (!values) continue;
    job::window_of(loaded_job, *values);
    // The state file takes them as JSON.
    for (const auto& [name, value] : *values) fuzz::check(is_utf8(name) && is_utf8(value));
  }
  return 0;
}
