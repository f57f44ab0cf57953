#include "daemon/cli/command_line_parts.hpp"

namespace sluice::daemon {

CLI::App* Commands::add(CLI::App& app, const std::string& name, const std::string& help,
                        const std::string& example) {
  CLI::App* command = app.add_subcommand(name, help);
  command->footer("Example:\n  " + example);
  command->callback([&options = options_, name] { options.command = name; });
  return command;
}

void Commands::config(CLI::App* command) {
  command->add_option("--config", options_.config, "The daemon's file (default /etc/sluice/sluice.yaml)")
      ->type_name("FILE");
}

void Commands::output(CLI::App* command) {
  command
      ->add_option_function<std::string>(
          "--output", [&options = options_](const std::string& form) { options.json = form == "json"; },
          "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->type_name("FORM");
}

void Commands::remote(CLI::App* command) {
  command
      ->add_option("--socket", options_.socket,
                   "The daemon's Unix socket (default the one of --config, then $SLUICE_SOCKET,\nthen the "
                   "one of the default configuration)")
      ->type_name("PATH");
  config(command);
  output(command);
}

void Commands::instance(CLI::App* command) {
  command->add_option("INSTANCE", options_.target, "For example orders@2018-10-16T00:15+08:00")
      ->required()
      ->type_name("");
  remote(command);
}

void Commands::range(CLI::App* command, bool required) {
  command
      ->add_option("--from", options_.from, "First slot: 2018-10-16 or 2018-10-16T00:15, in the job's zone")
      ->required(required)
      ->type_name("TIME");
  command->add_option("--to", options_.to, "End of the slots, itself left out")
      ->required(required)
      ->type_name("TIME");
}

void Commands::parameters(CLI::App* command, const std::string& help) {
  command
      ->add_option_function<std::vector<std::string>>(
          "-p,--parameter",
          [&options = options_](const std::vector<std::string>& given) {
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

}  // namespace sluice::daemon
