#include "daemon/cli/commands.hpp"

#include "daemon/cli/state_commands.hpp"
#include "daemon/client/remote_api.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <unistd.h>

namespace sluice::daemon {
namespace {

using LocalCommand = Exit (*)(const Options&, Console&);
using RemoteCommand = Exit (*)(const Options&, Api&, Console&);

constexpr std::array<std::pair<std::string_view, LocalCommand>, 13> kLocal = {{
    {"daemon", command_daemon},
    {"check", command_check},
    {"import", command_import},
    {"run", command_run},
    {"demo", command_demo},
    {"simulate", command_simulate},
    {"doctor", command_doctor},
    {"token", command_token},
    {"state check", command_state_check},
    {"state restore", command_state_restore},
    {"state rebuild", command_state_rebuild},
    {"completion", command_completion},
    {"man", command_man},
}};

constexpr std::array<std::pair<std::string_view, RemoteCommand>, 33> kRemote = {{
    {"plan", command_plan},
    {"status", command_status},
    {"jobs", command_jobs},
    {"instances", command_instances},
    {"coverage", command_coverage},
    {"show", command_show},
    {"why", command_why},
    {"logs", command_logs},
    {"rerun", command_act},
    {"kill", command_act},
    {"freeze", command_act},
    {"unfreeze", command_act},
    {"set-success", command_act},
    {"skip", command_act},
    {"release", command_act},
    {"priority", command_act},
    {"pause", command_pause},
    {"resume", command_resume},
    {"verify", command_verify},
    {"backfill", command_backfill},
    {"backfills", command_backfills},
    {"backfill show", command_act_on_backfill},
    {"backfill pause", command_act_on_backfill},
    {"backfill resume", command_act_on_backfill},
    {"backfill cancel", command_act_on_backfill},
    {"backup", command_backup},
    {"versions", command_versions},
    {"reload", command_reload},
    {"audit", command_audit},
    {"incidents", command_incidents},
    {"incident", command_incident},
    {"ack", command_ack},
    {"alert-test", command_alert_test},
}};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

// Made when a command first asks, for `plan FILE` never does.
class LateApi final : public Api {
 public:
  explicit LateApi(const Options& options) : options_(options) {}
  boost::json::value get(const std::string& target) override { return made().get(target); }
  boost::json::value post(const std::string& target, const std::string& body) override {
    return made().post(target, body);
  }

 private:
  Api& made() {
    if (!api_) api_ = make_api(options_, kAnswerLimit);
    return *api_;
  }

  const Options& options_;
  std::unique_ptr<Api> api_;
};

Exit run_command(const Options& options, Console& console) {
  for (const auto& [name, command] : kLocal) {
    if (name == options.command) return command(options, console);
  }
  for (const auto& [name, command] : kRemote) {
    if (name != options.command) continue;
    LateApi api(options);
    return command(options, api, console);
  }
  throw CommandFailure(Exit::usage, fmt::format("run {}: no such command", options.command));
}

// A token, a job file or a list that did not arrive must not look as if it had.
int after_flush(int exit, Console& console) {
  if (console.out.flush()) return exit;
  console.err << "sluice: write the output: it could not be written whole\n";
  return exit == 0 ? static_cast<int>(Exit::failed) : exit;
}

}  // namespace

int run_command_line(int argc, const char* const* argv, Console& console) {
  const auto parsed = parse_command_line(argc, argv);
  if (const auto* early = std::get_if<EndedEarly>(&parsed)) {
    (early->exit == 0 ? console.out : console.err) << early->text;
    return after_flush(early->exit, console);
  }
  Exit exit = Exit::failed;
  try {
    exit = run_command(std::get<Options>(parsed), console);
  } catch (const CommandFailure& failure) {
    console.err << "sluice: " << failure.what() << '\n';
    exit = failure.exit();
  } catch (const std::exception& failure) {
    console.err << "sluice: " << failure.what() << '\n';
  }
  return after_flush(static_cast<int>(exit), console);
}

std::unique_ptr<Api> make_api(const Options& options, std::chrono::milliseconds limit) {
  const bool named = !options.socket.empty() || !options.config.empty();
  auto remote = named ? std::nullopt : remote_server(environment);
  if (remote) return make_remote_api(std::move(*remote), limit);
  return make_unix_api(socket_path(options), limit);
}

std::string socket_path(const Options& options) {
  if (!options.socket.empty()) return options.socket;
  const std::string given = options.config.empty() ? environment("SLUICE_SOCKET") : std::string();
  if (!given.empty()) return given;
  const std::string file = options.config.empty() ? kDefaultConfig : options.config;
  if (!options.config.empty() || look_for_default_config() == DefaultConfig::present) {
    const LoadedConfig loaded = load_config(file);
    if (loaded.config && !loaded.config->socket.empty()) return loaded.config->socket;
    if (!options.config.empty()) {
      throw CommandFailure(Exit::usage,
                           fmt::format("find the socket in {}: the file is invalid or names none; "
                                       "see sluice check {}",
                                       file, file));
    }
  }
  return "/run/sluice/sluice.sock";
}

DefaultConfig look_for_default_config() {
  if (::access(kDefaultConfig, R_OK) == 0) return DefaultConfig::present;
  return errno == EACCES ? DefaultConfig::out_of_reach : DefaultConfig::absent;
}

job::Problem default_config_left_out() {
  return job::Problem{job::Severity::warning, kDefaultConfig, 1, 1,
                      "permission denied, so no data source is known; name a file with --config"};
}

Config config_for(const Options& options, Console& console) {
  const DefaultConfig found = options.config.empty() ? look_for_default_config() : DefaultConfig::present;
  if (found == DefaultConfig::out_of_reach) {
    throw CommandFailure(
        Exit::usage, fmt::format("read {}: permission denied; run it as the daemon's user, or name a file "
                                 "with --config",
                                 kDefaultConfig));
  }
  const std::string file = options.config.empty() ? kDefaultConfig : options.config;
  LoadedConfig loaded = found == DefaultConfig::absent ? parse_config(file, "") : load_config(file);
  for (const job::Problem& problem : loaded.problems) console.err << job::to_string(problem) << '\n';
  if (!loaded.config) throw CommandFailure(Exit::usage, fmt::format("read {}: see above", file));
  return std::move(*loaded.config);
}

Config config_for_files(const Options& options, Console& console) {
  if (!options.config.empty() || look_for_default_config() != DefaultConfig::out_of_reach)
    return config_for(options, console);
  console.err << job::to_string(default_config_left_out()) << '\n';
  LoadedConfig defaults = parse_config(kDefaultConfig, "");
  return std::move(*defaults.config);
}

}  // namespace sluice::daemon
