#include "daemon/cli/command_line.hpp"

#include "daemon/cli/command_line_parts.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace sluice::daemon {
namespace {

constexpr std::string_view kIntroduction =
    "Sluice carries the change stream of a Table Store table into OSS, one closed time\n"
    "window after another, and can prove that nothing is missing.";

constexpr std::string_view kExamples =
    "Examples:\n"
    "  sluice demo                                  see it work, without an account\n"
    "  sluice check /etc/sluice/jobs.d/orders.yaml  what is wrong with a job file\n"
    "  sluice status                                how the jobs stand\n"
    "  sluice instances orders --state FAILURE      which windows failed\n"
    "  sluice why orders@2018-10-16T00:15+08:00     and why\n"
    "  sluice completion bash                       for a shell that completes all this\n"
    "  sluice man sluice | man -l -                 the manual page\n"
    "\n"
    "Exit codes: 0 done, 1 failed, 2 bad usage or invalid file, 3 not found, 4 cannot reach\n"
    "the daemon, 5 refused by state, 6 gap in the stream, 7 state file damaged, 130/143 stopped\n"
    "by a signal.";

void add_listings(CLI::App& app, Commands& commands) {
  Options& options = commands.options();
  CLI::App* plan =
      commands.add(app, "plan", "Show the instances of a time range with their values; run nothing",
                   "sluice plan orders --from 2018-10-16 --to 2018-10-17");
  plan->add_option("JOB", options.target, "A job of the daemon, or a job file")->required()->type_name("");
  commands.range(plan, false);
  plan->add_flag(
      "--diff", options.diff,
      "What the edited file would change against the version in force (default: the\nnext 24 hours)");
  commands.remote(plan);

  commands.remote(commands.add(app, "status", "How the daemon and its jobs stand", "sluice status"));
  commands.remote(commands.add(app, "jobs", "List the jobs", "sluice jobs --output json"));

  CLI::App* instances =
      commands.add(app, "instances", "List instances, newest first; those to come with --date or --state",
                   "sluice instances orders --date 2018-10-16 --state FAILURE,RETRY_WAIT");
  instances->add_option("JOB", options.target, "Only this job's")->type_name("");
  instances->add_option("--date", options.date, "Only this day's, in the job's zone")
      ->type_name("YYYY-MM-DD");
  instances->add_option("--state", options.state, "Only in these states, separated by commas")
      ->type_name("STATE");
  instances->add_option("--limit", options.limit, "At most so many (default 100, with --date all)")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  commands.remote(instances);

  CLI::App* coverage = commands.add(app, "coverage", "Up to when each job's data is durable, and the gaps",
                                    "sluice coverage orders");
  coverage->add_option("JOB", options.target, "Only this job")->type_name("");
  commands.remote(coverage);
}

void add_configuration_commands(CLI::App& app, Commands& commands) {
  Options& options = commands.options();
  CLI::App* versions = commands.add(app, "versions", "List the versions of a job that were in force",
                                    "sluice versions orders --diff 0123456789ab present");
  versions->add_option("JOB", options.target, "The job")->required()->type_name("");
  versions
      ->add_option_function<std::vector<std::string>>(
          "--diff",
          [&options](const std::vector<std::string>& given) {
            options.diff = true;
            options.versions = given;
          },
          "What changed between two versions; the second one is the present by default")
      ->expected(1, 2)
      ->type_name("VERSION");
  versions->add_option("--show", options.version, "The files of one version, without credentials")
      ->type_name("VERSION");
  commands.remote(versions);

  CLI::App* reload = commands.add(app, "reload", "Bring edited job files and settings into force",
                                  "sluice reload --from 2018-10-17T00:00 --dry-run");
  reload
      ->add_option("--from", options.from,
                   "First slot that edits apply to, in each job's zone (default: the first\none after now)")
      ->type_name("TIME");
  reload->add_flag("--dry-run", options.dry_run, "Say what would change, and change nothing");
  commands.remote(reload);

  CLI::App* audit = commands.add(app, "audit", "List what operators did, the latest first",
                                 "sluice audit orders --since 2018-10-16 --limit 20");
  audit->add_option("TARGET", options.target, "Only about this job, or this instance")->type_name("");
  audit->add_option("--limit", options.limit, "At most so many (default 100)")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  audit->add_option("--since", options.from, "Only from then on")->type_name("TIME");
  audit->add_option("--until", options.to, "Only before then")->type_name("TIME");
  audit->add_option("--actor", options.actor, "Only by this one, as the list names him")->type_name("ACTOR");
  audit->add_option("--action", options.action, "Only this, such as rerun or reload")->type_name("ACTION");
  commands.remote(audit);
}

void add_instance_commands(CLI::App& app, Commands& commands) {
  Options& options = commands.options();
  const std::string id = "orders@2018-10-16T00:15+08:00";
  const auto add = [&](const std::string& name, const std::string& help) {
    CLI::App* command = commands.add(app, name, help, fmt::format("sluice {} {}", name, id));
    commands.instance(command);
    return command;
  };
  add("show", "Show one instance: values, attempts, objects");
  add("why", "Say why an instance is in its state");
  CLI::App* logs = add("logs", "Print the log of an attempt");
  logs->add_flag("-f,--follow", options.follow, "Go on until the attempt ends");
  logs->add_option("--attempt", options.attempt, "Which attempt (default: the newest)")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");

  CLI::App* verify =
      commands.add(app, "verify", "Compare objects and manifests with the ledger, window by window",
                   "sluice verify orders --from 2018-10-16 --to 2018-10-17");
  verify->add_option("JOB", options.target, "The job")->required()->type_name("");
  commands.range(verify, false);
  commands.remote(verify);

  CLI::App* backup = commands.add(app, "backup", "Copy the state file while the daemon runs",
                                  "sluice backup /var/lib/sluice/backup.db");
  backup->add_option("FILE", options.target, "Where to, on the daemon's machine")->required()->type_name("");
  commands.remote(backup);
}

void add_alert_commands(CLI::App& app, Commands& commands) {
  Options& options = commands.options();
  CLI::App* incidents =
      commands.add(app, "incidents", "What is wrong now, one line a cause", "sluice incidents --all");
  incidents->add_flag("--all", options.all, "Those that are over, too");
  incidents->add_option("--limit", options.limit, "How many, newest first")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  commands.remote(incidents);

  const auto numbered = [&](const std::string& name, const std::string& help) {
    CLI::App* command = commands.add(app, name, help, fmt::format("sluice {} 7", name));
    command->add_option("ID", options.target, "The incident's number")->required()->type_name("");
    commands.remote(command);
  };
  numbered("incident", "Show one incident with its notices and where they went");
  numbered("ack", "Take an incident over: no further notices until it is over");

  CLI::App* test =
      commands.add(app, "alert-test", "Send a test notice to a channel", "sluice alert-test ops");
  test->add_option("CHANNEL", options.target, "A channel of sluice.yaml")->required()->type_name("");
  commands.remote(test);
}

void declare_all_commands(CLI::App& app, Options& options) {
  app.footer(std::string(kExamples));
  app.set_version_flag("--version", "sluice " SLUICE_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(32);
  Commands commands(options);
  add_local_commands(app, commands);
  add_simulate(app, commands);
  add_import(app, commands);
  add_listings(app, commands);
  add_instance_commands(app, commands);
  add_operator_commands(app, commands);
  add_configuration_commands(app, commands);
  add_backfill_commands(app, commands);
  add_alert_commands(app, commands);
  add_hidden_commands(app, commands);
}

// CLI11 prints errors and help to streams; we want the text. What it says of an unknown word is replaced.
EndedEarly ended(const CLI::App& app, const CLI::ParseError& end, const std::vector<std::string>& words) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = app.exit(end, out, err);
  if (code == 0) return EndedEarly{0, out.str()};
  const std::string unknown = unknown_word(declared(app, Hidden::too), words);
  return EndedEarly{2, "sluice: " + (unknown.empty() ? err.str() : unknown + "\n")};
}

}  // namespace

DeclaredCommand declared_commands() {
  Options options;
  CLI::App app{std::string(kIntroduction), "sluice"};
  declare_all_commands(app, options);
  return declared(app);
}

std::variant<Options, EndedEarly> parse_command_line(int argc, const char* const* argv) {
  Options options;
  CLI::App app{std::string(kIntroduction), "sluice"};
  declare_all_commands(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    return ended(app, end, std::vector<std::string>(argv + 1, argv + argc));
  }
  return options;
}

}  // namespace sluice::daemon
