// Versions of jobs, reloading, and what operators did.
#include "daemon/base/json_view.hpp"
#include "daemon/cli/cli_output.hpp"
#include "daemon/cli/commands.hpp"

#include <fmt/format.h>

namespace sluice::daemon {
namespace {

namespace json = boost::json;

constexpr std::string_view kListZone = "UTC";

std::string shown(const JsonView& value) { return value.text().empty() ? "(none)" : value.text(); }

void print_keys(const JsonView& keys, std::string_view indent, Console& console) {
  for (const json::value& value : keys.items()) {
    const JsonView change(value);
    console.out << fmt::format("{}{}: {} -> {}\n", indent, change["key"].text(), shown(change["before"]),
                               shown(change["after"]));
  }
}

void print_diff(const std::string& text, Console& console) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    Tone tone = Tone::plain;
    if (line.starts_with('+')) tone = Tone::good;
    if (line.starts_with('-')) tone = Tone::bad;
    if (line.starts_with("@@")) tone = Tone::faint;
    console.out << console.paint(line, tone) << '\n';
    at = end + 1;
  }
}

Exit print_versions(const json::value& answer, Console& console) {
  Table table({{"VERSION"}, {"SINCE"}, {"BY"}, {"FROM SLOT"}, {"FIRST SEEN"}, {""}});
  const std::string utc(kListZone);
  for (const json::value& value : JsonView(answer)["versions"].items()) {
    const JsonView version(value);
    const bool present = version["present"].boolean();
    table.add({{version["version"].text(), present ? Tone::strong : Tone::plain},
               {local_text(version["since"].time(), utc)},
               {version["actor"].text()},
               {local_text(version["effective"].time(), utc)},
               {local_text(version["first_seen"].time(), utc)},
               {present ? "in force" : ""}});
  }
  table.print(console);
  console.out << "times are UTC\n";
  return Exit::done;
}

Exit diff_versions(const Options& options, Api& api, Console& console) {
  const std::string before = options.versions.empty() ? "present" : options.versions.front();
  const std::string after = options.versions.size() < 2 ? "present" : options.versions[1];
  const json::value answer = with_member(
      api.get(fmt::format("/api/v1/jobs/{}/versions/{}/diff?to={}", percent_encode(options.target),
                          percent_encode(before), percent_encode(after))),
      "diff");
  if (options.json) return print_json(answer, console);
  const JsonView diff(answer);
  print_diff(diff["diff"].text(), console);
  const bool keys = !diff["keys"].items().empty();
  if (keys) console.out << (diff["diff"].text().empty() ? "" : "\n") << "changed keys:\n";
  print_keys(diff["keys"], "  ", console);
  if (!diff["missing"].text().empty()) console.err << "sluice: " << diff["missing"].text() << '\n';
  if (!keys && diff["diff"].text().empty()) console.out << "no difference\n";
  return Exit::done;
}

Exit print_version_text(const json::value& answer, Console& console) {
  const JsonView version(answer);
  if (!version["missing"].text().empty()) {
    console.err << "sluice: " << version["missing"].text() << '\n';
    return Exit::failed;
  }
  console.out << fmt::format("# {}\n{}", version["file"].text(), version["text"].text());
  if (!version["script_file"].text().empty())
    console.out << fmt::format("\n# {}\n{}", version["script_file"].text(), version["script"].text());
  return Exit::done;
}

void print_report(const JsonView& report, Console& console) {
  const bool dry = report["dry_run"].boolean();
  for (const json::value& value : report["changes"].items()) {
    const JsonView change(value);
    const std::string kind = change["change"].text();
    std::string from;
    if (!change["from"].is_null())
      from = fmt::format(", from slot {} UTC on", local_text(change["from"].time(), std::string(kListZone)));
    console.out << fmt::format("{} {}: {} -> {}{}\n", console.paint(change["job"].text(), Tone::strong), kind,
                               shown(change["before"]), shown(change["after"]), from);
    print_keys(change["keys"], "  ", console);
    if (kind == "removed")
      console.out
          << "  its instances stay, and wait until its file is back, or sluice skip --job leaves them out\n";
  }
  for (const json::value& key : report["settings"].items())
    console.out << fmt::format("sluice.yaml: {} {}\n", JsonView(key).text(),
                               dry ? "would change" : "changed");
  for (const json::value& key : report["needs_restart"].items()) {
    console.out << fmt::format("sluice.yaml: {} changed, which takes a restart to come into force\n",
                               JsonView(key).text());
  }
}

}  // namespace

