#include "daemon/api/api_json.hpp"
#include "daemon/base/json_view.hpp"
#include "daemon/cli/cli_output.hpp"
#include "daemon/cli/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace sluice::daemon {
namespace {

namespace json = boost::json;

// What was looked at in all pages.
struct Summary {
  std::uint64_t windows = 0;
  std::uint64_t objects = 0;
  std::uint64_t rows = 0;
  std::uint64_t without_checksum = 0;
  std::uint64_t differences = 0;
  double bytes = 0;
  std::optional<Instant> first{};  // ends of the first and the latest window
  std::optional<Instant> last{};

  void add(const JsonView& window) {
    last = window["window"]["end"].time();
    if (!first) first = last;
    ++windows;
    objects += window["objects"].count();
    rows += window["rows"].count();
    bytes += window["bytes"].number();
    without_checksum += window["without_checksum"].count();
    differences += window["differences"].items().size();
  }
};

std::string page_target(const Options& options, const std::string& after) {
  std::string target = "/api/v1/jobs/" + percent_encode(options.target) + "/verify";
  char mark = '?';
  for (const auto& [name, value] :
       {std::pair("from", options.from), std::pair("to", options.to), std::pair("after", after)}) {
    if (value.empty()) continue;
    target += fmt::format("{}{}={}", mark, name, percent_encode(value));
    mark = '&';
  }
  return target;
}

void print_window(const JsonView& window, Console& console) {
  for (const json::value& value : window["differences"].items()) {
    const JsonView difference(value);
    console.out << fmt::format("{}  {}  {} {}\n", window["id"].text(),
                               console.paint(difference["kind"].text(), Tone::bad),
                               difference["object"].text(), difference["detail"].text());
  }
}

void print_summary(const Options& options, const Summary& summary, Console& console) {
  if (summary.windows == 0) {
    const bool range = !options.from.empty() || !options.to.empty();
    console.out << fmt::format("no window of {} has succeeded{}: nothing was compared\n", options.target,
                               range ? " in that range" : "");
    return;
  }
  console.out << fmt::format(
      "{} windows, {} objects, {} rows, {}: {}\n", count_text(summary.windows), count_text(summary.objects),
      count_text(summary.rows), bytes_text(summary.bytes),
      summary.differences == 0
          ? console.paint("all as in the ledger", Tone::good)
          : console.paint(fmt::format("{} differences", summary.differences), Tone::bad));
  if (summary.without_checksum > 0) {
    console.out << fmt::format("of {} objects the store tells no checksum; their sizes agree\n",
                               count_text(summary.without_checksum));
  }
}

// How long the time is that will be looked at; 0: unknown. Windows come in order of time, so it tells how far
// one is.
Duration time_ahead(const Options& options, Api& api, const Console& console) {
  if (!console.err_terminal) return Duration(0);
  const json::value answer =
      with_member(api.get("/api/v1/coverage?job=" + percent_encode(options.target)), "coverage");
  const json::array& covered = JsonView(answer)["coverage"].items();
  if (covered.empty()) return Duration(0);
  const JsonView one(covered.front());
  const auto bound = [&](const std::string& given, std::string_view durable) {
    if (given.empty()) return one[durable].time();
    const auto time = time_from_text(given, one["zone"].text());
    return time ? std::optional(*time) : std::nullopt;
  };
  const auto from = bound(options.from, "from");
  const auto to = bound(options.to, "until");
  return from && to ? std::max(*to - *from, Duration(0)) : Duration(0);
}

void show_progress(const Summary& summary, Duration ahead, ProgressLine& progress) {
  const std::string text =
      fmt::format("{} windows, {} differences", count_text(summary.windows), summary.differences);
  if (ahead == Duration(0) || !summary.first || !summary.last) {
    progress.show(text);
  } else {
    const Duration seen = std::max(*summary.first, *summary.last) - std::min(*summary.first, *summary.last);
    progress.show(std::chrono::duration<double>(seen) / std::chrono::duration<double>(ahead), text);
  }
}

}  // namespace

Exit command_verify(const Options& options, Api& api, Console& console) {
  Summary summary;
  json::array windows;
  std::string after;
  ProgressLine progress(console);
  const Duration ahead = time_ahead(options, api, console);
  do {
    const json::value answer = with_member(api.post(page_target(options, after), ""), "windows");
    const JsonView page(answer);
    progress.clear();
    for (const json::value& value : page["windows"].items()) {
      summary.add(JsonView(value));
      if (options.json) {
        windows.push_back(value);
      } else {
        print_window(JsonView(value), console);
      }
    }
    std::string next = page["next"].text();
    require_progress(next.empty() || next != after);
    after = std::move(next);
    show_progress(summary, ahead, progress);
  } while (!after.empty());
  progress.clear();
  if (options.json) {
    print_json(json::object{{"windows", std::move(windows)}, {"differences", summary.differences}}, console);
  } else {
    print_summary(options, summary, console);
  }
  if (summary.windows == 0) return Exit::not_found;
  return summary.differences == 0 ? Exit::done : Exit::failed;
}

}  // namespace sluice::daemon
