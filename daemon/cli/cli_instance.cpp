#include "daemon/base/json_view.hpp"
#include "daemon/cli/cli_output.hpp"
#include "daemon/cli/commands.hpp"

#include <fmt/format.h>

#include <chrono>
#include <poll.h>

namespace sluice::daemon {
namespace {

namespace json = boost::json;

// Milliseconds between two looks at a log that still grows.
constexpr int kFollowPauseMs = 500;

std::string instance_target(const std::string& id, std::string_view rest = {}) {
  return fmt::format("/api/v1/instances/{}{}", percent_encode(id), rest);
}

void print_values(const JsonView& instance, Console& console) {
  for (const auto& [name, value] : instance["values"].members()) {
    console.out << fmt::format("  {} = {}\n", std::string_view(name), JsonView(value).text());
  }
}

void print_attempts(const JsonView& instance, const std::string& zone, Console& console) {
  Table table({{"ATTEMPT", true}, {"RESULT"}, {"STARTED"}, {"SECONDS", true}, {"ERROR", false, true}});
  for (const json::value& value : instance["attempts"].items()) {
    const JsonView attempt(value);
    const auto started = attempt["started"].time();
    const auto finished = attempt["finished"].time();
    const bool over = started && finished;
    const double seconds = over ? std::chrono::duration<double>(*finished - *started).count() : 0;
    table.add({{std::to_string(attempt["number"].count())},
               {attempt["result"].text()},
               {local_text(started, zone)},
               {over ? fmt::format("{:.0f}", seconds) : "-"},
               {attempt["error"].text(), Tone::bad}});
  }
  if (table.empty()) return;
  console.out << '\n';
  table.print(console);
}

// What was read, which tells a large window from a slow service.
void print_statistics(const JsonView& instance, Console& console) {
  const json::array& attempts = instance["attempts"].items();
  if (attempts.empty()) return;
  const JsonView read = JsonView(attempts.back())["statistics"];
  if (read.is_null()) return;
  const std::uint64_t table_rows = read["table_rows"].count();
  const std::string rows = table_rows == 0 ? "" : count_text(table_rows) + " rows of the table and ";
  console.out << fmt::format("  last attempt: {}{} records of {} shards read, {} requests, {} repeats\n",
                             rows, count_text(read["records"].count()), count_text(read["shards"].count()),
                             count_text(read["requests"].count()), count_text(read["retries"].count()));
}

// What attempts left out, and where it is kept.
void print_dirty_rows(const JsonView& instance, Console& console) {
  for (const json::value& value : instance["attempts"].items()) {
    const JsonView attempt(value);
    const std::uint64_t rows = attempt["statistics"]["dirty_rows"].count();
    if (rows == 0) continue;
    const std::string file = attempt["dirty_file"].text();
    const std::string text = fmt::format("attempt {}: {} dirty rows left out{}", attempt["number"].count(),
                                         count_text(rows), file.empty() ? "" : ", kept in " + file);
    console.out << console.paint(text, Tone::bad) << '\n';
  }
}

void print_objects(const JsonView& instance, Console& console) {
  Table table({{"OBJECT"}, {"SIZE", true}, {"ROWS", true}});
  for (const json::value& value : instance["objects"].items()) {
    const JsonView object(value);
    table.add({{object["name"].text()},
               {bytes_text(object["bytes"].number())},
               {count_text(object["rows"].count())}});
  }
  if (table.empty()) return;
  console.out << '\n';
  table.print(console);
}

// One line for each step, the root cause last: "  which waits for users@... (upstream, NOT_RUN)".
void print_way(const json::array& path, Console& console) {
  for (std::size_t at = 1; at < path.size(); ++at) {
    const JsonView step(path[at]);
    const std::string state = step["state"].is_null() ? "not there" : step["state"].text();
    const std::uint64_t open = step["open"].count();
    console.out << fmt::format("  {}waits for {}{} ({}, {})\n", at == 1 ? "" : "which ", step["name"].text(),
                               open > 1 ? fmt::format(" and {} more", open - 1) : "", step["relation"].text(),
                               console.paint(state, tone_of_state(state)));
  }
  if (path.empty()) return;
  console.out << (path.size() == 1 ? "  " : "  which ") << JsonView(path[path.size() - 1])["reason"].text()
              << '\n';
}

void print_audit(const JsonView& instance, const std::string& zone, Console& console) {
  Table table({{"ACTION"}, {"TIME"}, {"BY"}, {"DETAIL", false, true}});
  for (const json::value& value : instance["audit"].items()) {
    const JsonView entry(value);
    table.add({{entry["action"].text()},
               {local_text(entry["at"].time(), zone)},
               {entry["actor"].text()},
               {entry["detail"].text()}});
  }
  if (table.empty()) return;
  console.out << '\n';
  table.print(console);
}

}  // namespace

Exit command_show(const Options& options, Api& api, Console& console) {
  const json::value answer = with_member(api.get(instance_target(options.target)), "state");
  if (options.json) return print_json(answer, console);
  const JsonView instance(answer);
  const std::string zone = instance["zone"].text();
  const std::string state = instance["state"].text();
  console.out << fmt::format("{}  {}\n", console.paint(instance["id"].text(), Tone::strong),
                             console.paint(state, tone_of_state(state)));
  if (!instance["reason"].text().empty()) console.out << "  " << instance["reason"].text() << '\n';
  console.out << fmt::format("  window {} to {} ({}), cycle {} of its day, definition {}\n",
                             local_text(instance["window"]["start"].time(), zone),
                             local_text(instance["window"]["end"].time(), zone), zone,
                             instance["cycle"].count(), instance["version"].text());
  const std::string present = instance["present_version"].text();
  if (!present.empty() && present != instance["version"].text())
    console.out << fmt::format("  the job is at definition {} by now\n", present);
  print_values(instance, console);
  if (!instance["retry_at"].is_null()) {
    console.out << fmt::format("  next attempt at {}\n", local_text(instance["retry_at"].time(), zone));
  }
  print_statistics(instance, console);
  print_attempts(instance, zone, console);
  print_dirty_rows(instance, console);
  print_objects(instance, console);
  print_audit(instance, zone, console);
  return Exit::done;
}

Exit command_why(const Options& options, Api& api, Console& console) {
  const json::value answer = with_member(api.get(instance_target(options.target, "/why")), "state");
  if (options.json) return print_json(answer, console);
  const JsonView why(answer);
  const std::string state = why["state"].text();
  console.out << fmt::format("{} is {}\n", why["id"].text(), console.paint(state, tone_of_state(state)));
  print_way(why["path"].items(), console);
  return Exit::done;
}

Exit command_logs(const Options& options, Api& api, Console& console) {
  std::uint64_t offset = 0;
  auto attempt = static_cast<std::uint64_t>(options.attempt);
  json::array parts;
  for (;;) {
    const json::value answer = with_member(
        api.get(instance_target(options.target, fmt::format("/logs?attempt={}&offset={}", attempt, offset))),
        "text");
    const JsonView part(answer);
    attempt = part["attempt"].count();
    require_progress(part["at_end"].boolean() || part["next"].count() > offset);
    offset = part["next"].count();
    if (options.json) {
      parts.push_back(answer);
    } else {
      console.out << part["text"].text() << std::flush;
    }
    if (!part["at_end"].boolean()) continue;
    if (!options.follow || !part["open"].boolean()) break;
    ::poll(nullptr, 0, kFollowPauseMs);
  }
  return options.json ? print_json(parts, console) : Exit::done;
}

}  // namespace sluice::daemon
