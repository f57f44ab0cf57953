#include "core/job/import.hpp"

#include "core/job/civil_time.hpp"
#include "core/job/cron.hpp"
#include "core/job/import_known_keys.hpp"
#include "core/job/import_parts.hpp"
#include "core/job/job_file.hpp"
#include "core/job/job_schedule.hpp"
#include "core/job/script.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

namespace sluice::job {
namespace {

// The job file line by line, and where each line comes from.
struct JobText {
  std::string text;
  std::map<int, ImportPlace> origins;
  int lines = 0;

  void section(std::string_view words, const ImportPlace& place) {
    text += '\n';
    ++lines;
    line(words, place);
  }

  void line(std::string_view words, const ImportPlace& place, std::string_view from = {}) {
    text += words;
    if (!from.empty()) {
      text += fmt::format("  # {}", from);
      if (!place.file.starts_with("--"))
        text += fmt::format(", {}:{}:{}", printable(place.file, 200), place.place.line, place.place.column);
    }
    text += '\n';
    origins.emplace(++lines, place);
  }
};

void write_section(const ImportWork& work, std::string_view section,
                   const std::vector<std::string_view>& names, JobText& job) {
  bool begun = false;
  for (const std::string_view name : names) {
    const ImportedKey* key = work.find(fmt::format("{}.{}", section, name));
    if (key == nullptr) continue;
    if (!begun) job.section(fmt::format("{}:", section), key->place);
    begun = true;
    job.line(fmt::format("  {}: {}", name, key->value), key->place, key->from);
  }
}

void write_parameters(const ImportWork& work, JobText& job) {
  constexpr std::string_view kPrefix = "parameters.";
  bool begun = false;
  for (const ImportedKey& key : work.keys()) {
    if (!key.path.starts_with(kPrefix)) continue;
    if (!begun) job.section("parameters:", key.place);
    begun = true;
    job.line(fmt::format("  {}: {}", key.path.substr(kPrefix.size()), key.value), key.place, key.from);
  }
}

JobText write_job(const ImportWork& work, const std::string& name) {
  const ImportPlace script{work.request().script_file, Place{}};
  JobText job;
  job.line(fmt::format("# Imported from {} by sluice import. docs/job-files.md lists every key.",
                       printable(work.request().script_file, 200)),
           script);
  job.line(fmt::format("name: {}", quoted_text(name)), script);
  write_section(
      work, "schedule",
      {"cycle", "start", "end", "interval", "at", "cron", "timezone", "effectiveFrom", "effectiveTo", "from"},
      job);
  write_section(work, "rerun", {"times", "interval", "property"}, job);
  if (const ImportedKey* priority = work.find("priority"))
    job.section(fmt::format("priority: {}  # {}", priority->value, priority->from), priority->place);
  write_parameters(work, job);
  job.section("script:", script);
  job.line(fmt::format("  file: {}", quoted_text(name + ".json")), script);
  return job;
}

void read_options(ImportWork& work) {
  const ImportRequest& request = work.request();
  if (!request.cron.empty()) work.set(std::string(kCronPath), request.cron, "--cron", option_place("--cron"));
  if (!request.parameters.empty())
    work.set_parameters(request.parameters, "--params", option_place("--params"));
  const auto take = [&](const std::string& text, std::string_view option, void (*taker)(const FoundValue&)) {
    if (text.empty()) return;
    YamlNode node;
    node.kind = YamlNode::Kind::scalar;
    node.text = text;
    taker(FoundValue{work, node, std::string(option), option_place(option)});
  };
  take(request.timezone, "--timezone", take_timezone);
  take(request.rerun_times, "--rerun-times", take_rerun_times);
  if (!request.rerun_interval.empty())
    work.set("rerun.interval", quoted_text(request.rerun_interval), "--rerun-interval",
             option_place("--rerun-interval"));
}

void read_schedule_file(ImportWork& work) {
  const ImportRequest& request = work.request();
  if (request.schedule_file.empty()) return;
  const auto root = parse_yaml(request.schedule);
  if (!root) return work.error(ImportPlace{request.schedule_file, root.error().place}, root.error().message);
  read_dataworks_schedule(work, *root, request.schedule_file);
}

std::string name_of_job(const ImportWork& work) {
  const ImportRequest& request = work.request();
  if (!request.name.empty()) return request.name;
  if (const ImportedKey* name = work.find(kNamePath)) return name->value;
  std::string stem;
  for (const char c : std::filesystem::path(request.script_file).stem().string()) {
    if (is_job_name(stem + c)) stem.push_back(c);
  }
  return stem.empty() ? "imported" : stem;
}

// The data sources that the result is checked with.
DataSources all_sources(const ImportRequest& request, const ImportedScript& script) {
  DataSources all = request.sources;
  all.insert(all.end(), script.sources.begin(), script.sources.end());
  return all;
}

std::string sources_text(const DataSources& sources) {
  std::string text;
  for (const auto& [name, source] : sources) {
    text += fmt::format("  {}:\n    type: {}\n", quoted_text(name), source.type);
    for (const auto& [key, value] : source.keys) text += fmt::format("    {}: {}\n", key, quoted_text(value));
  }
  return text.empty() ? text : "dataSources:\n" + text;
}

// A problem of the result at the place of the input that it comes from.
Problem at_input(Problem problem, const ImportRequest& request, const std::string& job_file,
                 const JobText& job, const ImportedScript& script) {
  if (problem.file == job_file) {
    const auto origin = job.origins.find(problem.line);
    const ImportPlace place =
        origin == job.origins.end() ? ImportPlace{request.script_file, {}} : origin->second;
    problem.file = place.file;
    problem.line = place.place.line;
    problem.column = place.place.column;
    return problem;
  }
  problem.file = request.script_file;
  const Place place{problem.line, problem.column};
  const auto mapped = std::find_if(script.places.begin(), script.places.end(),
                                   [&](const auto& pair) { return pair.first == place; });
  if (mapped != script.places.end()) {
    problem.line = mapped->second.line;
    problem.column = mapped->second.column;
  }
  return problem;
}

LoadedJobs check_result(const ImportWork& work, const std::string& job_file, const JobText& job,
                        const ImportedScript& script) {
  const auto read = [&](const std::string&) -> Result<std::string> { return script.text; };
  return load_job_text(job_file, job.text, all_sources(work.request(), script), read);
}

// The slots of the cycles that the import makes.
class ImportedCycle {
 public:
  explicit ImportedCycle(const Schedule& schedule) : schedule_(schedule) {
    if (schedule.cycle != Cycle::cron) return;
    if (auto cron = Cron::parse(schedule.cron)) cron_ = std::move(*cron);
    if (cron_) times_ = cron_->times();
  }

