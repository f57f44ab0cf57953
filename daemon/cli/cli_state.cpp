#include "core/base/system_clock.hpp"
#include "core/job/civil_time.hpp"
#include "daemon/api/api_json.hpp"
#include "daemon/cli/cli_output.hpp"
#include "daemon/cli/state_commands.hpp"
#include "daemon/state/backups.hpp"
#include "storage/sqlite_audit.hpp"
#include "storage/state_file.hpp"

#include <fmt/format.h>

#include <unistd.h>

namespace sluice::daemon {
namespace {

namespace json = boost::json;
using storage::StateReport;

json::value maybe_utc(const std::optional<Instant>& time) {
  return time ? json::value(utc_text(*time)) : json::value(nullptr);
}

json::object to_json(const StateReport& report) {
  json::array durable;
  for (const storage::ChainUntil& chain : report.durable)
    durable.push_back(json::object{{"job", chain.chain}, {"until", utc_text(chain.until)}});
  return {{"file", report.path},
          {"bytes", report.bytes},
          {"version", report.version},
          {"damage", report.damage ? json::value(*report.damage) : json::value(nullptr)},
          {"written", maybe_utc(report.written)},
          {"durable", std::move(durable)}};
}

void print_report(const StateReport& report, Console& console) {
  const std::string health = report.damage ? console.paint("damaged: " + *report.damage, Tone::bad)
                                           : console.paint("whole", Tone::good);
  console.out << fmt::format("{} ({}, version {}): {}\n", report.path,
                             bytes_text(static_cast<double>(report.bytes)), report.version, health);
  if (report.written) console.out << fmt::format("last written about {}\n", utc_text(*report.written));
  for (const storage::ChainUntil& chain : report.durable)
    console.out << fmt::format("{}: durable up to {}\n", chain.chain, utc_text(chain.until));
}

std::string newest_backup(const Config& config) {
  const auto kept = look_for_backups(config.backup_dir, SystemClock().now());
  if (!kept) throw CommandFailure(exit_for(kept.error()), "restore the state: " + kept.error().message());
  if (kept->empty())
    throw CommandFailure(Exit::not_found,
                         fmt::format("restore the state: no backup in {}; name one", config.backup_dir));
  return kept->back().path;
}

// Opens it as the daemon would, so that what does not work shows now.
void note_restore(const std::string& file, const storage::Restored& restored, Instant now) {
  const auto store = storage::open_state_file(file, {});
  scheduler::AuditEntry entry;
  entry.at = now;
  entry.actor = fmt::format("uid {}", ::getuid());
  entry.action = "restore";
  entry.target = restored.backup.path;
  entry.detail = restored.kept.empty() ? "there was no state file" : "before: " + restored.kept;
  storage::add_audit(store->database(), {entry});
}

}  // namespace

Exit exit_for(const Error& error) {
  return error.code() == Errc::corrupt ? Exit::state_damaged : exit_of(error.code());
}

Exit command_state_check(const Options& options, Console& console) {
  const std::string file =
      options.target.empty() ? state_file_in(config_for(options, console).state_dir) : options.target;
  const auto report = storage::look_at_state_file(file);
  if (!report) throw CommandFailure(exit_for(report.error()), report.error().message());
  if (options.json) {
    print_json(to_json(*report), console);
  } else {
    print_report(*report, console);
  }
  return report->damage ? Exit::state_damaged : Exit::done;
}

Exit command_state_restore(const Options& options, Console& console) {
  const Config config = config_for(options, console);
  const std::string backup = options.target.empty() ? newest_backup(config) : options.target;
  const std::string file = state_file_in(config.state_dir);
  const Instant now = SystemClock().now();
  const auto restored = storage::restore_state_file(backup, file, now);
  if (!restored) throw CommandFailure(exit_for(restored.error()), restored.error().message());
  try {
    note_restore(file, *restored, now);
  } catch (const ErrorException& failure) {
    throw CommandFailure(exit_for(failure.error()), failure.error().message());
  }
  if (options.json) {
    json::object out{{"file", file}, {"backup", to_json(restored->backup)}};
    out["kept"] = restored->kept.empty() ? json::value(nullptr) : json::value(restored->kept);
    return print_json(out, console);
  }
  console.out << fmt::format("restored {} from a backup:\n", file);
  print_report(restored->backup, console);
  if (!restored->kept.empty()) console.out << fmt::format("what was there is kept as {}\n", restored->kept);
  console.out
      << "windows since then are exported again, to the same objects with the same bytes, as long as "
         "the stream keeps their records and their jobs were not changed since: start the daemon now\n";
  return Exit::done;
}

}  // namespace sluice::daemon
