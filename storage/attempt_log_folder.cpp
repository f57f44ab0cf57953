#include "storage/attempt_log_folder.hpp"

#include "core/job/civil_time.hpp"
#include "storage/compressed_log.hpp"
#include "storage/log_walk.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <tuple>

namespace sluice::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCompressedEnd = ".gz";
constexpr std::string_view kDirtyEnd = ".dirty.jsonl";
constexpr std::size_t kNameBytesMax = 240;  // file systems take 255

Error failed(const std::error_code& failure, std::string_view doing, const fs::path& path) {
  return from_errno(failure.value(), fmt::format("{} {}", doing, path.string()));
}

struct Stems {
  fs::path folder;
  std::string present;  // "0015+0800_" of "0015+0800_2.log"
  // "0015_", in the second pass of an hour that comes twice "0015r_": what earlier programs wrote.
  std::string earlier;
};

Result<Stems> stems_of(const std::string& folder, std::string_view job, Instant scheduled,
                       std::string_view zone) {
  const Result<job::CivilTime> local = job::to_civil(scheduled, zone);
  if (!local) return local.error();
  const Result<Instant> first = job::to_instant(*local, zone);
  const auto second = std::chrono::floor<std::chrono::seconds>(scheduled);
  const auto offset = std::chrono::duration_cast<std::chrono::minutes>(*local - second).count();
  const auto length = std::abs(offset);
  Stems stems;
  stems.folder = fs::path(folder) / file_name_of(job) / fmt::format("{:%Y%m%d}", *local);
  stems.present =
      fmt::format("{:%H%M}{}{:02}{:02}_", *local, offset < 0 ? '-' : '+', length / 60, length % 60);
  stems.earlier = fmt::format("{:%H%M}{}_", *local, first && *first != second ? "r" : "");
  return stems;
}

// The attempt's number when `name` is `stem` + number + ".log" or ".log.gz".
std::optional<int> attempt_of(std::string_view name, std::string_view stem) {
  if (name.ends_with(kCompressedEnd)) name.remove_suffix(kCompressedEnd.size());
  if (!name.starts_with(stem) || !name.ends_with(".log")) return std::nullopt;
  const std::string_view digits = name.substr(stem.size(), name.size() - stem.size() - 4);
  int attempt = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), attempt);
  if (failure != std::errc() || end != digits.data() + digits.size() || attempt < 1) return std::nullopt;
  return attempt;
}

// What goes so that all files together take no more than they may: those of whole hours, and of the next hour
// as much as is still too much.
struct TooMuch {
  Instant before{};                // the whole hours
  std::uint64_t of_next_hour = 0;  // bytes
};

using BytesByHour = std::map<Instant, std::uint64_t>;

TooMuch too_much(const BytesByHour& hours, std::uint64_t bytes) {
  TooMuch found;
  for (const auto& [hour, taken] : hours) {
    found.before = hour;
    found.of_next_hour = bytes;
    if (taken >= bytes) break;
    bytes -= taken;
  }
  return found;
}

// Deletes logs, and counts them.
class Pruning {
 public:
  // False: it cannot be deleted, and stays for the next time.
  bool remove(const AttemptFile& log) {
    std::error_code failure;
    fs::remove(log.path, failure);
    if (failure) {
      if (!first_failure_) first_failure_ = failed(failure, "delete log", log.path);
      return false;
    }
    pruned_.bytes += log.on_disk;
    ++pruned_.files;
    return true;
  }

  Result<Pruned> result(const Result<void>& walked) const {
    if (first_failure_) return *first_failure_;
    if (!walked) return walked.error();
    return pruned_;
  }

 private:
  Pruned pruned_;
  std::optional<Error> first_failure_;
};

}  // namespace

