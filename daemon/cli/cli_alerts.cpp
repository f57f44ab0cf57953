#include "daemon/base/json_view.hpp"
#include "daemon/cli/cli_output.hpp"
#include "daemon/cli/commands.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <poll.h>

namespace sluice::daemon {
namespace {

namespace json = boost::json;

constexpr int kAskPauseMs = 200;
constexpr int kAsks = 600;  // two minutes: longer than any try of a channel without a longer timeout

std::string zone_or_utc(const JsonView& incident) {
  const std::string zone = incident["zone"].text();
  return zone.empty() ? "UTC" : zone;
}

Table::Cell standing(const JsonView& incident) {
  if (incident["event"].boolean()) return {"event", Tone::faint};
  if (!incident["recovered"].is_null()) return {"over", Tone::good};
  if (!incident["acknowledged"].is_null()) return {"acknowledged", Tone::warn};
  return {"open", Tone::bad};
}

// Of one that is not in the store there is none.
std::string number_of(const JsonView& incident) {
  return incident["id"].is_null() ? "-" : std::to_string(incident["id"].count());
}

std::string about(const JsonView& incident) {
  const std::string instance = incident["instance"].text();
  return instance.empty() ? incident["job"].text() : instance;
}

void print_channels(const JsonView& answer, Console& console) {
  for (const json::value& value : answer["channels"].items()) {
    const JsonView channel(value);
    if (channel["failing_since"].is_null()) continue;
    console.out << console.paint(
        fmt::format("channel {} fails since {}: {} ({} waiting)\n", channel["name"].text(),
                    local_text(channel["failing_since"].time(), "UTC") + " UTC", channel["error"].text(),
                    channel["pending"].count()),
        Tone::bad);
  }
  const std::size_t failed = answer["failed_deliveries"].items().size();
  if (failed > 0) {
    console.out << console.paint(fmt::format("{} notices were given up; --output json shows them\n", failed),
                                 Tone::warn);
  }
}

void print_line(Console& console, std::string_view name, const std::string& value) {
  if (!value.empty()) console.out << fmt::format("{:14}{}\n", name, value);
}

void print_deliveries(const JsonView& incident, Console& console) {
  Table table({{"DELIVERY", true},
               {"EVENT"},
               {"CHANNEL"},
               {"STATE"},
               {"TRIES", true},
               {"AT"},
               {"ERROR", false, true}});
  const std::string zone = zone_or_utc(incident);
  for (const json::value& value : incident["deliveries"].items()) {
    const JsonView delivery(value);
    const std::string state = delivery["state"].text();
    const Tone tone = state == "sent" ? Tone::good : state == "failed" ? Tone::bad : Tone::warn;
    table.add({{std::to_string(delivery["id"].count())},
               {delivery["event"].text()},
               {delivery["channel"].text()},
               {state, tone},
               {std::to_string(delivery["tries"].count())},
               {local_text(delivery["at"].time(), zone)},
               {delivery["error"].text()}});
  }
  if (!table.empty()) table.print(console);
}

}  // namespace

Exit command_incidents(const Options& options, Api& api, Console& console) {
  const std::string limit = options.limit > 0 ? fmt::format("&limit={}", options.limit) : std::string();
  const json::value answer = with_member(
      api.get(fmt::format("/api/v1/incidents?state={}{}", options.all ? "all" : "open", limit)), "incidents");
  if (options.json) return print_json(answer, console);
  const JsonView view(answer);
  Table table(
      {{"ID", true}, {"SINCE"}, {"RULE"}, {"STATE"}, {"ABOUT"}, {"COUNT", true}, {"REASON", false, true}});
  for (const json::value& value : view["incidents"].items()) {
    const JsonView incident(value);
    table.add({{number_of(incident)},
               {local_text(incident["opened"].time(), zone_or_utc(incident))},
               {incident["rule"].text(), Tone::strong},
               standing(incident),
               {about(incident)},
               {count_text(incident["count"].count())},
               {incident["error"].text()}});
  }
  if (table.empty()) {
    console.out << (options.all ? "no incidents\n" : "no open incidents; --all shows those that are over\n");
  } else {
    table.print(console);
  }
  print_channels(view, console);
  return Exit::done;
}

Exit command_incident(const Options& options, Api& api, Console& console) {
  const json::value answer =
      with_member(api.get("/api/v1/incidents/" + percent_encode(options.target)), "id");
  if (options.json) return print_json(answer, console);
  const JsonView incident(answer);
  const std::string zone = zone_or_utc(incident);
  const auto time = [&](std::string_view name) {
    const auto instant = incident[name].time();
    return instant ? local_text(instant, zone) : std::string();
  };
  const Table::Cell state = standing(incident);
  print_line(console, "incident",
             fmt::format("{} {} {}", incident["id"].count(), incident["rule"].text(),
                         console.paint(state.text, state.tone)));
  print_line(console, "job", incident["job"].text());
  print_line(console, "instance", incident["instance"].text());
  print_line(console, "business date", incident["business_date"].text());
  print_line(console, "reason", incident["error"].text());
  print_line(console, "opened", time("opened"));
  print_line(console, "last seen", time("seen"));
  print_line(console, "over", time("recovered"));
  const std::string by = incident["acknowledged_by"].text();
  print_line(console, "acknowledged", by.empty() ? std::string() : time("acknowledged") + " by " + by);
  if (!incident["instance"].text().empty() && !incident["job"].text().empty())
    print_line(console, "way out", "sluice why " + incident["instance"].text());
  // With this anchor in the package's documents, in both languages.
  print_line(console, "handbook", "/usr/share/doc/sluice/handbook.md#" + incident["rule"].text());
  print_deliveries(incident, console);
  return Exit::done;
}

Exit command_ack(const Options& options, Api& api, Console& console) {
  const json::value answer = with_member(
      api.post(fmt::format("/api/v1/incidents/{}/ack", percent_encode(options.target)), ""), "id");
  if (options.json) return print_json(answer, console);
  const JsonView incident(answer);
  console.out << fmt::format("incident {} is acknowledged by {}: no further notices until it is over\n",
                             incident["id"].count(), incident["acknowledged_by"].text());
  return Exit::done;
}

// Waits for what becomes of it: that is what one wants to know.
Exit command_alert_test(const Options& options, Api& api, Console& console) {
  const json::object body{{"channel", options.target}};
  const json::value begun = with_member(api.post("/api/v1/alerts/test", json::serialize(body)), "delivery");
  const std::string target = fmt::format("/api/v1/deliveries/{}", JsonView(begun)["delivery"].count());
  json::value answer = with_member(api.get(target), "state");
  for (int asked = 0; asked < kAsks && JsonView(answer)["state"].text() == "pending"; ++asked) {
    ::poll(nullptr, 0, kAskPauseMs);
    answer = with_member(api.get(target), "state");
  }
  const JsonView delivery(answer);
  const bool sent = delivery["state"].text() == "sent";
  if (options.json) {
    print_json(answer, console);
  } else if (sent) {
    console.out << fmt::format("channel {} took the test notice\n", options.target);
  } else {
    console.err << fmt::format("sluice: channel {}: {}\n", options.target,
                               delivery["error"].is_null() ? "not sent yet" : delivery["error"].text());
  }
  return sent ? Exit::done : Exit::failed;
}

// For `sluice status`: how many are open, and the first few.
void print_open_incidents(const json::value& status, Console& console) {
  constexpr std::size_t kShown = 3;
  const JsonView view(status);
  const auto& incidents = view["incidents"].items();
  const std::uint64_t open = view["incidents_open"].count();
  if (open == 0) return;
  console.out << console.paint(fmt::format("{} open {}:\n", open, open == 1 ? "incident" : "incidents"),
                               Tone::bad);
  for (std::size_t at = 0; at < std::min(kShown, incidents.size()); ++at) {
    const JsonView incident(incidents[at]);
    console.out << fmt::format("  {} {} {} {}\n", number_of(incident), incident["rule"].text(),
                               about(incident), shorten(incident["error"].text(), 100));
  }
  console.out << "  sluice incidents shows all\n";
}

}  // namespace sluice::daemon
