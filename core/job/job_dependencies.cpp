#include "core/job/job_dependencies.hpp"

#include "core/job/job_keys.hpp"
#include "core/job/job_schedule.hpp"
#include "core/job/script.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

namespace sluice::job {
namespace {

constexpr std::array kCycles = {Word<bool>{"same", false}, Word<bool>{"previous", true}};

// One entry of dependsOn.jobs; nothing where it is wrong.
std::optional<Upstream> read_upstream(YamlMap map, std::string_view own_name) {
  map.require("job", "name the job whose instances are waited for");
  const auto name = map.text("job");
  Upstream upstream;
  read_word(map, "cycle", kCycles, upstream.previous_cycle);
  map.finish(declared_names("dependsOn.jobs[]"));
  if (!name) return std::nullopt;
  upstream.job = *name;
  if (!is_job_name(upstream.job)) {
    map.error("job", fmt::format("expected the name of a job, got \"{}\"", upstream.job));
    return std::nullopt;
  }
  if (upstream.job != own_name) return upstream;
  map.error("job", "this is the job itself; its previous instance is waited for with dependsOn.self: true");
  return std::nullopt;
}

bool is_in(const std::vector<Upstream>& all, const std::string& job) {
  return std::any_of(all.begin(), all.end(), [&](const Upstream& one) { return one.job == job; });
}

using ByName = std::map<std::string, const Job*>;

ByName by_name(const std::vector<Job>& jobs) {
  ByName named;
  for (const Job& job : jobs) named.emplace(job.name, &job);
  return named;
}

// Depth first; `path` is the way to the job that is looked at.
class CircleSearch {
 public:
  explicit CircleSearch(const ByName& jobs) : jobs_(jobs) {}

  std::vector<std::string> run() {
    for (const auto& [name, job] : jobs_) {
      if (visit(name)) return circle_;
    }
    return {};
  }

 private:
  // True once circle_ is found.
  bool visit(const std::string& start) {
    struct Stop {
      std::string name;
      std::size_t next = 0;  // upstream to look at
    };
    std::vector<Stop> path;
    if (seen_.try_emplace(start, true).second) path.push_back(Stop{start});
    while (!path.empty()) {
      Stop& at = path.back();
      const auto job = jobs_.find(at.name);
      const bool over = job == jobs_.end() || at.next == job->second->dependencies.jobs.size();
      if (over) {
        seen_[at.name] = false;
        path.pop_back();
        continue;
      }
      const Upstream& upstream = job->second->dependencies.jobs[at.next++];
      if (upstream.previous_cycle) continue;
      const auto [seen, is_new] = seen_.try_emplace(upstream.job, true);
      if (is_new) {
        path.push_back(Stop{upstream.job});
      } else if (seen->second) {
        const auto first = std::find_if(path.begin(), path.end(),
                                        [&](const Stop& stop) { return stop.name == upstream.job; });
        std::for_each(first, path.end(), [&](const Stop& stop) { circle_.push_back(stop.name); });
        circle_.push_back(upstream.job);
        return true;
      }
    }
    return false;
  }

  const ByName& jobs_;
  std::map<std::string, bool> seen_;  // true: on the present path
  std::vector<std::string> circle_;
};

}  // namespace

Dependencies read_dependencies(YamlMap map, std::string_view own_name) {
  Dependencies dependencies;
  dependencies.self = map.boolean("self").value_or(dependencies.self);
  const YamlNode* jobs = map.get("jobs");
  if (jobs != nullptr && jobs->kind != YamlNode::Kind::sequence) {
    map.error("jobs", "expected a list such as [{job: users}, {job: rates, cycle: previous}]");
    jobs = nullptr;
  }
  for (std::size_t at = 0; jobs != nullptr && at < jobs->items.size(); ++at) {
    const std::string path = map.path(fmt::format("jobs[{}]", at));
    const auto upstream = read_upstream(YamlMap(jobs->items[at], path, map.problems()), own_name);
    if (!upstream) continue;
    if (is_in(dependencies.jobs, upstream->job)) {
      map.problems().error(jobs->items[at].place,
                           fmt::format("{}: job {} is given twice", path, upstream->job));
    } else {
      dependencies.jobs.push_back(*upstream);
    }
  }
  map.finish(declared_names("dependsOn"));
  return dependencies;
}

void check_order(const Job& job, YamlMap& document) {
  if (job.dependencies.self || job.script == nullptr || job.script->source != SourceKind::stream) return;
  YamlMap map = document.map("dependsOn");
  map.error(
      "self",
      "must be true for a stream: each window begins at the position where the one before it ended; leave it "
      "out, and use catchUp to skip windows");
}

std::vector<std::string> find_circle(const std::vector<Job>& jobs) {
  const ByName named = by_name(jobs);
  return CircleSearch(named).run();
}

std::vector<Problem> take_out_circles(std::vector<Job>& jobs, const std::vector<Job>& before) {
  std::vector<Problem> problems;
  const ByName earlier = by_name(before);
  for (auto circle = find_circle(jobs); !circle.empty(); circle = find_circle(jobs)) {
    const std::string way = fmt::format("{}", fmt::join(circle, " -> "));
    bool changed = false;
    for (auto name = circle.begin(); name + 1 != circle.end(); ++name) {
      const auto job =
          std::find_if(jobs.begin(), jobs.end(), [&](const Job& one) { return one.name == *name; });
      const auto old = earlier.find(*name);
      if (old != earlier.end() && old->second->version == job->version) continue;
      Problem problem;
      problem.file = job->file;
      problem.message = fmt::format(
          "dependsOn.jobs: {} waits for itself: {}; take one of these out, or make it cycle: previous", *name,
          way);
      problems.push_back(std::move(problem));
      changed = true;
      if (old != earlier.end()) {
        *job = *old->second;
      } else {
        jobs.erase(job);
      }
    }
    if (!changed) break;
  }
  return problems;
}

std::vector<Problem> missing_upstreams(const std::vector<Job>& jobs) {
  const ByName named = by_name(jobs);
  std::vector<Problem> problems;
  for (const Job& job : jobs) {
    for (const Upstream& upstream : job.dependencies.jobs) {
      if (named.contains(upstream.job)) continue;
      Problem problem;
      problem.severity = Severity::warning;
      problem.file = job.file;
      problem.message =
          fmt::format("dependsOn.jobs: no job {} is loaded; {} waits until it is", upstream.job, job.name);
      problems.push_back(std::move(problem));
    }
  }
  return problems;
}

}  // namespace sluice::job
