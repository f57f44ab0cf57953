#pragma once
// By what a file is known to be as it was when it was read.

#include "core/base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::daemon {

struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t bytes = 0;
  std::int64_t modified_ns = 0;  // since epoch
  std::int64_t changed_ns = 0;   // since epoch; the kernel's own, which nobody can set
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

// Nothing: the file cannot be looked at.
std::optional<FileStamp> stamp_of(const std::string& path);

// A file may be changed twice within one tick of the kernel's clock, and be read in between: what was taken
// at `now` tells a later change only of a file that had been at rest.
bool is_at_rest(const FileStamp& stamp, Instant now);

}  // namespace sluice::daemon
