#include "daemon/base/json_view.hpp"
#include "daemon/cli/cli_output.hpp"
#include "daemon/cli/commands.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace sluice::daemon {

Exit command_backup(const Options& options, Api& api, Console& console) {
  const std::string file = std::filesystem::absolute(options.target).string();
  const boost::json::object body{{"file", file}};
  const boost::json::value answer =
      with_member(api.post("/api/v1/backup", boost::json::serialize(body)), "file");
  if (options.json) return print_json(answer, console);
  const JsonView done(answer);
  console.out << fmt::format("wrote {} ({})\n", done["file"].text(), bytes_text(done["bytes"].number()));
  return Exit::done;
}

}  // namespace sluice::daemon
