#pragma once
// The dirty rows of one attempt, beside its log: a line of JSON for each, the first ones only.

#include "core/pipeline/dirty_file.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::storage {

struct DirtyFileLimits {
  std::uint64_t rows = 10'000;
  std::uint64_t bytes = 8 << 20U;
};

class DirtyRowsFile final : public pipeline::DirtyFile {
 public:
  // Makes `path` (0640) and its folders (0750) with the first line, in place of what an earlier attempt of
  // this number left there.
  explicit DirtyRowsFile(std::string path, DirtyFileLimits limits = {})
      : path_(std::move(path)), limits_(limits) {}
  ~DirtyRowsFile() override;
  DirtyRowsFile(const DirtyRowsFile&) = delete;
  DirtyRowsFile& operator=(const DirtyRowsFile&) = delete;

  Result<bool> keep(std::string_view line) override;
  Result<void> finish(std::string_view line) override;
  const std::string& path() const noexcept override { return path_; }

 private:
  Result<void> open();
  Result<void> append(std::string_view line);

  std::string path_;
  DirtyFileLimits limits_;
  int file_ = -1;
  std::uint64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace sluice::storage
