#pragma once
// The commands. Each prints to the console, returns an exit code, or throws CommandFailure.

#include "daemon/base/console.hpp"
#include "daemon/cli/command_line.hpp"
#include "daemon/client/api_client.hpp"
#include "daemon/config/config.hpp"

#include <cstdint>
#include <functional>

namespace sluice::daemon {

// Runs the command that `argv` names; the value is the exit code of the process.
int run_command_line(int argc, const char* const* argv, Console& console);

// Without the daemon.
Exit command_daemon(const Options& options, Console& console);
Exit command_check(const Options& options, Console& console);
Exit command_import(const Options& options, Console& console);
Exit command_run(const Options& options, Console& console);
Exit command_demo(const Options& options, Console& console);
Exit command_simulate(const Options& options, Console& console);
Exit command_doctor(const Options& options, Console& console);
Exit command_token(const Options& options, Console& console);
Exit command_completion(const Options& options, Console& console);
Exit command_man(const Options& options, Console& console);

// With the daemon, through `api`.
Exit command_status(const Options& options, Api& api, Console& console);
Exit command_jobs(const Options& options, Api& api, Console& console);
Exit command_instances(const Options& options, Api& api, Console& console);
Exit command_coverage(const Options& options, Api& api, Console& console);
Exit command_show(const Options& options, Api& api, Console& console);
Exit command_why(const Options& options, Api& api, Console& console);
Exit command_logs(const Options& options, Api& api, Console& console);
// rerun, kill, freeze, unfreeze, set-success, skip, release, priority
Exit command_act(const Options& options, Api& api, Console& console);
Exit command_pause(const Options& options, Api& api, Console& console);
Exit command_resume(const Options& options, Api& api, Console& console);
Exit command_verify(const Options& options, Api& api, Console& console);
Exit command_backfill(const Options& options, Api& api, Console& console);
Exit command_backfills(const Options& options, Api& api, Console& console);
// backfill show, pause, resume, cancel
Exit command_act_on_backfill(const Options& options, Api& api, Console& console);

// Looks again after each pause() until the backfill is done (Exit::done), failed or cancelled (Exit::failed),
// and shows how far it is meanwhile.
Exit follow_backfill(std::uint64_t id, const Options& options, Api& api, Console& console,
                     const std::function<void()>& pause);
Exit command_backup(const Options& options, Api& api, Console& console);
Exit command_incidents(const Options& options, Api& api, Console& console);
Exit command_incident(const Options& options, Api& api, Console& console);
Exit command_ack(const Options& options, Api& api, Console& console);
Exit command_alert_test(const Options& options, Api& api, Console& console);

// For `sluice status`: how many incidents are open, and the first few.
void print_open_incidents(const boost::json::value& status, Console& console);

Exit command_versions(const Options& options, Api& api, Console& console);
Exit command_reload(const Options& options, Api& api, Console& console);
Exit command_audit(const Options& options, Api& api, Console& console);

// A file is planned here, a job by the daemon.
Exit command_plan(const Options& options, Api& api, Console& console);
// plan --diff
Exit plan_difference(const Options& options, bool file, Api& api, Console& console);

// The way to the daemon; each request waits for `limit` at most. --socket and --config mean this machine,
// whatever the environment says.
std::unique_ptr<Api> make_api(const Options& options, std::chrono::milliseconds limit);

// --socket, what --config names, $SLUICE_SOCKET, what the default configuration names,
// /run/sluice/sluice.sock, in this order.
std::string socket_path(const Options& options);

// The daemon's file where no --config is given. The package keeps it from everybody outside the group sluice,
// for whom it is out of reach: the folder does not even say whether it exists.
inline constexpr const char* kDefaultConfig = "/etc/sluice/sluice.yaml";
enum class DefaultConfig { present, absent, out_of_reach };
DefaultConfig look_for_default_config();

// What a command on files says when it goes on without a file that is out of reach.
job::Problem default_config_left_out();

// The configuration that --config names, or the default file's; all defaults when that does not exist.
// Problems go to console.err and end the command with exit code 2, and so does a default file out of reach.
Config config_for(const Options& options, Console& console);

// The same for commands whose subject is a file and which run nothing: out of reach means all defaults and a
// warning.
Config config_for_files(const Options& options, Console& console);

}  // namespace sluice::daemon
