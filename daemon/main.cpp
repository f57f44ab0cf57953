#include "daemon/commands.hpp"

int main(int argc, char** argv) {
  sluice::daemon::Console console = sluice::daemon::standard_console();
  return sluice::daemon::run_command_line(argc, argv, console);
}
