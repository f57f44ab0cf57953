#pragma once
// Goes through the files of attempts (attempt_log_folder.hpp) one by one. A hundred jobs have a million of
// them: nothing is kept of those that were passed.

#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>

namespace sluice::storage {

struct AttemptFile {
  std::filesystem::path path;
  Instant written{};
  std::uint64_t bytes = 0;
  std::uint64_t on_disk = 0;  // in whole blocks: small files take more than their bytes
};

// Nothing where there is none, or what there is belongs to no attempt.
std::optional<AttemptFile> look_at_attempt_file(const std::filesystem::path& path);

// Calls `visit` for each of them below `folder`, in no order, until `stop` asks to leave off; it returns
// whether it deleted the file, and folders that become empty by that are deleted as well, but not `folder`.
// Where that is not there, nothing is. A folder that may not be looked into, such as lost+found, or is gone
// meanwhile is passed over. Errors: of `folder` itself; the first one of others, after all were walked.
Result<void> walk_attempt_files(const std::string& folder, const std::stop_token& stop,
                                const std::function<bool(const AttemptFile&)>& visit);

}  // namespace sluice::storage