std::string file_name_of(std::string_view name) {
  std::string safe;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const bool inner_dot = c == '.' && !safe.empty();
    if (letter || c == '-' || c == '_' || inner_dot) {
      safe += c;
    } else {
      safe += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  if (safe.empty()) return "%";
  if (safe.size() > kNameBytesMax) safe.resize(kNameBytesMax);
  return safe;
}

Result<std::string> AttemptLogFolder::path(std::string_view job, Instant scheduled, std::string_view zone,
                                           int attempt) const {
  const Result<Stems> stems = stems_of(folder_, job, scheduled, zone);
  if (!stems) return stems.error();
  return (stems->folder / fmt::format("{}{}.log", stems->present, attempt)).string();
}

Result<std::string> AttemptLogFolder::dirty_path(std::string_view job, Instant scheduled,
                                                 std::string_view zone, int attempt) const {
  const Result<Stems> stems = stems_of(folder_, job, scheduled, zone);
  if (!stems) return stems.error();
  return (stems->folder / fmt::format("{}{}{}", stems->present, attempt, kDirtyEnd)).string();
}

std::string AttemptLogFolder::find_dirty(std::string_view job, Instant scheduled, std::string_view zone,
                                         int attempt) const {
  const Result<Stems> stems = stems_of(folder_, job, scheduled, zone);
  if (!stems) return "";
  for (const std::string& stem : {stems->present, stems->earlier}) {
    const fs::path path = stems->folder / fmt::format("{}{}{}", stem, attempt, kDirtyEnd);
    if (look_at_attempt_file(path)) return path.string();
  }
  return "";
}

Result<std::vector<StoredLog>> AttemptLogFolder::list(std::string_view job, Instant scheduled,
                                                      std::string_view zone) const {
  const Result<Stems> stems = stems_of(folder_, job, scheduled, zone);
  if (!stems) return stems.error();
  std::vector<StoredLog> found;
  std::error_code failure;
  auto entry = fs::directory_iterator(stems->folder, failure);
  if (failure == std::errc::no_such_file_or_directory) return found;
  for (; !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
    const std::string name = entry->path().filename().string();
    auto attempt = attempt_of(name, stems->present);
    if (!attempt) attempt = attempt_of(name, stems->earlier);
    const auto log = attempt ? look_at_attempt_file(entry->path()) : std::nullopt;
    if (!log) continue;
    StoredLog& stored = found.emplace_back();
    stored.attempt = *attempt;
    stored.path = log->path.string();
    stored.bytes = log->bytes;
  }
  if (failure) return failed(failure, "list the logs in", stems->folder);
  // A compression that a crash ended may have left both; the plain one comes first and is whole. With an
  // offset a name comes before that without.
  std::ranges::sort(found, {}, [](const StoredLog& log) { return std::tie(log.attempt, log.path); });
  const auto twice = std::ranges::unique(found, {}, &StoredLog::attempt);
  found.erase(twice.begin(), twice.end());
  return found;
}

Result<Pruned> AttemptLogFolder::compress(Instant now, Duration age, const std::stop_token& stop) const {
  Pruned gained;
  std::optional<Error> first_failure;
  const auto visit = [&](const AttemptFile& log) {
    if (!log.path.native().ends_with(".log") || log.written >= now - age) return false;
    const Result<bool> compressed = compress_log(log.path.native());
    const bool gone = !compressed && compressed.error().code() == Errc::not_found;
    if (!compressed && !gone && !first_failure) first_failure = compressed.error();
    if (!compressed || !*compressed) return false;
    const auto after = look_at_attempt_file(log.path.native() + std::string(kCompressedEnd));
    ++gained.files;
    if (after && after->bytes < log.bytes) gained.bytes += log.bytes - after->bytes;
    return false;  // under its new name it is still there
  };
  const Result<void> walked = walk_attempt_files(folder_, stop, visit);
  if (first_failure) return *first_failure;
  if (!walked) return walked.error();
  return gained;
}

// A second walk where there is too much: to know the oldest ones all have to be seen, and there may be too
// many to keep more of them than what each hour has.
Result<Pruned> AttemptLogFolder::prune(Instant now, const LogRetention& retention,
                                       const std::stop_token& stop) const {
  Pruning pruning;
  BytesByHour hours;
  std::uint64_t total = 0;
  const auto by_age = [&](const AttemptFile& log) {
    if (log.written < now - retention.age_max) return pruning.remove(log);
    total += log.on_disk;
    hours[std::chrono::floor<std::chrono::hours>(log.written)] += log.on_disk;
    return false;
  };
  const Result<void> walked = walk_attempt_files(folder_, stop, by_age);
  if (!walked || total <= retention.bytes_max || stop.stop_requested()) return pruning.result(walked);
  TooMuch excess = too_much(hours, total - retention.bytes_max);
  const auto by_size = [&](const AttemptFile& log) {
    if (log.written < excess.before) return pruning.remove(log);
    if (log.written >= excess.before + std::chrono::hours(1) || excess.of_next_hour == 0) return false;
    if (!pruning.remove(log)) return false;
    excess.of_next_hour -= std::min(excess.of_next_hour, log.on_disk);
    return true;
  };
  return pruning.result(walk_attempt_files(folder_, stop, by_size));
}

}  // namespace sluice::storage
