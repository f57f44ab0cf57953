#pragma once
// Where the attempts' logs lie: FOLDER/JOB/YYYYMMDD/HHMM+ZZZZ_ATTEMPT.log in the local time of the job's
// zone, whose offset keeps slots apart that read alike: those of an hour that comes twice, and of a job that
// changed its zone. Older logs are compressed, HHMM+ZZZZ_ATTEMPT.log.gz. HHMM+ZZZZ_ATTEMPT.dirty.jsonl has
// the rows that the attempt left out. Earlier programs wrote no offset; their files are found.

#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::storage {

struct StoredLog {
  int attempt = 0;
  std::string path;
  std::uint64_t bytes = 0;
};

struct LogRetention {
  Duration age_max = std::chrono::hours(24 * 30);    // since the last line
  std::uint64_t bytes_max = std::uint64_t{1} << 30;  // of the disk, by all files; the oldest hour goes first
};

struct Pruned {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;  // of the disk where files were deleted
};

class AttemptLogFolder {
 public:
  explicit AttemptLogFolder(std::string folder) : folder_(std::move(folder)) {}

  // The file of one attempt. Errors: invalid_argument for an unknown zone.
  Result<std::string> path(std::string_view job, Instant scheduled, std::string_view zone, int attempt) const;

  // Likewise the file of its dirty rows.
  Result<std::string> dirty_path(std::string_view job, Instant scheduled, std::string_view zone,
                                 int attempt) const;

  // The file of dirty rows that there is of one attempt; empty: none.
  std::string find_dirty(std::string_view job, Instant scheduled, std::string_view zone, int attempt) const;

  // The logs there are of one instance, by attempt. None is not an error; io and permission_denied are.
  Result<std::vector<StoredLog>> list(std::string_view job, Instant scheduled, std::string_view zone) const;

  // Compresses the logs whose last line is older than `age`; counts the files, and the bytes gained. Not for
  // the loop's thread. What cannot be compressed is left for the next time, and so is what comes after `stop`
  // asks to leave off; the first cause is the error, after all were tried. A folder within that may not be
  // looked into is passed over.
  Result<Pruned> compress(Instant now, Duration age, const std::stop_token& stop = {}) const;

  // Deletes what `retention` does not cover, and folders that become empty. Walks all files: not for the
  // loop's thread. What cannot be deleted is left for the next time, and the rest is as above.
  Result<Pruned> prune(Instant now, const LogRetention& retention, const std::stop_token& stop = {}) const;

 private:
  std::string folder_;
};

// `name` as a name of one file or folder: letters, digits, '-', '_' and inner '.' stay, other bytes become
// "%2F". Different names stay different up to 80 bytes; never empty, ".", ".." or with a '/'.
std::string file_name_of(std::string_view name);

}  // namespace sluice::storage
