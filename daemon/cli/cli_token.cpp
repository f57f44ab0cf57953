#include "core/base/system_clock.hpp"
#include "core/http/crypto.hpp"
#include "core/job/yaml_map.hpp"
#include "daemon/base/time_text.hpp"
#include "daemon/cli/cli_output.hpp"
#include "daemon/cli/commands.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace sluice::daemon {
namespace {

// "90d" from now, or a date as it is.
std::string expiry_date(const std::string& text, Instant now) {
  if (const auto end = end_of_date(text)) {
    if (*end > now) return text;
    throw CommandFailure(Exit::usage, fmt::format("read --expires {}: that day is over", text));
  }
  const auto length = job::parse_duration(text);
  if (!length || *length < std::chrono::days(1) || *length > std::chrono::days(3650))
    throw CommandFailure(
        Exit::usage, fmt::format("read --expires {}: expected days such as 90d (at most 3650d), or a date "
                                 "such as 2026-12-31",
                                 text));
  return fmt::format("{:%Y-%m-%d}", std::chrono::time_point_cast<std::chrono::seconds>(now + *length));
}

std::string lines_for(const Options& options, const std::string& hash, const std::string& expires) {
  const std::string until = expires.empty() ? std::string() : fmt::format(", expires: {}", expires);
  return fmt::format("access:\n  tokens:\n    {}: {{role: {}, sha256: {}{}}}\n", options.target, options.role,
                     hash, until);
}

}  // namespace

// Changes nothing: the lines are for the administrator to put in, by hand or by what manages the machine.
Exit command_token(const Options& options, Console& console) {
  const std::string expires =
      options.expires.empty() ? "" : expiry_date(options.expires, SystemClock().now());
  const std::string no_hash(2 * kTokenBytes, '0');
  const LoadedConfig tried = parse_config("sluice.yaml", lines_for(options, no_hash, expires));
  if (!tried.config)
    throw CommandFailure(
        Exit::usage, fmt::format("make the token {}: {}", options.target, tried.problems.front().message));
  const std::string token = new_token();
  const std::string hash = http::hex(http::sha256(token));
  const std::string yaml = lines_for(options, hash, expires);
  if (options.json) {
    boost::json::object out{
        {"name", options.target}, {"role", options.role}, {"token", token}, {"sha256", hash}, {"yaml", yaml}};
    out["expires"] = expires.empty() ? boost::json::value(nullptr) : boost::json::value(expires);
    return print_json(out, console);
  }
  console.out << fmt::format(
      "{}\n\nThis is the token; it is shown only now. Put these lines into sluice.yaml (with other tokens "
      "below\n"
      "one access.tokens), then run sluice reload:\n\n{}",
      token, yaml);
  return Exit::done;
}

}  // namespace sluice::daemon
