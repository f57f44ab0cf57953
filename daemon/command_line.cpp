#include "daemon/command_line.hpp"

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
    "\n"
    "Exit codes: 0 done, 1 failed, 2 bad usage or invalid file, 3 not found, 4 cannot reach\n"
    "the daemon, 5 refused by state, 6 gap in the stream, 130/143 stopped by a signal.";

// Builds the commands around one Options, which outlives the App; itself it may go before.
class Commands {
 public:
  explicit Commands(Options& options) : options_(options) {}

  CLI::App* add(CLI::App& app, const std::string& name, const std::string& help, const std::string& example) {
    CLI::App* command = app.add_subcommand(name, help);
    command->footer("Example:\n  " + example);
    command->callback([&options = options_, name] { options.command = name; });
    return command;
  }

  void config(CLI::App* command) {
    command->add_option("--config", options_.config, "The daemon's file (default /etc/sluice/sluice.yaml)")
        ->type_name("FILE");
  }

  void output(CLI::App* command) {
    command
        ->add_option_function<std::string>(
            "--output", [&options = options_](const std::string& form) { options.json = form == "json"; },
            "table or json")
        ->check(CLI::IsMember({"table", "json"}))
        ->type_name("FORM");
  }

  // For commands that ask the daemon.
  void remote(CLI::App* command) {
    command
        ->add_option("--socket", options_.socket,
                     "The daemon's Unix socket (default $SLUICE_SOCKET, then the one of the\nconfiguration)")
        ->type_name("PATH");
    config(command);
    output(command);
  }

  void instance(CLI::App* command) {
    command->add_option("INSTANCE", options_.target, "For example orders@2018-10-16T00:15+08:00")
        ->required()
        ->type_name("");
    remote(command);
  }

  void range(CLI::App* command, bool required = true) {
    command
        ->add_option("--from", options_.from, "First slot: 2018-10-16 or 2018-10-16T00:15, in the job's zone")
        ->required(required)
        ->type_name("TIME");
    command->add_option("--to", options_.to, "End of the slots, itself left out")
        ->required(required)
        ->type_name("TIME");
  }

  Options& options() { return options_; }

 private:
  Options& options_;
};

void add_parameters(CLI::App* command, Options& options, const std::string& help) {
  command
      ->add_option_function<std::vector<std::string>>(
          "-p,--parameter",
          [&options](const std::vector<std::string>& given) {
            for (const std::string& text : given) {
              const auto equals = text.find('=');
              if (equals == std::string::npos || equals == 0)
                throw CLI::ValidationError("-p", "expected name=value");
              options.parameters.emplace_back(text.substr(0, equals), text.substr(equals + 1));
            }
          },
          help)
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE");
}

void add_local_commands(CLI::App& app, Commands& commands) {
  Options& options = commands.options();
  CLI::App* daemon = commands.add(app, "daemon", "Run the daemon in the foreground",
                                  "sluice daemon --config /etc/sluice/sluice.yaml");
  daemon->add_option("--config", options.config, "The daemon's file")->required()->type_name("FILE");

  CLI::App* check = commands.add(app, "check", "Say everything that is wrong with job files or sluice.yaml",
                                 "sluice check /etc/sluice/sluice.yaml /etc/sluice/jobs.d/*.yaml");
  check->add_option("FILE", options.files, "Files to check")->required()->type_name("");
  commands.config(check);
  commands.output(check);

  CLI::App* run = commands.add(app, "run", "Run one window of a job in the foreground, without the daemon",
                               "sluice run orders.yaml --at 2018-10-16T00:15");
  run->add_option("JOBFILE", options.job_file, "The job file")->required()->type_name("");
  add_parameters(run, options, "A parameter's value, instead of its expression");
  run->add_option("--at", options.at, "The slot (default: the newest one that is due)")->type_name("TIME");
  run->add_flag("--full-then-stream", options.full_then_stream,
                "Export the whole table as well, and say from which slot on the daemon follows");
  commands.config(run);
  commands.output(run);

  CLI::App* doctor = commands.add(
      app, "doctor", "Look for what is wrong: machine, settings, services, rights", "sluice doctor --write");
  doctor->add_flag("--write", options.write, "Also begin an upload for each job, and take it back");
  commands.config(doctor);
  commands.output(doctor);

  CLI::App* demo =
      commands.add(app, "demo", "See it work: a local Table Store and OSS, the daemon, live data",
                   "sluice demo --dir /tmp/sluice-demo");
  demo->add_flag("--once", options.once, "Stop after the overdue windows and prove that rows in = rows out");
  demo->add_option("--dir", options.dir, "Folder for everything (default: a new one, removed at the end)")
      ->type_name("DIR");
  demo->add_option("--port", options.port, "Port of the dashboard (default: a free one)")
      ->check(CLI::Range(0, 65535))
      ->type_name("N");
}

