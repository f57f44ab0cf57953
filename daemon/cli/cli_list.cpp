#include "daemon/base/json_view.hpp"
#include "daemon/cli/cli_output.hpp"
#include "daemon/cli/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace sluice::daemon {
namespace {

namespace json = boost::json;

std::string gaps_text(const JsonView& coverage) {
  const std::size_t gaps = coverage["gaps"].items().size();
  return gaps == 0 ? "none" : std::to_string(gaps);
}

std::string lag_text(const JsonView& coverage) {
  return coverage["lag_seconds"].is_null() ? "-" : duration_text(coverage["lag_seconds"].number());
}

std::string retention_text(const JsonView& retention) {
  const double left = retention["left_seconds"].number();
  return left > 0 ? duration_text(left) : "none";
}

Table::Cell retention_cell(const JsonView& coverage) {
  const JsonView retention = coverage["retention"];
  if (retention.is_null()) return Table::Cell{"-"};
  return Table::Cell{retention_text(retention), retention["low"].boolean() ? Tone::bad : Tone::plain};
}

Table::Cell freshness(const JsonView& coverage) {
  const bool fresh = coverage["fresh"].boolean();
  return Table::Cell{fresh ? "yes" : "LATE", fresh ? Tone::good : Tone::bad};
}

std::uint64_t waiting(const JsonView& counts) {
  return counts["NOT_RUN"].count() + counts["WAIT_TIME"].count() + counts["WAIT_RESOURCE"].count() +
         counts["RETRY_WAIT"].count();
}

void print_jobs(const json::array& jobs, Console& console) {
  Table table({{"JOB"},
               {"DURABLE UP TO", false, false, 1},
               {"LAG", true},
               {"FRESH"},
               {"RETENTION", true, false, 2},
               {"GAPS", true},
               {"DONE", true, false, 5},
               {"RUNNING", true, false, 3},
               {"WAITING", true, false, 4},
               {"FAILED", true},
               {"FROZEN", true, false, 6}});
  for (const json::value& value : jobs) {
    const JsonView job(value);
    const JsonView coverage = job["coverage"];
    const JsonView counts = job["counts"];
    const std::uint64_t failed = counts["FAILURE"].count();
    const bool gaps = !coverage["gaps"].items().empty();
    table.add({{job["name"].text(), Tone::strong},
               {local_text(coverage["until"].time(), job["zone"].text())},
               {lag_text(coverage)},
               freshness(coverage),
               retention_cell(coverage),
               {gaps_text(coverage), gaps ? Tone::bad : Tone::plain},
               {count_text(counts["SUCCESS"].count())},
               {count_text(counts["RUNNING"].count())},
               {count_text(waiting(counts))},
               {count_text(failed), failed == 0 ? Tone::plain : Tone::bad},
               {count_text(counts["FROZEN"].count())}});
  }
  if (table.empty()) {
    console.out << "no jobs: put a job file into the folder jobsDir and reload the daemon\n";
  } else {
    table.print(console);
  }
}

// What stands still until somebody acts, a line for each cause.
void print_blocked(const json::array& chains, Console& console) {
  if (!chains.empty()) console.out << '\n';
  for (const json::value& value : chains) {
    const JsonView chain(value);
    const std::string job = chain["instance"].is_null() ? "job " : "";
    std::string behind = fmt::format("{} due instances wait", chain["blocked"].count());
    if (chain["blocked"].count() == 1) behind = "1 due instance waits";
    std::string downstream;
    for (const json::value& name : chain["downstream_jobs"].items()) {
      downstream += fmt::format("{}{}", downstream.empty() ? ", also of " : ", ", JsonView(name).text());
    }
    console.out << fmt::format("{} {}{} {} since {}: {}{}\n", console.paint("BLOCKED", Tone::bad), job,
                               chain["cause"].text(), chain["reason"].text(),
                               local_text(chain["since"].time(), chain["zone"].text()), behind, downstream);
  }
}

std::string next_text(const JsonView& schedule, const std::string& zone) {
  const json::array& next = schedule["next"].items();
  if (next.empty()) return "none";
  const JsonView slot(next.front());
  return local_text(slot["at"].time(), zone) + (slot["dry_run"].boolean() ? " (dry run)" : "");
}

// "users, items (previous cycle)"
std::string upstreams_text(const JsonView& depends_on) {
  std::string text;
  for (const json::value& value : depends_on["jobs"].items()) {
    const JsonView upstream(value);
    const bool previous = upstream["cycle"].text() == "previous";
    text += fmt::format("{}{}{}", text.empty() ? "" : ", ", upstream["job"].text(),
                        previous ? " (previous cycle)" : "");
  }
  return text.empty() ? "-" : text;
}

std::string query_text(const Options& options, std::size_t limit, const std::string& after) {
  std::string query = fmt::format("?limit={}", limit);
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) query += fmt::format("&{}={}", name, percent_encode(value));
  };
  // The rest of today and tomorrow is planned already; nobody means that without saying so.
  if (options.date.empty() && options.state.empty()) add("due", "true");
  add("job", options.target);
  add("date", options.date);
  add("state", options.state);
  add("after", after);
  return query;
}

