#pragma once
// Commands on the state file of a daemon that does not run.

#include "daemon/cli/commands.hpp"

namespace sluice::daemon {

// sluice state check [FILE]: all of it, changing nothing.
Exit command_state_check(const Options& options, Console& console);
// sluice state restore [BACKUP]: the newest of the daemon's own unless one is named.
Exit command_state_restore(const Options& options, Console& console);
// sluice state rebuild [JOB...]: what manifests and objects prove is put into it; all of it or nothing.
Exit command_state_rebuild(const Options& options, Console& console);

// state_damaged for what is damaged, otherwise as for any command.
Exit exit_for(const Error& error);

}  // namespace sluice::daemon