void add_simulate(CLI::App& app, Commands& commands) {
  Options& options = commands.options();
  CLI::App* simulate = commands.add(
      app, "simulate", "Show days of a schedule before they come, on a virtual clock, with faults",
      "sluice simulate /etc/sluice/jobs.d/orders.yaml --from 2026-10-24 --days 3 --fault fail=5%\n"
      "  sluice simulate --config /etc/sluice/sluice.yaml --fault outage=2026-10-25T01:00..2026-10-25T09:00");
  simulate
      ->add_option("JOBFILE", options.files,
                   "Job files (default: those of the configuration); nothing outside is touched")
      ->type_name("");
  simulate->add_option("--days", options.days, "How many days (default 1)")
      ->check(CLI::Range(1, 366))
      ->type_name("N");
  simulate
      ->add_option("--from", options.from, "When it begins, 2026-10-25 or 2026-10-25T01:00 (default: today)")
      ->type_name("TIME");
  simulate->add_option("--seed", options.seed, "Of all that is left to chance (default 1)")->type_name("N");
  simulate->add_option("--run-time", options.run_time, "What an attempt takes, more or less (default 30s)")
      ->type_name("LENGTH");
  simulate
      ->add_option("--fault", options.faults,
                   "What goes wrong, repeatable: fail=5%, fail=JOB@SLOT, fail=JOB@FROM..TO,\n"
                   "slow=JOB@FROM..TO:20m, outage=FROM..TO, source=FROM..TO, clock=TIME:-1h,\n"
                   "rerun=TIME (an operator runs failures again)")
      ->allow_extra_args(false)
      ->type_name("FAULT");
  commands.config(simulate);
  simulate
      ->add_option_function<std::string>(
          "--output", [&options](const std::string& form) { options.json = form == "json"; }, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORM");
}

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
  instances->add_option("--limit", options.limit, "At most so many (default 100)")
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
                                  "sluice backup /var/backups/sluice.db");
  backup->add_option("FILE", options.target, "Where to, on the daemon's machine")->required()->type_name("");
  commands.remote(backup);
}

CLI::Option* add_reason(CLI::App* command, Options& options) {
  return command->add_option("--reason", options.reason, "Why, for the audit log")->type_name("TEXT");
}

// One instance, several, or those of a job in a range of slots.
CLI::App* add_action(CLI::App& app, Commands& commands, const std::string& name, const std::string& help,
                     const std::string& words) {
  Options& options = commands.options();
  CLI::App* command =
      commands.add(app, name, help, "sluice " + name + " orders@2018-10-16T00:15+08:00" + words);
  command->add_option("INSTANCE", options.targets, "For example orders@2018-10-16T00:15+08:00")
      ->type_name("");
  command->add_option("--job", options.target, "Instead: the instances of this job ...")->type_name("JOB");
  commands.range(command, false);
  command->add_option("--state", options.state, "... and of these, only those in these states")
      ->type_name("STATE");
  commands.remote(command);
  return command;
}

