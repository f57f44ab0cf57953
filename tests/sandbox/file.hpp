#pragma once
// Files on disk: RAII descriptor, whole-file replace by rename, append and positioned reads. All errors throw
// std::system_error naming the file; the caller's request then fails with 500 and nothing is half done.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace sluice::sandbox {

class File {
 public:
  File() = default;
  File(const std::filesystem::path& path, int flags);
  ~File();
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;

  std::uint64_t size() const;
  void append(std::string_view data);
  /// Fills `out` with up to `length` bytes from `offset`; shorter only at the end of the file.
  void read(std::uint64_t offset, std::size_t length, std::string& out) const;
  void truncate(std::uint64_t length);
  /// Appends the whole of `source`, a block at a time.
  void append_from(const File& source);
  /// The same for `length` bytes from `offset`.
  void append_from(const File& source, std::uint64_t offset, std::uint64_t length);

 private:
  int fd_ = -1;
  std::string path_;
};

/// Writes a temporary file beside `path`, then renames it over: readers see the old or the new, never a part.
void replace_file(const std::filesystem::path& path, std::string_view data);
std::string read_file(const std::filesystem::path& path);

}  // namespace sluice::sandbox
