#include "daemon/app/daemon_log.hpp"
#include "daemon/cli/commands.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <malloc.h>

int main(int argc, char** argv) {
  // Pages and parts go back to the system when freed: glibc would raise this threshold to the largest of them
  // and keep the holes between. A page is meant to hold 256 KiB and is often a little less, so at twice this
  // value it still left holes (docs/performance.md).
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  spdlog::set_default_logger(spdlog::stderr_logger_st("sluice"));
  spdlog::set_pattern(sluice::daemon::kTextLogPattern);
  sluice::daemon::Console console = sluice::daemon::standard_console();
  const int exit = sluice::daemon::run_command_line(argc, argv, console);
  spdlog::shutdown();
  return exit;
}
