#pragma once
// A job file as text: what load_job_file() does apart from reading files.

#include "core/base/error.hpp"
#include "core/job/job.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace sluice::job {

// Returns the bytes of a file; the errors are read_text_file()'s.
using FileReader = std::function<Result<std::string>(const std::string& path)>;

// `path` is what messages call the file; a script file is looked up beside it.
LoadedJobs load_job_text(const std::string& path, std::string_view text, const DataSources& sources,
                         const FileReader& read_file);

}  // namespace sluice::job
