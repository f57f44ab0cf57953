#include "daemon/commands.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

int main(int argc, char** argv) {
  spdlog::set_default_logger(spdlog::stderr_logger_st("sluice"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  sluice::daemon::Console console = sluice::daemon::standard_console();
  const int exit = sluice::daemon::run_command_line(argc, argv, console);
  spdlog::shutdown();
  return exit;
}
