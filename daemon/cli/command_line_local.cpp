#include "daemon/cli/command_line_parts.hpp"

namespace sluice::daemon {
namespace {

void add_state(CLI::App& app, Commands& commands) {
  Options& options = commands.options();
  CLI::App* state =
      app.add_subcommand("state", "The state file of a daemon that does not run: check, restore, rebuild");
  state->require_subcommand(1);
  state->footer("Example:\n  sluice state check");
  const auto add = [&](const std::string& name, const std::string& help, const std::string& example) {
    CLI::App* command = commands.add(*state, name, help, example);
    command->callback([&options, name] { options.command = "state " + name; });
    commands.config(command);
    commands.output(command);
    return command;
  };
  add("check", "Read all of a state file, or of a backup, and say whether it is whole",
      "sluice state check /var/backups/sluice.db")
      ->add_option("FILE", options.target, "The file (default: the daemon's)")
      ->type_name("");
  add("restore", "Put a backup in the place of the state file, which is kept", "sluice state restore")
      ->add_option("BACKUP", options.target, "The backup (default: the newest one that the daemon made)")
      ->type_name("");
  CLI::App* rebuild =
      add("rebuild", "Find out from manifests and objects which windows are exported, and put that into it",
          "sluice state rebuild --dry-run\n  sluice state rebuild orders --new");
  rebuild->add_option("JOB", options.targets, "Only these jobs (default: all)")->type_name("");
  rebuild->add_flag("--dry-run", options.dry_run, "Say what would be put into it, and change nothing");
  rebuild->add_flag("--new", options.new_state,
                    "Begin with an empty state file; the old one is kept beside it");
  rebuild
      ->add_option("--from", options.from, "The first slot to look at (default: as the stream keeps records)")
      ->type_name("TIME");
  rebuild->add_flag("--rerun", options.rerun,
                    "Run windows again whose objects are missing or changed, if the stream still keeps them");
}

}  // namespace

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
  commands.parameters(run, "A parameter's value, instead of its expression");
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

  CLI::App* token =
      commands.add(app, "token", "Make a token for control over TCP, and the lines for sluice.yaml",
                   "sluice token alice --role operator --expires 90d");
  token->add_option("NAME", options.target, "Who holds it; the audit log shows it")
      ->required()
      ->type_name("");
  token->add_option("--role", options.role, "viewer, operator or admin")
      ->required()
      ->check(CLI::IsMember({"viewer", "operator", "admin"}))
      ->type_name("ROLE");
  token->add_option("--expires", options.expires, "Days such as 90d, or the last date (default: never)")
      ->type_name("TIME");
  commands.output(token);

  add_state(app, commands);

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
  man->add_option("--update", options.files, "Make the tables of keys in these documents anew instead")
      ->type_name("FILE");
}

}  // namespace sluice::daemon
