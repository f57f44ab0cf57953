#pragma once
// Finds the definition that an instance was planned with: an edit of a job's file does not change what is
// planned and due already.

#include "core/base/clock.hpp"
#include "core/job/definition_text.hpp"
#include "core/job/job.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace sluice::scheduler {

class VersionStore;
using Jobs = std::map<std::string, std::shared_ptr<const job::Job>>;

// job::load_definition() with the present data sources.
using DefinitionLoader =
    std::function<Result<job::Job>(const job::DefinitionText& kept, const job::Job& present)>;

struct Definition {
  std::shared_ptr<const job::Job> job;
  std::string note;  // why this is not the version that was asked for; empty when it is
};

class Definitions {
 public:
  // The store outlives this; without one everything runs by the present definition.
  Definitions(VersionStore* store, DefinitionLoader loader) : store_(store), loader_(std::move(loader)) {}

  // Forgets what it has loaded: data sources and credentials may have changed with the jobs.
  void set_present(const Jobs& jobs);

  // The definition `version` of a present job, or its present one if that cannot be had. Throws what the
  // store throws, and std::out_of_range for a job that is not present.
  awaitable<Definition> find(std::string job, std::string version);

 private:
  awaitable<Definition> load(std::shared_ptr<const job::Job> present, std::string version);

  VersionStore* store_;
  DefinitionLoader loader_;
  Jobs present_;
  std::map<std::pair<std::string, std::string>, Definition> loaded_;  // by job and version
  std::size_t generation_ = 0;                                        // of present_
};

}  // namespace sluice::scheduler
