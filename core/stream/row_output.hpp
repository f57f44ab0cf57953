#pragma once
// Where printed rows go, as a port.

#include "core/base/error.hpp"

#include <memory>
#include <string_view>

namespace sluice::stream {

class RowOutput {
 public:
  virtual ~RowOutput() = default;

  // All of `bytes`; blocks until whoever reads has taken them. unavailable: nobody reads any more.
  virtual Result<void> write(std::string_view bytes) = 0;
};

// A file descriptor that stays the caller's. A reader that goes away is an error; signals it causes must be
// blocked or ignored.
std::unique_ptr<RowOutput> make_row_output(int descriptor);

}  // namespace sluice::stream