Exit command_versions(const Options& options, Api& api, Console& console) {
  if (options.diff) return diff_versions(options, api, console);
  const std::string job = fmt::format("/api/v1/jobs/{}/versions", percent_encode(options.target));
  if (!options.version.empty()) {
    const json::value answer =
        with_member(api.get(fmt::format("{}/{}", job, percent_encode(options.version))), "text");
    return options.json ? print_json(answer, console) : print_version_text(answer, console);
  }
  const json::value answer = with_member(api.get(job), "versions");
  return options.json ? print_json(answer, console) : print_versions(answer, console);
}

Exit command_reload(const Options& options, Api& api, Console& console) {
  json::object body{{"dry_run", options.dry_run}};
  if (!options.from.empty()) body["from"] = options.from;
  const json::value answer = with_member(api.post("/api/v1/reload", json::serialize(body)), "problems");
  const JsonView report(answer);
  bool errors = false;
  for (const json::value& value : report["problems"].items()) {
    const JsonView problem(value);
    errors = errors || problem["severity"].text() == "error";
    if (!options.json) {
      console.err << fmt::format("{}:{}:{}: {}: {}\n", problem["file"].text(), problem["line"].count(),
                                 problem["column"].count(), problem["severity"].text(),
                                 problem["message"].text());
    }
  }
  const Exit exit = errors ? Exit::usage : Exit::done;
  if (options.json) {
    print_json(answer, console);
    return exit;
  }
  print_report(report, console);
  const std::size_t changes = report["changes"].items().size();
  console.out << fmt::format("{}: {} jobs, {} {}\n", options.dry_run ? "nothing was changed" : "reloaded",
                             report["jobs"].count(), changes, changes == 1 ? "change" : "changes");
  if (errors) console.out << "what has errors stays in force as it was\n";
  return exit;
}

Exit command_audit(const Options& options, Api& api, Console& console) {
  const bool instance = options.target.find('@') != std::string::npos;
  const std::size_t wanted = options.limit > 0 ? static_cast<std::size_t>(options.limit) : 100;
  std::string query;
  if (!options.target.empty())
    query += fmt::format("&{}={}", instance ? "instance" : "job", percent_encode(options.target));
  if (!options.actor.empty()) query += "&actor=" + percent_encode(options.actor);
  if (!options.action.empty()) query += "&action=" + percent_encode(options.action);
  if (!options.from.empty()) query += "&from=" + percent_encode(options.from);
  if (!options.to.empty()) query += "&to=" + percent_encode(options.to);
  json::array entries;
  std::string before;
  while (entries.size() <= wanted) {
    const std::size_t page = std::min<std::size_t>(wanted - entries.size() + 1, 1000);
    const json::value answer =
        with_member(api.get(fmt::format("/api/v1/audit?limit={}{}{}", page, query, before)), "entries");
    const JsonView found(answer);
    for (const json::value& entry : found["entries"].items()) entries.push_back(entry);
    if (found["next"].is_null()) break;
    std::string next = fmt::format("&before={}", found["next"].count());
    require_progress(next != before);
    before = std::move(next);
  }
  const bool more = entries.size() > wanted;
  if (more) entries.resize(wanted);
  if (options.json) {
    const json::value next = more ? entries.back().at("number") : json::value(nullptr);
    return print_json(json::object{{"entries", std::move(entries)}, {"next", next}}, console);
  }
  Table table({{"TIME (UTC)"}, {"ACTION"}, {"TARGET"}, {"BY"}, {"DETAIL", false, true}});
  for (const json::value& value : entries) {
    const JsonView entry(value);
    table.add({{local_text(entry["at"].time(), std::string(kListZone))},
               {entry["action"].text()},
               {entry["target"].text()},
               {entry["actor"].text()},
               {entry["detail"].text()}});
  }
  if (table.empty()) console.out << "nothing was done\n";
  if (!table.empty()) table.print(console);
  if (more) tell_of_more(wanted, console);
  return Exit::done;
}

}  // namespace sluice::daemon