void add_operator_commands(CLI::App& app, Commands& commands) {
  Options& options = commands.options();
  CLI::App* rerun = add_action(app, commands, "rerun", "Run instances again, after failure or success", "");
  add_reason(rerun, options);
  rerun->add_flag("--downstream", options.downstream, "And those that follow it, in their order");
  rerun->add_flag("--dry-run", options.dry_run, "With --downstream: only list them");
  rerun->add_flag("--latest", options.latest, "With the job's newest definition and new values");
  rerun->add_flag("--force", options.force,
                  "Also where rerun.property forbids it; with --downstream: in any state");
  add_reason(add_action(app, commands, "kill", "Stop instances; they become FAILURE", ""), options);
  add_reason(add_action(app, commands, "freeze", "Keep instances from running; their successors wait", ""),
             options);
  CLI::App* unfreeze = add_action(app, commands, "unfreeze", "Let frozen instances run", "");
  unfreeze->add_flag("--latest", options.latest, "With the job's newest definition and new values");
  add_reason(unfreeze, options);
  add_reason(add_action(app, commands, "set-success", "Declare instances done without running them", ""),
             options);
  add_reason(
      add_action(app, commands, "skip", "Leave out instances for a reason; what waits for them goes on",
                 " --reason \"the table was rebuilt\""),
      options)
      ->required();
  add_reason(add_action(app, commands, "release", "Drop the dependencies of instances on other jobs", ""),
             options);

  CLI::App* priority = commands.add(app, "priority", "Change the priority of an instance, 1 to 9",
                                    "sluice priority orders@2018-10-16T00:15+08:00 8");
  const auto one = [&options](const std::string& instance) { options.targets.assign(1, instance); };
  priority->add_option_function<std::string>("INSTANCE", one, "The instance")->required()->type_name("");
  priority->add_option("N", options.priority, "Higher ones run first")
      ->required()
      ->check(CLI::Range(1, 9))
      ->type_name("");
  add_reason(priority, options);
  commands.remote(priority);

  CLI::App* pause = commands.add(app, "pause", "Start nothing recurring of a job until it is resumed",
                                 "sluice pause orders --reason \"the table is being moved\"");
  pause->add_option("JOB", options.target, "The job")->required()->type_name("");
  add_reason(pause, options);
  commands.remote(pause);

  CLI::App* resume =
      commands.add(app, "resume", "Go on with a paused job", "sluice resume orders --run latest");
  resume->add_option("JOB", options.target, "The job")->required()->type_name("");
  resume->add_option("--run", options.run, "Which of the windows that fell due: all, latest or none")
      ->check(CLI::IsMember({"all", "latest", "none"}))
      ->type_name("WHICH");
  add_reason(resume, options);
  commands.remote(resume);
}

void add_backfill_slots(CLI::App* backfill, Options& options) {
  backfill->add_option("JOB", options.target, "The job")->type_name("");
  backfill
      ->add_option("--from", options.from, "First slot: 2018-10-16 or 2018-10-16T00:15, in the job's zone")
      ->type_name("TIME");
  backfill->add_option("--to", options.to, "End of the slots, itself left out")->type_name("TIME");
  backfill
      ->add_option("--range", options.ranges, "Both in one, 2018-10-10..2018-10-12T12:00; up to 7 of them")
      ->allow_extra_args(false)
      ->type_name("FROM..TO");
  backfill
      ->add_option("--dates", options.dates,
                   "Business dates instead, both included: 2018-10-15..2018-10-17; the run\nof a day has the "
                   "date before it; up to 7 of them")
      ->allow_extra_args(false)
      ->type_name("DATES");
  backfill->add_option("--between", options.between, "Only slots at these times of each day: 08:00-17:00")
      ->type_name("TIMES");
  CLI::Option* all = backfill->add_flag("--all", options.all, "Also slots whose window is durable already");
  backfill
      ->add_flag("--only-missing", options.only_missing,
                 "Only slots whose window is not durable (the default)")
      ->excludes(all);
}

