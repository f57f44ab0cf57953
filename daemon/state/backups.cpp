#include "daemon/state/backups.hpp"

#include "core/job/civil_time.hpp"
#include "storage/state_file.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace sluice::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "sluice-";
constexpr std::string_view kSuffix = ".db";
constexpr std::size_t kStampLength = 16;  // 20181016T001500Z

// What backup_name() wrote; nothing else counts as ours.
std::optional<Instant> made_at(const std::string& name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  const std::string stamp = name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
  if (stamp.size() != kStampLength) return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t length) { return stamp.substr(at, length); };
  const auto made = job::parse_local(fmt::format("{}-{}-{}T{}:{}:{}Z", part(0, 4), part(4, 2), part(6, 2),
                                                 part(9, 2), part(11, 2), part(13, 2)));
  return made && backup_name(*made) == name ? std::optional(*made) : std::nullopt;
}

// A copy that was not looked at must not take the place of one that was, whatever ends the look.
class Unchecked {
 public:
  explicit Unchecked(std::string path) : path_(std::move(path)) {}
  ~Unchecked() { remove(); }
  Unchecked(const Unchecked&) = delete;
  Unchecked& operator=(const Unchecked&) = delete;
  void keep() noexcept { path_.clear(); }
  void remove() noexcept {
    std::error_code ignored;
    if (!path_.empty()) fs::remove(path_, ignored);
    keep();
  }

 private:
  std::string path_;
};

}  // namespace

std::string backup_name(Instant made) {
  return fmt::format("{}{:%Y%m%dT%H%M%SZ}{}", kPrefix,
                     std::chrono::time_point_cast<std::chrono::seconds>(made), kSuffix);
}

Result<std::vector<KeptBackup>> look_for_backups(const std::string& folder, Instant now) {
  std::vector<KeptBackup> found;
  std::error_code failure;
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    const auto made = made_at(entry->path().filename().string());
    if (made) found.push_back({entry->path().string(), *made});
  }
  if (failure && failure != std::errc::no_such_file_or_directory) {
    const Error error = from_errno(failure.value(), "look into " + folder);
    if (error.code() != Errc::permission_denied) return error;
    return Error(error.code(), error.message() + "; run it as the daemon's user");
  }
  const auto age = [now](const KeptBackup& one) { return std::pair(one.made <= now, one.made); };
  std::sort(found.begin(), found.end(), [&](const auto& a, const auto& b) { return age(a) < age(b); });
  return found;
}

std::vector<KeptBackup> kept_backups(const std::string& folder, Instant now) {
  auto found = look_for_backups(folder, now);
  return found ? std::move(*found) : std::vector<KeptBackup>();
}

std::unique_ptr<storage::SqliteStateStore> open_backed_up(const std::string& state_file,
                                                          const std::string& folder, Instant now) {
  const auto kept = look_for_backups(folder, now);
  if (!kept) return storage::open_state_file(state_file, kept.error());
  std::vector<std::string> paths;
  for (const KeptBackup& one : *kept) paths.push_back(one.path);
  return storage::open_state_file(state_file, std::move(paths));
}

