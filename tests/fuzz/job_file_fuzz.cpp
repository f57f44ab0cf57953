// Fuzz target of job files and scripts: any text gives jobs or problems, and a job can be frozen and
// resolved.

#include "core/job/job_file.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

const sluice::job::DataSources kSources{
    {"a", {"ots", {{"endpoint", "h"}, {"instanceName", "i"}, {"accessId", "d"}, {"accessKey", "k"}}}},
    {"b", {"oss", {{"endpoint", "h"}, {"bucket", "c"}, {"accessId", "d"}, {"accessKey", "k"}}}}};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // The same text serves as the job file and as every script file it names.
  const auto read = [&](const std::string&) -> Result<std::string> { return std::string(text); };
  job::LoadedJobs loaded = job::load_job_text("job.yaml", text, kSources, read);
  bool error = false;
  for (const job::Problem& problem : loaded.problems) {
    if (problem.line < 1 || problem.column < 1 || job::to_string(problem).empty()) std::abort();
    error = error || problem.severity == job::Severity::error;
  }
  if (loaded.jobs.empty() != error) std::abort();
  for (const job::Job& loaded_job : loaded.jobs) {
    const auto values = job::freeze(loaded_job, Instant(std::chrono::seconds(1'539'620'100)));
    if (values) job::window_of(loaded_job, *values);
  }
  return 0;
}
