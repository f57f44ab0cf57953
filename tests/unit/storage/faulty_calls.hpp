#pragma once
// System calls on files that fail on request.

#include <string_view>

namespace sluice::test {

// While it lives one call that this thread makes fails with `cause`: the `nth` one, counted from 0, of those
// that this program replaces, or only of those of the name. These are open, dup, stat, lstat, fstat, flock,
// fcntl, pread, pwrite, write, fsync, ftruncate, futimens, chmod, link, rename, remove and unlink, called by
// the program, zlib or the C++ library. SQLite's own are others (open64, ...): MemoryDisk has faults for
// those. Not nested.
class FaultyCalls {
 public:
  explicit FaultyCalls(int cause, int nth = 0, std::string_view name = {});
  ~FaultyCalls();
  FaultyCalls(const FaultyCalls&) = delete;
  FaultyCalls& operator=(const FaultyCalls&) = delete;

  bool failed() const noexcept { return left_ < 0; }

  // True when the call of this name has to fail; errno says why.
  bool fails(std::string_view name) noexcept;

 private:
  int cause_;
  int left_;
  std::string_view name_;
};

}  // namespace sluice::test