// Copies that a kill cut off. No two daemons have the same state file, and one of two makes one at a time.
void Backups::remove_parts() const {
  constexpr std::string_view kPart = ".part";
  std::error_code failure;
  std::vector<fs::path> cut_off;
  for (fs::directory_iterator entry(parts_.folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    const std::string name = entry->path().filename().string();
    if (name.ends_with(kPart) && made_at(name.substr(0, name.size() - kPart.size())))
      cut_off.push_back(entry->path());
  }
  for (const fs::path& path : cut_off) {
    fs::remove(path, failure);
    if (!failure) spdlog::info("removed a backup that was cut off file={}", path.string());
  }
}

awaitable<void> Backups::run() {
  parts_.metrics.set("sluice_state_damaged", {}, 0);
  remove_parts();
  const Instant now = parts_.clock.now();
  const auto kept = kept_backups(parts_.folder, now);
  if (!kept.empty() && kept.back().made <= now)
    parts_.metrics.set("sluice_backup_timestamp_seconds", {},
                       std::chrono::duration<double>(kept.back().made.time_since_epoch()).count());
  if (parts_.keep == 0) co_return;
  co_await parts_.clock.sleep_for(until_due(now));
  for (;;) {
    try {
      if (!parts_.clock_in_doubt() && has_room()) co_await make_one();
    } catch (const ErrorException& failure) {
      spdlog::error("back up the state file: {}", failure.error().message());
    }
    co_await parts_.clock.sleep_for(parts_.every);
  }
}

// A restart does not make copies come more often.
Duration Backups::until_due(Instant now) const {
  const auto kept = kept_backups(parts_.folder, now);
  const Duration first = kFirstAfter;
  if (kept.empty() || kept.back().made > now) return first;
  return std::clamp<Duration>(kept.back().made + parts_.every - now, first, parts_.every);
}

bool Backups::has_room() const {
  std::error_code failure;
  const std::uint64_t bytes = fs::file_size(parts_.state_file, failure);
  if (!failure && bytes > kBytesMax) {
    spdlog::warn("no backup of the state file: it has {} bytes, more than {}; let a timer run sluice backup",
                 bytes, kBytesMax);
    return false;
  }
  // A folder that is there belongs to who made it; copies are private by themselves.
  const bool made = fs::create_directories(parts_.folder, failure);
  if (made && !failure) fs::permissions(parts_.folder, fs::perms::owner_all, failure);
  const auto space = failure ? fs::space_info{} : fs::space(parts_.folder, failure);
  if (failure) {
    spdlog::error("back up the state file: use the folder {}: {}", parts_.folder, failure.message());
    return false;
  }
  // The state file needs to grow as well.
  if (space.available >= 3 * bytes) return true;
  spdlog::error("no backup of the state file: {} bytes are free for its {}", space.available, bytes);
  return false;
}

awaitable<void> Backups::make_one() {
  const Instant made = parts_.clock.now();
  const std::string path = (fs::path(parts_.folder) / backup_name(made)).string();
  co_await parts_.store.backup(path);
  Unchecked copy(path);
  auto check = [&] { return storage::look_at_state_file(path); };
  const auto report = co_await checker_.call(check);
  if (!report) throw ErrorException(report.error());
  if (report->damage) {
    copy.remove();
    std::string damage = *report->damage;
    co_await look_into(std::move(damage));
    co_return;
  }
  copy.keep();
  parts_.metrics.set("sluice_backup_timestamp_seconds", {},
                     std::chrono::duration<double>(made.time_since_epoch()).count());
  spdlog::info("backed up the state file file={} bytes={}", path, report->bytes);
  prune(made);
}

// The copy is bad. Is it the file, or only what became of it on the way?
awaitable<void> Backups::look_into(std::string damage) {
  const std::string file = parts_.state_file;
  std::optional<Error> found;
  auto look = [&](storage::Database& database) {
    if (const auto own = storage::find_damage(database, storage::CheckDepth::complete)) {
      found = storage::damage_error(file, "check state", *own);
      database.mark_damaged(*found);
    }
  };
  co_await parts_.store.with_database(look);
  if (!found) {
    spdlog::error("a backup of the state file is damaged, the file is not: {}; look at the disk", damage);
    co_return;
  }
  storage::note_damage(file, *found);
  parts_.metrics.set("sluice_state_damaged", {}, 1);
  spdlog::critical("{}", found->message());
}

void Backups::prune(Instant now) const {
  auto kept = kept_backups(parts_.folder, now);
  while (kept.size() > parts_.keep) {
    std::error_code ignored;
    fs::remove(kept.front().path, ignored);
    kept.erase(kept.begin());
  }
}

}  // namespace sluice::daemon
