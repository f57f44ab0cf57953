#pragma once
// The jobs in force, by the files they come from.

#include "core/job/job.hpp"

#include <map>
#include <string>
#include <vector>

namespace sluice::daemon {

class JobSet {
 public:
  // `folder` need not exist yet; its *.yaml and *.yml files are the job files.
  JobSet(std::string folder, job::DataSources sources)
      : folder_(std::move(folder)), sources_(std::move(sources)) {}

  // Reads the folder anew. A file with errors keeps the jobs it had, and all its problems are returned; a
  // name that two files use stays with the first. Files that are gone take their jobs with them.
  std::vector<job::Problem> reload();

  // By name.
  std::vector<job::Job> jobs() const;

 private:
  std::vector<std::string> files(std::vector<job::Problem>& problems) const;

  std::string folder_;
  job::DataSources sources_;
  std::map<std::string, std::vector<job::Job>> by_file_;
};

}  // namespace sluice::daemon
