#include "daemon/cli/command_line_parts.hpp"

namespace sluice::daemon {

void add_import(CLI::App& app, Commands& commands) {
  Options& options = commands.options();
  job::ImportRequest& import = options.import;
  CLI::App* command = commands.add(
      app, "import", "Turn a script of DataWorks or DataX, and its schedule, into a job file",
      "sluice import orders.json --schedule getfile.json --out /etc/sluice/jobs.d\n"
      "  sluice import orders.json --cron '00 */5 * * * ?' --params 'start_time=$[yyyymmddhh24miss-10/24/60] "
      "end_time=$[yyyymmddhh24miss-5/24/60]'");
  command->add_option("SCRIPT", import.script_file, "The script, JSON")->required()->type_name("");
  command->add_option("--name", import.name, "The job's name (default: the node's, else the script's)")
      ->type_name("NAME");
  command
      ->add_option("--schedule", import.schedule_file,
                   "What DataWorks' OpenAPI says of the node: GetFile, GetNode or FlowSpec")
      ->type_name("FILE");
  command->add_option("--crontab", import.crontab, "The crontab line that starts DataX")->type_name("LINE");
  command->add_option("--cron", import.cron, "A cron expression, such as '00 */5 * * * ?'")
      ->type_name("CRON");
  command->add_option("--params", import.parameters, "Scheduling parameters, 'bizdate=$bizdate a=$[hh24]'")
      ->type_name("PARAMS");
  command->add_option("--timezone", import.timezone, "Of the schedule (default Asia/Shanghai)")
      ->type_name("ZONE");
  command->add_option("--rerun-times", import.rerun_times, "Automatic reruns, 0 to 10")->type_name("N");
  command->add_option("--rerun-interval", import.rerun_interval, "Between them, such as 2m")
      ->type_name("LENGTH");
  command
      ->add_option("--take-over", import.take_over,
                   "End of the original's last window: go on exactly there, by its status table")
      ->type_name("TIME");
  command->add_option("--out", options.dir, "Folder of the files (default: this one)")->type_name("DIR");
  command->add_flag("--force", options.force, "Write over files that are there");
  command->add_flag("--dry-run", options.dry_run, "Write nothing");
  commands.config(command);
  commands.output(command);
}

}  // namespace sluice::daemon
