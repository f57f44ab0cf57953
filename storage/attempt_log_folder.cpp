#include "storage/attempt_log_folder.hpp"

#include "core/job/civil_time.hpp"
#include "storage/compressed_log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sys/stat.h>
#include <tuple>

namespace sluice::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCompressedEnd = ".gz";
constexpr std::string_view kUnfinishedEnd = ".log.gz.tmp";  // of a compression that a crash ended
constexpr std::string_view kDirtyEnd = ".dirty.jsonl";
constexpr std::size_t kNameBytesMax = 240;  // file systems take 255

struct OldLog {
  fs::path path;
  Instant written{};
  std::uint64_t bytes = 0;
};

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

bool is_of_attempt(const std::string& name) {
  return name.ends_with(".log") || name.ends_with(".log.gz") || name.ends_with(kUnfinishedEnd) ||
         name.ends_with(kDirtyEnd);
}

std::optional<OldLog> look_at(const fs::path& path) {
  struct stat status = {};
  const bool is_file = ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
  if (!is_file || !is_of_attempt(path.filename().string())) return std::nullopt;
  OldLog log;
  log.path = path;
  log.written = Instant(std::chrono::seconds(status.st_mtim.tv_sec));
  log.bytes = static_cast<std::uint64_t>(status.st_size);
  return log;
}

Result<std::vector<OldLog>> all_logs(const std::string& folder) {
  std::vector<OldLog> found;
  std::error_code failure;
  auto entry = fs::recursive_directory_iterator(folder, fs::directory_options::none, failure);
  if (failure == std::errc::no_such_file_or_directory) return found;
  for (; !failure && entry != fs::recursive_directory_iterator(); entry.increment(failure)) {
    if (auto log = look_at(entry->path())) found.push_back(std::move(*log));
  }
  if (failure) return failed(failure, "walk the logs in", folder);
  return found;
}

// Day, then job: only empty folders go.
void remove_empty_folders(const fs::path& log) {
  std::error_code not_empty;
  if (fs::remove(log.parent_path(), not_empty)) fs::remove(log.parent_path().parent_path(), not_empty);
}

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
    if (look_at(path)) return path.string();
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
    const auto log = attempt ? look_at(entry->path()) : std::nullopt;
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

Result<Pruned> AttemptLogFolder::compress(Instant now, Duration age) const {
  const Result<std::vector<OldLog>> logs = all_logs(folder_);
  if (!logs) return logs.error();
  Pruned gained;
  std::optional<Error> first_failure;
  for (const OldLog& log : *logs) {
    if (!log.path.native().ends_with(".log") || log.written >= now - age) continue;
    const Result<bool> compressed = compress_log(log.path.native());
    if (!compressed && !first_failure) first_failure = compressed.error();
    if (!compressed || !*compressed) continue;
    const auto after = look_at(log.path.native() + std::string(kCompressedEnd));
    ++gained.files;
    if (after && after->bytes < log.bytes) gained.bytes += log.bytes - after->bytes;
  }
  if (first_failure) return *first_failure;
  return gained;
}

Result<Pruned> AttemptLogFolder::prune(Instant now, const LogRetention& retention) const {
  Result<std::vector<OldLog>> logs = all_logs(folder_);
  if (!logs) return logs.error();
  std::ranges::sort(*logs, {}, &OldLog::written);
  std::uint64_t total = 0;
  for (const OldLog& log : *logs) total += log.bytes;
  Pruned pruned;
  std::optional<Error> first_failure;
  for (const OldLog& log : *logs) {
    const bool covered = log.written >= now - retention.age_max && total <= retention.bytes_max;
    if (covered) break;  // and so are all newer ones
    std::error_code failure;
    fs::remove(log.path, failure);
    if (failure) {
      if (!first_failure) first_failure = failed(failure, "delete log", log.path);
      continue;
    }
    remove_empty_folders(log.path);
    total -= log.bytes;
    pruned.bytes += log.bytes;
    ++pruned.files;
  }
  if (first_failure) return *first_failure;
  return pruned;
}

}  // namespace sluice::storage
