#include "storage/log_walk.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

namespace sluice::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUnfinishedEnd = ".log.gz.tmp";  // of a compression that a crash ended
constexpr int kDeepest = 16;  // ours are two folders deep; each that is open takes a descriptor

bool is_of_attempt(const std::string& name) {
  return name.ends_with(".log") || name.ends_with(".log.gz") || name.ends_with(kUnfinishedEnd) ||
         name.ends_with(".dirty.jsonl");
}

// A link to a folder is none.
bool is_folder(const fs::directory_entry& entry) {
  std::error_code failure;
  return entry.symlink_status(failure).type() == fs::file_type::directory;
}

class Walk {
 public:
  Walk(const std::stop_token& stop, const std::function<bool(const AttemptFile&)>& visit)
      : stop_(stop), visit_(visit) {}

  // True: something in it was deleted.
  bool enter(const fs::path& folder, int depth) {
    bool deleted = false;
    std::error_code failure;
    for (fs::directory_iterator entry(folder, failure), end;
         !failure && entry != end && !stop_.stop_requested(); entry.increment(failure)) {
      if (is_folder(*entry)) {
        std::error_code not_empty;
        const bool changed = depth < kDeepest && enter(entry->path(), depth + 1);
        if (changed && fs::remove(entry->path(), not_empty)) deleted = true;
      } else if (const auto file = look_at_attempt_file(entry->path())) {
        if (visit_(*file)) deleted = true;
      }
    }
    if (failure) note(failure, folder, depth);
    return deleted;
  }

  const std::optional<Error>& first_failure() const noexcept { return first_failure_; }

 private:
  void note(const std::error_code& failure, const fs::path& folder, int depth) {
    const bool closed = failure == std::errc::permission_denied && depth > 0;
    const bool gone = failure == std::errc::no_such_file_or_directory;
    if (closed || gone || first_failure_) return;
    first_failure_ = from_errno(failure.value(), fmt::format("walk the logs in {}", folder.string()));
  }

  const std::stop_token& stop_;
  const std::function<bool(const AttemptFile&)>& visit_;
  std::optional<Error> first_failure_;
};

}  // namespace

std::optional<AttemptFile> look_at_attempt_file(const fs::path& path) {
  struct stat status = {};
  const bool is_file = ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
  if (!is_file || !is_of_attempt(path.filename().string())) return std::nullopt;
  constexpr std::uint64_t kBlock = 512;  // of st_blocks, whatever the file system's are
  AttemptFile file;
  file.path = path;
  file.written = Instant(std::chrono::seconds(status.st_mtim.tv_sec));
  file.bytes = static_cast<std::uint64_t>(status.st_size);
  file.on_disk = static_cast<std::uint64_t>(status.st_blocks) * kBlock;
  return file;
}

Result<void> walk_attempt_files(const std::string& folder, const std::stop_token& stop,
                                const std::function<bool(const AttemptFile&)>& visit) {
  Walk walk(stop, visit);
  walk.enter(folder, 0);
  if (walk.first_failure()) return *walk.first_failure();
  return {};
}

}  // namespace sluice::storage
