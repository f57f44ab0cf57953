#include "daemon/cli/command_line_parts.hpp"

namespace sluice::daemon {
namespace {

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

}  // namespace

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

}  // namespace sluice::daemon