// How many instances to list: a day is asked for to see all of it.
std::size_t wanted_instances(const Options& options) {
  if (options.limit > 0) return static_cast<std::size_t>(options.limit);
  return options.date.empty() ? 100 : std::numeric_limits<std::size_t>::max();
}

// Pages until there is one more than `wanted`, which tells that these are not all, or none are left.
json::array collect_instances(const Options& options, std::size_t wanted, Api& api) {
  constexpr std::size_t kPage = 1000;
  json::array all;
  std::string after;
  do {
    const std::size_t page = std::min(kPage - 1, wanted - all.size()) + 1;
    json::value answer =
        with_member(api.get("/api/v1/instances" + query_text(options, page, after)), "instances");
    const JsonView view(answer);
    for (const json::value& instance : view["instances"].items()) all.push_back(instance);
    std::string next = view["next"].text();
    require_progress(next.empty() || next != after);
    after = std::move(next);
  } while (!after.empty() && all.size() <= wanted);
  return all;
}

}  // namespace

Exit command_status(const Options& options, Api& api, Console& console) {
  const json::value answer = with_member(api.get("/api/v1/status"), "version");
  if (options.json) return print_json(answer, console);
  const JsonView status(answer);
  const auto started = status["started"].time();
  const auto now = status["now"].time();
  const double up = started && now ? std::chrono::duration<double>(*now - *started).count() : 0;
  const bool ready = status["ready"].boolean();
  console.out << fmt::format(
      "sluice {}, up {}, {} of {} places busy, {}\n\n", status["version"].text(), duration_text(up),
      status["running"].count(), status["running_max"].count(),
      console.paint(ready ? "all fresh" : "not fresh", ready ? Tone::good : Tone::bad));
  for (const auto& [word, member] :
       {std::pair("CLOCK", "clock_in_doubt"), std::pair("STORE", "store_failure")}) {
    const std::string trouble = status[member].text();
    if (!trouble.empty()) console.out << fmt::format("{} {}\n\n", console.paint(word, Tone::bad), trouble);
  }
  print_open_incidents(answer, console);
  print_jobs(status["jobs"].items(), console);
  print_blocked(status["blocked"].items(), console);
  return Exit::done;
}

Exit command_jobs(const Options& options, Api& api, Console& console) {
  const json::value answer = with_member(api.get("/api/v1/jobs"), "jobs");
  if (options.json) return print_json(answer, console);
  Table table({{"JOB"},
               {"SCHEDULE", false, true},
               {"NEXT", false, false, 1},
               {"ZONE", false, false, 3},
               {"WAITS FOR", false, true, 2},
               {"RERUNS", false, false, 4},
               {"VERSION", false, false, 5},
               {"FILE", false, true, 6}});
  for (const json::value& value : JsonView(answer)["jobs"].items()) {
    const JsonView job(value);
    const JsonView schedule = job["schedule"];
    table.add({{job["name"].text(), Tone::strong},
               {schedule["text"].text()},
               {next_text(schedule, job["zone"].text())},
               {job["zone"].text()},
               {upstreams_text(job["depends_on"])},
               {fmt::format("{} x {}", job["rerun"]["times"].count(),
                            duration_text(job["rerun"]["interval_seconds"].number()))},
               {job["version"].text()},
               {job["file"].text()}});
  }
  if (table.empty()) console.out << "no jobs\n";
  if (!table.empty()) table.print(console);
  return Exit::done;
}

