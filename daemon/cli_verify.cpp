#include "daemon/cli_output.hpp"
#include "daemon/commands.hpp"
#include "daemon/json_view.hpp"

#include <fmt/format.h>

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

  void add(const JsonView& window) {
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

void print_summary(const Summary& summary, Console& console) {
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

// How many windows there are to look at; 0: unknown, as with a range.
std::uint64_t windows_ahead(const Options& options, Api& api, const Console& console) {
  if (!console.terminal || !options.from.empty() || !options.to.empty()) return 0;
  const json::value answer = api.get("/api/v1/coverage?job=" + percent_encode(options.target));
  std::uint64_t windows = 0;
  for (const json::value& one : JsonView(answer)["coverage"].items())
    windows += JsonView(one)["windows"].count();
  return windows;
}

void show_progress(const Summary& summary, std::uint64_t ahead, ProgressLine& progress) {
  const std::string text =
      fmt::format("{} windows, {} differences", count_text(summary.windows), summary.differences);
  if (ahead == 0) {
    progress.show(text);
  } else {
    progress.show(static_cast<double>(summary.windows) / static_cast<double>(ahead), text);
  }
}

}  // namespace

Exit command_verify(const Options& options, Api& api, Console& console) {
  Summary summary;
  json::array windows;
  std::string after;
  ProgressLine progress(console);
  const std::uint64_t ahead = windows_ahead(options, api, console);
  do {
    const json::value answer = api.post(page_target(options, after), "");
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
    after = page["next"].text();
    show_progress(summary, ahead, progress);
  } while (!after.empty());
  progress.clear();
  if (options.json) {
    print_json(json::object{{"windows", std::move(windows)}, {"differences", summary.differences}}, console);
  } else {
    print_summary(summary, console);
  }
  return summary.differences == 0 ? Exit::done : Exit::failed;
}

}  // namespace sluice::daemon
