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

void show_progress(const Summary& summary, Console& console) {
  if (!console.terminal) return;
  console.err << fmt::format("\r{} windows, {} differences\x1b[K", count_text(summary.windows),
                             summary.differences)
              << std::flush;
}

}  // namespace

Exit command_verify(const Options& options, Api& api, Console& console) {
  Summary summary;
  json::array windows;
  std::string after;
  do {
    const json::value answer = api.post(page_target(options, after), "");
    const JsonView page(answer);
    for (const json::value& value : page["windows"].items()) {
      summary.add(JsonView(value));
      if (options.json) {
        windows.push_back(value);
      } else {
        print_window(JsonView(value), console);
      }
    }
    after = page["next"].text();
    show_progress(summary, console);
  } while (!after.empty());
  if (console.terminal) console.err << "\r\x1b[K" << std::flush;
  if (options.json) {
    print_json(json::object{{"windows", std::move(windows)}, {"differences", summary.differences}}, console);
  } else {
    print_summary(summary, console);
  }
  return summary.differences == 0 ? Exit::done : Exit::failed;
}

}  // namespace sluice::daemon
