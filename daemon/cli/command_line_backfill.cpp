#include "daemon/cli/command_line_parts.hpp"

#include <fmt/format.h>

namespace sluice::daemon {
namespace {

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

void add_backfill_options(CLI::App* backfill, Commands& commands) {
  Options& options = commands.options();
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
  backfill->add_flag("--wait", options.wait,
                     "Stay until it has ended, with a progress bar; exit code 1 unless all of it is done");
  commands.parameters(backfill, "A parameter's expression, instead of the one in the job's file");
  backfill
      ->add_option("--alerts", options.alerts,
                   "Which end to send a notice of: none, success, failure or both (default none)")
      ->check(CLI::IsMember({"none", "success", "failure", "both"}))
      ->type_name("WHICH");
  backfill->add_option("--priority", options.priority, "Among backfills, 1 to 9, higher first (default 1)")
      ->check(CLI::Range(1, 9))
      ->type_name("N");
}

}  // namespace

void add_backfill_commands(CLI::App& app, Commands& commands) {
  Options& options = commands.options();
  CLI::App* backfill =
      commands.add(app, "backfill", "Run slots of the past, or some again, beside the recurring instances",
                   "sluice backfill orders --from 2018-10-10 --to 2018-10-16 --parallel 3\n"
                   "  sluice backfill orders --dates 2018-10-09..2018-10-14 --dry-run\n"
                   "  sluice backfill orders --dates 2018-10-09..2018-10-14 --wait\n"
                   "  sluice backfill orders --range 2018-10-10..2018-10-11 --range 2018-10-14..2018-10-15\n"
                   "    --between 08:00-17:00 --run-between 22:00-06:00 --alerts both\n"
                   "  sluice backfill show 7");
  backfill->callback([&options, backfill] {
    if (backfill->get_subcommands().empty()) options.command = "backfill";
  });
  add_backfill_slots(backfill, options);
  add_backfill_options(backfill, commands);
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
    if (std::string_view(name) == "show")
      command->add_flag("-f,--follow", options.follow, "Stay until it has ended, with a progress bar");
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

}  // namespace sluice::daemon
