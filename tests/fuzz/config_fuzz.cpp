// Fuzz target of sluice.yaml: any text gives a configuration or problems with a place, and its limits hold.

#include "daemon/config/config.hpp"
#include "tests/fuzz/check.hpp"

#include <fmt/format.h>

#include <string>

namespace {

using namespace sluice;

// The password of the proxy: no message shows it, whatever comes behind.
constexpr std::string_view kSecret = "s3cr3tvalue";

void check_config(const daemon::Config& config) {
  fuzz::check(config.state_dir.starts_with('/') && config.jobs_dir.starts_with('/') &&
              config.log_dir.starts_with('/'));
  fuzz::check(config.attempts_max >= 1 && config.attempts_max <= 1000);
  fuzz::check(config.history_keep >= config.history_positions);
  for (const daemon::Token& token : config.access.tokens) {
    fuzz::check(!token.name.empty() && token.sha256.size() == 32);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const daemon::LoadedConfig loaded =
      daemon::parse_config("/etc/sluice/sluice.yaml", fuzz::text_of(data, size));
  bool error = false;
  for (const job::Problem& problem : loaded.problems) {
    fuzz::check(problem.line >= 1 && problem.column >= 1 && !job::to_string(problem).empty());
    error = error || problem.severity == job::Severity::error;
  }
  fuzz::check(loaded.config.has_value() != error);
  if (loaded.config) check_config(*loaded.config);

  const std::string_view rest = fuzz::text_of(data, std::min<std::size_t>(size, 40));
  if (rest.find(kSecret) != std::string_view::npos) return 0;  // so it would be no secret
  const std::string text = fmt::format("proxy: http://user:{}@{}\n", kSecret, rest);
  for (const job::Problem& problem : daemon::parse_config("/etc/sluice/sluice.yaml", text).problems) {
    fuzz::check(job::to_string(problem).find(kSecret) == std::string::npos);
  }
  return 0;
}