Exit command_instances(const Options& options, Api& api, Console& console) {
  const std::size_t wanted = wanted_instances(options);
  json::array instances = collect_instances(options, wanted, api);
  const bool more = instances.size() > wanted;
  if (more) instances.resize(wanted);
  if (options.json) {
    json::object out{{"instances", instances}, {"next", nullptr}};
    if (more) out["next"] = instances.back().at("id");
    return print_json(out, console);
  }
  Table table({{"INSTANCE"},
               {"STATE"},
               {"WINDOW", false, false, 3},
               {"TRIES", true, false, 2},
               {"ROWS", true, false, 4},
               {"SECONDS", true, false, 5},
               {"REASON", false, true, 1}});
  for (const json::value& value : instances) {
    const JsonView instance(value);
    const std::string zone = instance["zone"].text();
    const std::string state = instance["state"].text();
    const bool done = state == "SUCCESS";
    table.add({{instance["id"].text()},
               {state, tone_of_state(state)},
               {fmt::format("{}-{}", clock_text(instance["window"]["start"].time(), zone),
                            clock_text(instance["window"]["end"].time(), zone))},
               {std::to_string(instance["attempt_count"].count())},
               {done ? count_text(instance["rows"].count()) : "-"},
               {instance["seconds"].is_null() ? "-" : fmt::format("{:.1f}", instance["seconds"].number())},
               {instance["reason"].text(), Tone::faint}});
  }
  if (table.empty()) console.out << "no instances\n";
  if (!table.empty()) table.print(console);
  if (more) tell_of_more(wanted, console);
  return Exit::done;
}

Exit command_coverage(const Options& options, Api& api, Console& console) {
  const std::string query = options.target.empty() ? "" : "?job=" + percent_encode(options.target);
  const json::value answer = with_member(api.get("/api/v1/coverage" + query), "coverage");
  if (options.json) return print_json(answer, console);
  for (const json::value& value : JsonView(answer)["coverage"].items()) {
    const JsonView coverage(value);
    const std::string zone = coverage["zone"].text();
    const auto until = coverage["until"].time();
    const std::string name = console.paint(coverage["job"].text(), Tone::strong);
    if (!until) {
      console.out << fmt::format("{}: nothing exported yet\n", name);
      continue;
    }
    const auto& gaps = coverage["gaps"].items();
    console.out << fmt::format("{}: durable from {} up to {} ({} behind), {} windows, {} rows, {}\n", name,
                               local_text(coverage["from"].time(), zone), local_text(until, zone),
                               lag_text(coverage), count_text(coverage["windows"].count()),
                               count_text(coverage["rows"].count()),
                               gaps.empty() ? console.paint("no gaps", Tone::good)
                                            : console.paint(fmt::format("{} gaps:", gaps.size()), Tone::bad));
    for (const json::value& gap : gaps) console.out << "  " << json::serialize(gap) << '\n';
    for (const json::value& one : coverage["backfilled"].items()) {
      const JsonView chain(one);
      console.out << fmt::format("  {} backfilled {} to {}, {} windows, {} rows\n", chain["chain"].text(),
                                 local_text(chain["from"].time(), zone),
                                 local_text(chain["until"].time(), zone),
                                 count_text(chain["windows"].count()), count_text(chain["rows"].count()));
    }
    const JsonView retention = coverage["retention"];
    if (retention.is_null()) continue;
    const std::string left = fmt::format("{} left", retention_text(retention));
    console.out << fmt::format(
        "  the stream keeps what is needed next until {}: {}\n",
        local_text(retention["trimmed_at"].time(), zone),
        retention["low"].boolean() ? console.paint(left + ", which is little", Tone::bad) : left);
  }
  return Exit::done;
}

}  // namespace sluice::daemon
