#include "daemon/api/api_json.hpp"
#include "daemon/api/preview.hpp"
#include "daemon/base/json_view.hpp"
#include "daemon/cli/cli_output.hpp"
#include "daemon/cli/commands.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace sluice::daemon {
namespace {

namespace json = boost::json;

// A job's name has no '/', and files of jobs are YAML.
bool is_file(const std::string& target) {
  const auto extension = std::filesystem::path(target).extension();
  return target.find('/') != std::string::npos || extension == ".yaml" || extension == ".yml";
}

template <class T>
T value_or_fail(Result<T> result) {
  if (!result) throw CommandFailure(result.error());
  return std::move(*result);
}

json::value plan_file(const Options& options, Console& console) {
  const Config config = config_for_files(options, console);
  job::LoadedJobs loaded = job::load_job_file(options.target, config.sources);
  for (const job::Problem& problem : loaded.problems) console.err << job::to_string(problem) << '\n';
  if (loaded.jobs.empty())
    throw CommandFailure(Exit::usage, fmt::format("plan {}: the file is invalid", options.target));
  json::array instances;
  for (const job::Job& job : loaded.jobs) {
    const Instant from = value_or_fail(time_from_text(options.from, job.schedule.zone));
    const Instant to = value_or_fail(time_from_text(options.to, job.schedule.zone));
    for (const PlannedInstance& planned : value_or_fail(preview_instances(job, config.sources, from, to))) {
      instances.push_back(to_json(planned));
    }
  }
  json::object out;
  out["instances"] = std::move(instances);
  return out;
}

json::value plan_job(const Options& options, Api& api) {
  json::array instances;
  for (std::string from = options.from; !from.empty();) {
    const json::value page =
        with_member(api.get(fmt::format("/api/v1/jobs/{}/plan?from={}&to={}", percent_encode(options.target),
                                        percent_encode(from), percent_encode(options.to))),
                    "instances");
    for (const json::value& instance : JsonView(page)["instances"].items()) instances.push_back(instance);
    std::string next = JsonView(page)["next"].text();
    require_progress(next != from);
    from = std::move(next);
    if (instances.size() + (from.empty() ? 0 : 1) > kPreviewMax)
      throw CommandFailure(too_many_slots(options.target));
  }
  json::object out;
  out["instances"] = std::move(instances);
  return out;
}

std::string values_text(const JsonView& instance) {
  std::string text;
  for (const auto& [name, value] : instance["values"].members()) {
    if (!text.empty()) text += " ";
    text += fmt::format("{}={}", std::string_view(name), JsonView(value).text());
  }
  return text;
}

}  // namespace

Exit command_plan(const Options& options, Api& api, Console& console) {
  if (options.diff) return plan_difference(options, is_file(options.target), api, console);
  if (options.from.empty() || options.to.empty())
    throw CommandFailure(Exit::usage, "plan: give --from and --to, or --diff");
  const json::value answer = is_file(options.target) ? plan_file(options, console) : plan_job(options, api);
  if (options.json) return print_json(answer, console);
  Table table({{"INSTANCE"}, {"CYCLE", true}, {"WINDOW"}, {"OBJECT", false, true}, {"VALUES", false, true}});
  for (const json::value& value : JsonView(answer)["instances"].items()) {
    const JsonView instance(value);
    const std::string zone = instance["zone"].text();
    table.add({{instance["id"].text()},
               {std::to_string(instance["cycle"].count())},
               {fmt::format("{} - {}", local_text(instance["window"]["start"].time(), zone),
                            clock_text(instance["window"]["end"].time(), zone))},
               {instance["object"].text()},
               {values_text(instance), Tone::faint}});
  }
  if (table.empty()) console.out << "no slots in that time\n";
  if (!table.empty()) table.print(console);
  return Exit::done;
}

}  // namespace sluice::daemon