  // Behind the whole minute.
  std::chrono::seconds second() const {
    return times_.empty() ? std::chrono::seconds(0) : times_.front() % std::chrono::minutes(1);
  }

  bool has(Instant slot) const {
    const auto civil = to_civil(slot, schedule_.zone);
    if (!civil) return false;
    const auto day = std::chrono::floor<std::chrono::days>(*civil);
    const std::chrono::seconds time = *civil - day;
    if (cron_) return std::find(times_.begin(), times_.end(), time) != times_.end() && cron_->on(day);
    if (schedule_.cycle == Cycle::day) return time == schedule_.at;
    return time >= schedule_.start && time <= schedule_.end &&
           (time - schedule_.start) % schedule_.interval == std::chrono::seconds(0);
  }

 private:
  const Schedule& schedule_;
  std::optional<Cron> cron_;
  std::vector<std::chrono::seconds> times_;
};

// The slot whose window begins where the original's last one ended. Windows lie before their slots, by less
// than two days.
std::optional<Instant> slot_of_window(const Job& job, Instant begin) {
  const ImportedCycle cycle(job.schedule);
  const Instant first = std::chrono::floor<std::chrono::minutes>(begin) + cycle.second();
  for (Instant slot = first; slot < begin + std::chrono::days(2); slot += std::chrono::minutes(1)) {
    if (!cycle.has(slot)) continue;
    const auto values = freeze(job, slot);
    if (!values) return std::nullopt;
    const auto window = window_of(job, *values, slot);
    if (window && window->start == begin) return slot;
  }
  return std::nullopt;
}

// schedule.from of --take-over; the job must be right by then.
void plan_take_over(ImportWork& work, const Job& job) {
  const ImportPlace place = option_place("--take-over");
  const std::string& text = work.request().take_over;
  // With or without an offset; without it is the job's zone.
  Result<Instant> end = parse_local(text);
  if (!end) {
    constexpr std::size_t kToTheHour = std::string_view("2018-10-16T00").size();
    const auto utc = parse_local(text + (text.size() == kToTheHour ? ":00+00:00" : "+00:00"));
    if (utc) end = to_instant(std::chrono::floor<std::chrono::seconds>(*utc), job.schedule.zone);
  }
  if (!end) {
    return work.error(place, fmt::format("expected the end of the original's last window, such as "
                                         "2018-10-16T00:05, got \"{}\"",
                                         printable(text)));
  }
  const auto slot = slot_of_window(job, *end);
  if (!slot)
    return work.error(place, "no slot's window begins there: give an end of one of the original's windows");
  work.set("schedule.from", quoted_text(format_local(*slot, job.schedule.zone)), "--take-over", place);
}

void tell_next(Import& result, const ImportWork& work, const ImportedScript& script, const Job& job) {
  if (!script.sources.empty())
    result.next.emplace_back(
        "put the data sources above into sluice.yaml, and give the daemon the variables they name; "
        "no credential was copied");
  const YamlNode* status = script.reader.find("statusTable");
  if (!work.request().take_over.empty()) {
    result.next.emplace_back(
        "freeze the original after the run that ended then; the first window goes on where it stopped");
  } else if (script.reader.find("takeOver") == nullptr && status != nullptr && !status->text.empty()) {
    result.next.emplace_back(
        "to go on exactly where the original stopped, freeze it after a successful run and import "
        "again with --take-over END, the end of that run's window, such as 2018-10-16T00:05");
  }
  if (work.request().take_over.empty() && job.script->source == SourceKind::stream)
    result.next.emplace_back(
        "without it the first window is that of the first slot after the job is loaded, and begins by "
        "time; schedule.from begins earlier");
  result.next.emplace_back(fmt::format(
      "compare: sluice plan {}.yaml --from DATE --to DATE, sluice simulate {}.yaml", result.job, result.job));
}

void finish_import(ImportWork& work, const std::string& name, const ImportedScript& script) {
  Import& result = work.result();
  const std::string job_file = name + ".yaml";
  JobText job = write_job(work, name);
  LoadedJobs loaded = check_result(work, job_file, job, script);
  if (!work.request().take_over.empty() && !loaded.jobs.empty()) {
    plan_take_over(work, loaded.jobs.front());
    job = write_job(work, name);
    loaded = check_result(work, job_file, job, script);
  }
  std::vector<Problem> checked;
  for (Problem& problem : loaded.problems)
    checked.push_back(at_input(std::move(problem), work.request(), job_file, job, script));
  note_script_keys(work, script, checked);
  note_differences(work, script);
  result.problems.insert(result.problems.end(), checked.begin(), checked.end());
  if (!result.valid() || loaded.jobs.empty()) return;
  result.data_sources = sources_text(script.sources);
  result.files.push_back({name + ".json", script.text});
  if (!result.data_sources.empty()) result.files.push_back({name + ".datasources.txt", result.data_sources});
  result.files.push_back({job_file, job.text});
  tell_next(result, work, script, loaded.jobs.front());
}

}  // namespace

Import import_job(const ImportRequest& request) {
  Import result;
  ImportWork work(request, result);
  // The zone decides what the dates of a schedule mean, so the options come before and after it.
  read_options(work);
  result.notes.clear();
  result.problems.clear();
  read_schedule_file(work);
  if (!request.crontab.empty()) read_crontab_line(work);
  read_options(work);
  plan_cycle(work);
  if (work.find("schedule.timezone") == nullptr) {
    work.note(Fate::changed, "timezone",
              "none was given: Asia/Shanghai. DataWorks has that of its region, DataX and cron that of their "
              "machine",
              option_place("--timezone"));
  }
  result.job = name_of_job(work);
  if (const auto script = read_imported_script(work, result.job)) finish_import(work, result.job, *script);
  const auto by_place = [](const auto& a, const auto& b) {
    return std::tie(a.file, a.place.line, a.place.column) < std::tie(b.file, b.place.line, b.place.column);
  };
  std::stable_sort(result.notes.begin(), result.notes.end(), by_place);
  return result;
}

}  // namespace sluice::job
