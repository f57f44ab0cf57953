#include "daemon/base/json_view.hpp"
#include "daemon/cli/cli_output.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/http/http_message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <poll.h>

namespace sluice::daemon {
namespace {

namespace json = boost::json;

constexpr int kLookPauseMs = 1000;

Tone tone_of_backfill(std::string_view state) {
  if (state == "done") return Tone::good;
  if (state == "failed") return Tone::bad;
  if (state == "paused" || state == "cancelled") return Tone::warn;
  return Tone::plain;
}

std::uint64_t total(const JsonView& counts) {
  std::uint64_t sum = 0;
  for (const auto& [state, count] : counts.members()) sum += JsonView(count).count();
  return sum;
}

// "40 of 576 done, 2 running, 1 failed"
std::string progress_text(const JsonView& backfill) {
  const JsonView counts = backfill["counts"];
  std::string text =
      fmt::format("{} of {} done", count_text(counts["SUCCESS"].count()), count_text(total(counts)));
  const auto add = [&](std::string_view word, std::uint64_t count) {
    if (count > 0) text += fmt::format(", {} {}", count_text(count), word);
  };
  add("running", counts["RUNNING"].count());
  add("failed", counts["FAILURE"].count() + counts["LOST"].count());
  add("frozen", counts["FROZEN"].count());
  add("skipped", counts["SKIPPED"].count());
  return text;
}

std::string one_range_text(const JsonView& range, const std::string& zone) {
  return fmt::format("{} to {}", local_text(range["from"].time(), zone),
                     local_text(range["to"].time(), zone));
}

std::string range_text(const JsonView& backfill) {
  const std::string zone = backfill["zone"].text();
  std::string text;
  for (const json::value& range : backfill["ranges"].items())
    text += (text.empty() ? "" : " and ") + one_range_text(JsonView(range), zone);
  if (text.empty()) text = one_range_text(backfill, zone);
  if (!backfill["between"].is_null()) text += ", of these " + backfill["between"].text();
  return text;
}

// What was asked for beside the slots.
void print_conditions(const JsonView& backfill, Console& console) {
  std::string hours = backfill["run_between"].is_null() ? "" : backfill["run_between"].text();
  if (backfill["weekends"].boolean()) hours += hours.empty() ? "on weekends" : " on weekends";
  if (!hours.empty()) console.out << fmt::format("  starts instances {}\n", hours);
  if (backfill["run_now"].boolean()) console.out << "  does not wait for the time of future slots\n";
  for (const auto& [name, expression] : backfill["parameters"].members())
    console.out << fmt::format("  parameter {} = {}\n", std::string_view(name), JsonView(expression).text());
  if (backfill["alerts"].text() != "none")
    console.out << fmt::format("  sends a notice of: {}\n", backfill["alerts"].text());
}

std::string slots_text(const JsonView& backfill) {
  return backfill["all"].boolean() ? "all slots" : "missing slots only";
}

void print_backfill(const JsonView& backfill, Console& console) {
  const std::string state = backfill["state"].text();
  console.out << fmt::format("backfill {} of {}: {}, {}\n", backfill["id"].count(), backfill["job"].text(),
                             console.paint(state, tone_of_backfill(state)), progress_text(backfill));
  console.out << fmt::format("  slots {} ({}), {} left out, order {}, parallel {}, priority {}\n",
                             range_text(backfill), slots_text(backfill),
                             count_text(backfill["left_out"].count()), backfill["order"].text(),
                             backfill["parallel"].count(), backfill["priority"].count());
  console.out << fmt::format("  by {}, version {}\n", backfill["actor"].text(), backfill["version"].text());
  print_conditions(backfill, console);
  if (!backfill["planned"].boolean() && state != "cancelled")
    console.out << "  its instances are still being made\n";
  Table table({{"CHAIN", false, true}, {"BUSINESS DATES"}, {"DONE", true}, {"OF", true}});
  for (const json::value& value : backfill["groups"].items()) {
    const JsonView group(value);
    table.add({{group["chain"].text()},
               {fmt::format("{} to {}", group["first_date"].text(), group["last_date"].text())},
               {count_text(group["counts"]["SUCCESS"].count())},
               {count_text(total(group["counts"]))}});
  }
  if (!table.empty()) table.print(console);
  for (const json::value& value : backfill["stuck"].items()) {
    const JsonView stuck(value);
    console.out << fmt::format("{} is {}: {}\n", stuck["id"].text(),
                               console.paint(stuck["state"].text(), Tone::bad), stuck["reason"].text());
  }
}

// Whether a group goes on without a person: one whose instance waits for one has only what runs beside it.
bool goes_on(const JsonView& counts) {
  constexpr std::array kMoving{"RUNNING", "RETRY_WAIT", "KILLING", "WAIT_RESOURCE"};
  constexpr std::array kWaiting{"NOT_RUN", "WAIT_TIME"};
  constexpr std::array kStuck{"FAILURE", "LOST", "FROZEN"};
  const auto any = [&](const auto& states) {
    return std::any_of(states.begin(), states.end(),
                       [&](const char* state) { return counts[state].count() > 0; });
  };
  return any(kMoving) || (any(kWaiting) && !any(kStuck));
}

// Paused it has not: it goes on once somebody resumes it. Failed it has when each group is done or waits for
// a person, and no instance has still to be made.
bool has_ended(const JsonView& backfill) {
  const std::string state = backfill["state"].text();
  if (state != "failed") return state == "done" || state == "cancelled";
  if (!backfill["planned"].boolean()) return false;
  const auto& groups = backfill["groups"].items();
  return std::none_of(groups.begin(), groups.end(),
                      [](const json::value& group) { return goes_on(JsonView(group)["counts"]); });
}

void show_progress_of(const JsonView& backfill, ProgressLine& progress) {
  const JsonView counts = backfill["counts"];
  const std::uint64_t all = total(counts);
  std::string text = progress_text(backfill);
  if (backfill["state"].text() == "paused") text += ", paused";
  if (all == 0) {
    progress.show(text);
  } else {
    const std::uint64_t done = counts["SUCCESS"].count() + counts["SKIPPED"].count();
    progress.show(static_cast<double>(done) / static_cast<double>(all), text);
  }
}

// "2018-10-15..2018-10-17", or one date.
json::object dates_body(const std::string& dates) {
  const auto dots = dates.find("..");
  return {{"first_date", dates.substr(0, dots)},
          {"last_date", dots == std::string::npos ? dates : dates.substr(dots + 2)}};
}

json::object range_body(const std::string& range) {
  const auto dots = range.find("..");
  if (dots == std::string::npos) {
    throw CommandFailure(Exit::usage, fmt::format("backfill: read the range: expected two times such as "
                                                  "2018-10-10..2018-10-12T12:00, got \"{}\"",
                                                  range));
  }
  return {{"from", range.substr(0, dots)}, {"to", range.substr(dots + 2)}};
}

json::object body_of(const Options& options) {
  json::array ranges;
  const bool times = !options.from.empty() && !options.to.empty();
  if (times) ranges.push_back(json::object{{"from", options.from}, {"to", options.to}});
  for (const std::string& range : options.ranges) ranges.push_back(range_body(range));
  for (const std::string& dates : options.dates) ranges.push_back(dates_body(dates));
  const bool half = options.from.empty() != options.to.empty();
  if (options.target.empty() || ranges.empty() || half) {
    throw CommandFailure(Exit::usage,
                         "backfill: name the job and its slots: JOB --from TIME --to TIME, JOB --range "
                         "FROM..TO, or JOB --dates FIRST..LAST; see sluice backfill --help");
  }
  json::object parameters;
  for (const auto& [name, expression] : options.parameters) parameters[name] = expression;
  return {{"job", options.target},        {"ranges", std::move(ranges)},
          {"between", options.between},   {"parallel", options.parallel},
          {"order", options.order},       {"all", options.all},
          {"run_now", options.run_now},   {"run_between", options.run_between},
          {"weekends", options.weekends}, {"parameters", std::move(parameters)},
          {"alerts", options.alerts},     {"priority", options.priority == 0 ? 1 : options.priority}};
}

Exit preview(const json::object& body, const Options& options, Api& api, Console& console) {
  const std::size_t limit = options.limit > 0 ? static_cast<std::size_t>(options.limit) : 1000;
  const json::value answer = with_member(
      api.post(fmt::format("/api/v1/backfills/preview?limit={}", std::min<std::size_t>(limit, 10'000)),
               json::serialize(body)),
      "instances");
  if (options.json) return print_json(answer, console);
  const JsonView plan(answer);
  Table table({{"INSTANCE"}, {"GROUP"}, {"WINDOW"}, {"OBJECT", false, true}, {"LEFT OUT", false, true}});
  for (const json::value& value : plan["instances"].items()) {
    const JsonView instance(value);
    const std::string zone = instance["zone"].text();
    table.add({{instance["id"].text()},
               {instance["group"].is_null() ? "-" : std::to_string(instance["group"].count())},
               {fmt::format("{} - {}", local_text(instance["window"]["start"].time(), zone),
                            clock_text(instance["window"]["end"].time(), zone))},
               {instance["object"].text()},
               {instance["left_out"].text(), Tone::faint}});
  }
  if (!table.empty()) table.print(console);
  const std::uint64_t slots = plan["runs"].count() + plan["left_out"].count();
  const std::size_t shown = plan["instances"].items().size();
  if (shown < slots) console.out << fmt::format("... and {} more\n", count_text(slots - shown));
  print_conditions(plan, console);
  console.out << fmt::format("would run {} instances in {} groups and leave out {}; nothing was written\n",
                             count_text(plan["runs"].count()), plan["groups"].items().size(),
                             count_text(plan["left_out"].count()));
  return Exit::done;
}

}  // namespace

Exit command_backfill(const Options& options, Api& api, Console& console) {
  const json::object body = body_of(options);
  if (options.dry_run) return preview(body, options, api, console);
  const json::value answer = with_member(api.post("/api/v1/backfills", json::serialize(body)), "id");
  const JsonView made(answer);
  const auto pause = [] { ::poll(nullptr, 0, kLookPauseMs); };
  if (options.json && options.wait) return follow_backfill(made["id"].count(), options, api, console, pause);
  if (options.json) return print_json(answer, console);
  console.out << fmt::format("backfill {} of {} begins: slots {}, {} groups; sluice backfill show {}\n",
                             made["id"].count(), made["job"].text(), range_text(made),
                             made["groups"].items().size(), made["id"].count());
  console.out.flush();
  return options.wait ? follow_backfill(made["id"].count(), options, api, console, pause) : Exit::done;
}

Exit follow_backfill(std::uint64_t id, const Options& options, Api& api, Console& console,
                     const std::function<void()>& pause) {
  const std::string target = fmt::format("/api/v1/backfills/{}", id);
  json::value answer;
  {
    ProgressLine progress(console);
    for (answer = with_member(api.get(target), "state"); !has_ended(JsonView(answer));
         answer = with_member(api.get(target), "state")) {
      show_progress_of(JsonView(answer), progress);
      pause();
    }
  }
  if (options.json) {
    print_json(answer, console);
  } else {
    print_backfill(JsonView(answer), console);
  }
  return JsonView(answer)["state"].text() == "done" ? Exit::done : Exit::failed;
}

Exit command_backfills(const Options& options, Api& api, Console& console) {
  const std::size_t limit = options.limit > 0 ? static_cast<std::size_t>(options.limit) : 100;
  std::string query = fmt::format("?limit={}", std::min<std::size_t>(limit, 1000));
  if (!options.target.empty()) query += "&job=" + percent_encode(options.target);
  const json::value answer = with_member(api.get("/api/v1/backfills" + query), "backfills");
  if (options.json) return print_json(answer, console);
  Table table({{"ID", true},
               {"JOB", false, true},
               {"STATE"},
               {"SLOTS"},
               {"PROGRESS", false, true},
               {"BY", false, true}});
  for (const json::value& value : JsonView(answer)["backfills"].items()) {
    const JsonView backfill(value);
    const std::string state = backfill["state"].text();
    table.add({{std::to_string(backfill["id"].count())},
               {backfill["job"].text(), Tone::strong},
               {state, tone_of_backfill(state)},
               {range_text(backfill)},
               {progress_text(backfill)},
               {backfill["actor"].text(), Tone::faint}});
  }
  if (table.empty()) console.out << "no backfills\n";
  if (!table.empty()) table.print(console);
  return Exit::done;
}

Exit command_act_on_backfill(const Options& options, Api& api, Console& console) {
  const std::string action = options.command.substr(options.command.find(' ') + 1);
  const std::string path = "/api/v1/backfills/" + percent_encode(options.target);
  json::value answer;
  if (action == "show" && options.follow) {
    const json::value first = with_member(api.get(path), "id");
    return follow_backfill(JsonView(first)["id"].count(), options, api, console,
                           [] { ::poll(nullptr, 0, kLookPauseMs); });
  }
  if (action == "show") {
    answer = with_member(api.get(path), "id");
  } else {
    answer = with_member(api.post(path + "/" + action, json::serialize(json::object{{"kill", options.kill}})),
                         "id");
  }
  if (options.json) return print_json(answer, console);
  print_backfill(JsonView(answer), console);
  return Exit::done;
}

}  // namespace sluice::daemon
