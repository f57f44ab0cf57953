// The commands that act on instances and jobs.
#include "daemon/base/json_view.hpp"
#include "daemon/cli/cli_output.hpp"
#include "daemon/cli/commands.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace sluice::daemon {
namespace {

// What the action needs besides the instances.
boost::json::object order_json(const Options& options) {
  boost::json::object body;
  if (!options.reason.empty()) body["reason"] = options.reason;
  if (options.latest) body["latest"] = true;
  if (options.force) body["force"] = true;
  if (options.priority != 0) body["priority"] = options.priority;
  return body;
}

void print_state(const JsonView& instance, Console& console) {
  const std::string state = instance["state"].text();
  console.out << fmt::format("{} is {} now", instance["id"].text(),
                             console.paint(state, tone_of_state(state)));
  const std::string reason = instance["reason"].text();
  console.out << (reason.empty() ? "" : ": " + reason) << '\n';
}

Exit act_on_one_instance(const Options& options, Api& api, Console& console) {
  const std::string target =
      fmt::format("/api/v1/instances/{}/{}", percent_encode(options.targets.front()), options.command);
  const boost::json::object body = order_json(options);
  const boost::json::value answer =
      with_member(api.post(target, body.empty() ? "" : boost::json::serialize(body)), "state");
  if (options.json) return print_json(answer, console);
  print_state(JsonView(answer), console);
  return Exit::done;
}

boost::json::array states_json(std::string_view text) {
  boost::json::array states;
  while (!text.empty()) {
    const auto comma = text.find(',');
    states.emplace_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return states;
}

boost::json::object batch_json(const Options& options) {
  boost::json::object body = order_json(options);
  body["action"] = options.command;
  if (!options.targets.empty()) {
    body["ids"] = boost::json::array(options.targets.begin(), options.targets.end());
    return body;
  }
  body["job"] = options.target;
  body["from"] = options.from;
  body["to"] = options.to;
  if (!options.state.empty()) body["state"] = states_json(options.state);
  return body;
}

// Refused when any is.
Exit act_on_many(const Options& options, Api& api, Console& console) {
  const boost::json::value answer =
      with_member(api.post("/api/v1/batch", boost::json::serialize(batch_json(options))), "done");
  const JsonView batch(answer);
  const Exit exit = batch["refused"].count() == 0 ? Exit::done : Exit::refused;
  if (options.json) {
    print_json(answer, console);
    return exit;
  }
  for (const boost::json::value& item : batch["results"].items()) {
    const JsonView result(item);
    if (result["error"].is_null()) {
      print_state(result, console);
    } else {
      console.err << fmt::format("sluice: {}\n", result["error"]["detail"].text());
    }
  }
  if (batch["done"].count() + batch["refused"].count() == 0) {
    console.out << fmt::format("{}: no instance matched\n", options.command);
  } else {
    console.out << fmt::format("{}: {} done, {} refused\n", options.command, batch["done"].count(),
                               batch["refused"].count());
  }
  return exit;
}

void check_targets(const Options& options) {
  const bool range = !options.target.empty() && !options.from.empty() && !options.to.empty();
  const bool any_of_range =
      !options.target.empty() || !options.from.empty() || !options.to.empty() || !options.state.empty();
  if (options.targets.empty() ? range : !any_of_range) return;
  throw CommandFailure(Exit::usage, fmt::format("{}: name instances, or give --job, --from and --to; see "
                                                "sluice {} --help",
                                                options.command, options.command));
}

// Lists what follows from the instance, and runs it again unless only asked for the list.
Exit act_downstream(const Options& options, Api& api, Console& console) {
  const std::string instance = "/api/v1/instances/" + percent_encode(options.targets.front());
  boost::json::object body = order_json(options);
  body["downstream"] = true;
  const boost::json::value answer =
      with_member(options.dry_run ? api.get(instance + "/downstream")
                                  : api.post(instance + "/rerun", boost::json::serialize(body)),
                  "instances");
  if (options.json) return print_json(answer, console);
  const JsonView list(answer);
  for (const boost::json::value& item : list["instances"].items()) {
    const JsonView one(item);
    const std::string state = one["state"].text();
    console.out << fmt::format("{} {}\n", one["id"].text(), console.paint(state, tone_of_state(state)));
  }
  console.out << fmt::format("{} instances {}\n", list["count"].count(),
                             options.dry_run ? "follow, the first one included" : "run again");
  return Exit::done;
}

}  // namespace

Exit command_act(const Options& options, Api& api, Console& console) {
  check_targets(options);
  if (options.downstream && options.targets.size() != 1)
    throw CommandFailure(Exit::usage, "rerun: --downstream goes with one instance");
  if (options.dry_run && !options.downstream)
    throw CommandFailure(Exit::usage, "rerun: --dry-run goes with --downstream");
  if (options.downstream) return act_downstream(options, api, console);
  if (options.targets.size() == 1) return act_on_one_instance(options, api, console);
  return act_on_many(options, api, console);
}

Exit command_pause(const Options& options, Api& api, Console& console) {
  const boost::json::object body{{"reason", options.reason}};
  const boost::json::value answer =
      with_member(api.post(fmt::format("/api/v1/jobs/{}/pause", percent_encode(options.target)),
                           boost::json::serialize(body)),
                  "paused");
  if (options.json) return print_json(answer, console);
  console.out << fmt::format("{} is paused; what runs goes on, nothing new starts until sluice resume {}\n",
                             options.target, options.target);
  return Exit::done;
}

Exit command_resume(const Options& options, Api& api, Console& console) {
  boost::json::object body{{"reason", options.reason}};
  if (!options.run.empty()) body["run"] = options.run;
  const boost::json::value answer =
      with_member(api.post(fmt::format("/api/v1/jobs/{}/resume", percent_encode(options.target)),
                           boost::json::serialize(body)),
                  "paused");
  if (options.json) return print_json(answer, console);
  console.out << fmt::format("{} goes on: {}\n", options.target, JsonView(answer)["text"].text());
  return Exit::done;
}

}  // namespace sluice::daemon