void add_backfill_options(CLI::App* backfill, Options& options) {
  backfill->add_option("--parallel", options.parallel, "Groups of dates that run side by side (default 1)")
      ->check(CLI::Range(1, 10))
      ->type_name("N");
  backfill->add_option("--order", options.order, "asc or desc, by business date (default asc)")
      ->check(CLI::IsMember({"asc", "desc"}))
      ->type_name("ORDER");
  backfill->add_flag("--dry-run", options.dry_run,
                     "Show what would run and what would be left out; write nothing");
  backfill->add_flag("--run-now", options.run_now,
                     "Do not wait for the time of future slots (not for streams)");
  backfill
      ->add_option("--run-between", options.run_between,
                   "Start instances only at these times of the day: 22:00-06:00")
      ->type_name("TIMES");
  backfill->add_flag("--weekends", options.weekends, "Start instances only on Saturdays and Sundays");
  add_parameters(backfill, options, "A parameter's expression, instead of the one in the job's file");
  backfill
      ->add_option("--alerts", options.alerts,
                   "Which end to send a notice of: none, success, failure or both (default none)")
      ->check(CLI::IsMember({"none", "success", "failure", "both"}))
      ->type_name("WHICH");
  backfill->add_option("--priority", options.priority, "Among backfills, 1 to 9, higher first (default 1)")
      ->check(CLI::Range(1, 9))
      ->type_name("N");
}

void add_backfill_commands(CLI::App& app, Commands& commands) {
  Options& options = commands.options();
  CLI::App* backfill =
      commands.add(app, "backfill", "Run slots of the past, or some again, beside the recurring instances",
                   "sluice backfill orders --from 2018-10-10 --to 2018-10-16 --parallel 3\n"
                   "  sluice backfill orders --dates 2018-10-09..2018-10-14 --dry-run\n"
                   "  sluice backfill orders --range 2018-10-10..2018-10-11 --range 2018-10-14..2018-10-15\n"
                   "    --between 08:00-17:00 --run-between 22:00-06:00 --alerts both\n"
                   "  sluice backfill show 7");
  backfill->callback([&options, backfill] {
    if (backfill->get_subcommands().empty()) options.command = "backfill";
  });
  add_backfill_slots(backfill, options);
  add_backfill_options(backfill, options);
  commands.remote(backfill);
  backfill->require_subcommand(0, 1);
  for (const auto& [name, help] :
       {std::pair("show", "Show a backfill, its groups and what stands still"),
        std::pair("pause", "Start nothing more of it"), std::pair("resume", "Go on with a paused one"),
        std::pair("cancel", "Skip what has not started; what runs ends by itself")}) {
    CLI::App* command = backfill->add_subcommand(name, help);
    command->footer(fmt::format("Example:\n  sluice backfill {} 7", name));
    command->callback([&options, full = fmt::format("backfill {}", name)] { options.command = full; });
    command->add_option("ID", options.target, "Its number")->required()->type_name("");
    if (std::string_view(name) == "cancel") command->add_flag("--kill", options.kill, "Stop what runs, too");
    commands.remote(command);
  }
  CLI::App* backfills =
      commands.add(app, "backfills", "List backfills, newest first", "sluice backfills orders");
  backfills->add_option("JOB", options.target, "Only this job's")->type_name("");
  backfills->add_option("--limit", options.limit, "At most so many (default 100)")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  commands.remote(backfills);
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

// For the shell and for packagers, not for people: `sluice --help` leaves them out.
void add_hidden_commands(CLI::App& app, Commands& commands) {
  Options& options = commands.options();
  CLI::App* completion = commands.add(app, "completion", "Print what a shell needs to complete commands",
                                      "sluice completion bash >/etc/bash_completion.d/sluice");
  completion->group("")
      ->add_option("SHELL", options.target, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish", "jobs"}))
      ->type_name("");
  commands.remote(completion);
  CLI::App* man = commands.add(app, "man", "Print a manual page", "sluice man sluice | man -l -");
  man->group("")
      ->add_option("PAGE", options.target, "sluice, sluice.yaml or sluice-job")
      ->check(CLI::IsMember({"sluice", "sluice.yaml", "sluice-job"}))
      ->type_name("");
}

void declare_all_commands(CLI::App& app, Options& options) {
  app.footer(std::string(kExamples));
  app.set_version_flag("--version", "sluice " SLUICE_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(32);
  Commands commands(options);
  add_local_commands(app, commands);
  add_simulate(app, commands);
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
  const std::string unknown = unknown_word(declared(app), words);
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
