#pragma once
// The port to where the dirty rows of one attempt are kept. Implemented by storage/.

#include "core/base/error.hpp"

#include <string>
#include <string_view>

namespace sluice::pipeline {

// Made with the first line: an attempt without dirty rows leaves nothing.
class DirtyFile {
 public:
  virtual ~DirtyFile() = default;

  // Keeps one line, given without its end. False: the file has all it may hold. Errors: io, disk_full,
  // permission_denied; nothing of the line is left then.
  virtual Result<bool> keep(std::string_view line) = 0;

  // A last line beyond what the file may hold.
  virtual Result<void> finish(std::string_view line) = 0;

  virtual const std::string& path() const noexcept = 0;
};

}  // namespace sluice::pipeline
