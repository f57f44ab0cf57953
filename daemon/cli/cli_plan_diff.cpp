// What an edit would change, before it applies.
#include "daemon/api/preview.hpp"
#include "daemon/base/json_view.hpp"
#include "daemon/cli/cli_output.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/config/job_set.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <functional>

namespace sluice::daemon {
namespace {

namespace json = boost::json;

// The difference from `from` on, as much of it as one answer has.
using Ask = std::function<json::value(const std::string& from)>;

Ask ask_about_file(const Options& options, Api& api) {
  const std::string file = std::filesystem::absolute(options.target).lexically_normal().string();
  // The daemon checks it with its own data sources; here it is only read, with the script it names.
  const JobFile read = read_job_file(file, {});
  if (read.written.text.empty()) {
    throw CommandFailure(Exit::usage, read.loaded.problems.empty()
                                          ? fmt::format("plan {}: the file is empty", file)
                                          : job::to_string(read.loaded.problems.front()));
  }
  json::object body{{"file", file},
                    {"text", read.written.text},
                    {"script_file", read.written.script_file},
                    {"script", read.written.script},
                    {"to", options.to}};
  return [&api, body = std::move(body)](const std::string& from) mutable {
    body["from"] = from;
    return with_member(api.post("/api/v1/diff", json::serialize(body)), "slots");
  };
}

Ask ask_about_job(const Options& options, Api& api) {
  return [&options, &api](const std::string& from) {
    return with_member(
        api.get(fmt::format("/api/v1/jobs/{}/diff?from={}&to={}", percent_encode(options.target),
                            percent_encode(from), percent_encode(options.to))),
        "slots");
  };
}

// All pages as one answer; what does not depend on slots is that of the first. Without --to it is a day,
// which is one page.
json::value whole_difference(const Options& options, const Ask& ask) {
  json::value whole = ask(options.from);
  std::string next = JsonView(whole)["next"].text();
  while (!next.empty() && !options.to.empty()) {
    const json::value page = ask(next);
    json::object& all = whole.as_object();
    json::array& slots = all["slots"].as_array();
    for (const json::value& slot : JsonView(page)["slots"].items()) slots.push_back(slot);
    all["unchanged"] = JsonView(whole)["unchanged"].count() + JsonView(page)["unchanged"].count();
    all["to"] = JsonView(page)["to"].text();
    std::string behind = JsonView(page)["next"].text();
    require_progress(behind != next);
    next = std::move(behind);
    const auto compared = slots.size() + JsonView(whole)["unchanged"].count();
    if (compared + (next.empty() ? 0 : 1) > kPreviewMax) throw CommandFailure(too_many_slots(options.target));
  }
  if (next.empty() && whole.is_object()) whole.as_object()["next"] = nullptr;
  return whole;
}

std::string value_shown(const JsonView& value) { return value.text().empty() ? "(none)" : value.text(); }

void print_slots(const JsonView& difference, const std::string& zone, Console& console) {
  for (const json::value& value : difference["slots"].items()) {
    const JsonView slot(value);
    const std::string change = slot["change"].text();
    std::string line = fmt::format("  {} {}",
                                   change == "gone"    ? "-"
                                   : change == "added" ? "+"
                                                       : "~",
                                   local_text(slot["scheduled"].time(), zone));
    for (const json::value& key : slot["changes"].items()) {
      const JsonView changed(key);
      line += fmt::format("  {}: {} -> {}", changed["key"].text(), value_shown(changed["before"]),
                          value_shown(changed["after"]));
    }
    const Tone tone = change == "gone" ? Tone::bad : change == "added" ? Tone::good : Tone::warn;
    console.out << console.paint(line, tone) << '\n';
  }
}

// False when the edit has errors.
bool print_problems(const JsonView& difference, Console& console) {
  bool good = true;
  for (const json::value& value : difference["problems"].items()) {
    const JsonView problem(value);
    good = good && problem["severity"].text() != "error";
    console.err << fmt::format("{}:{}:{}: {}: {}\n", problem["file"].text(), problem["line"].count(),
                               problem["column"].count(), problem["severity"].text(),
                               problem["message"].text());
  }
  return good;
}

void print_difference(const JsonView& difference, Console& console) {
  const std::string zone = difference["zone"].text();
  const std::string before = difference["before"].text();
  const std::string after = difference["after"].text();
  const std::string job = console.paint(difference["job"].text(), Tone::strong);
  if (before == after) {
    console.out << fmt::format("{}: no difference, {} is in force\n", job, before);
    return;
  }
  if (before.empty()) console.out << fmt::format("{}: a new job, version {}\n", job, after);
  if (after.empty())
    console.out << fmt::format("{}: its file is gone; its instances would stay and wait\n", job);
  if (!before.empty() && !after.empty()) console.out << fmt::format("{}: {} -> {}\n", job, before, after);
  for (const json::value& value : difference["keys"].items()) {
    const JsonView change(value);
    console.out << fmt::format("  {}: {} -> {}\n", change["key"].text(), value_shown(change["before"]),
                               value_shown(change["after"]));
  }
  const std::size_t slots = difference["slots"].items().size();
  const auto minute = [&](const char* end) {
    std::optional<Instant> at = difference[end].time();
    if (at) at = std::chrono::floor<std::chrono::minutes>(*at);
    return local_text(at, zone);
  };
  console.out << fmt::format("\nslots from {} to {} ({}): {} differ, {} stay\n", minute("from"), minute("to"),
                             zone, slots, difference["unchanged"].count());
  print_slots(difference, zone, console);
  console.out << fmt::format(
      "\nA reload replaces {} planned instances that have not started. Slots of the past are never run or "
      "planned "
      "anew by an edit; what is due, running or done keeps its definition.\n",
      difference["replaced"].count());
}

}  // namespace

Exit plan_difference(const Options& options, bool file, Api& api, Console& console) {
  const Ask ask = file ? ask_about_file(options, api) : ask_about_job(options, api);
  const json::value answer = whole_difference(options, ask);
  const JsonView difference(answer);
  const bool good = print_problems(difference, console);
  if (options.json) {
    print_json(answer, console);
    return good ? Exit::done : Exit::usage;
  }
  if (!good) {
    console.out << "the file has errors: the version in force stays\n";
    return Exit::usage;
  }
  print_difference(difference, console);
  return Exit::done;
}

}  // namespace sluice::daemon
