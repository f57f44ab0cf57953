#include "tests/sandbox/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace sluice::sandbox {
namespace {

[[noreturn]] void fail(std::string_view verb, const std::string& path) {
  throw std::system_error(errno, std::generic_category(), std::string(verb) + " " + path);
}

}  // namespace

File::File(const std::filesystem::path& path, int flags)
    : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)), path_(path.string()) {
  if (fd_ < 0) fail("open", path_);
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

File::File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}

std::uint64_t File::size() const {
  struct stat info {};
  if (::fstat(fd_, &info) != 0) fail("stat", path_);
  return static_cast<std::uint64_t>(info.st_size);
}

void File::append(std::string_view data) {
  while (!data.empty()) {
    const ssize_t done = ::write(fd_, data.data(), data.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) fail("write", path_);
    data.remove_prefix(static_cast<std::size_t>(done));
  }
}

void File::read(std::uint64_t offset, std::size_t length, std::string& out) const {
  out.resize(length);
  std::size_t done = 0;
  while (done < length) {
    const ssize_t got = ::pread(fd_, out.data() + done, length - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("read", path_);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  out.resize(done);
}

void File::truncate(std::uint64_t length) {
  if (::ftruncate(fd_, static_cast<off_t>(length)) != 0) fail("truncate", path_);
}

void File::append_from(const File& source) { append_from(source, 0, source.size()); }

void File::append_from(const File& source, std::uint64_t offset, std::uint64_t length) {
  constexpr std::uint64_t kBlock = 1U << 20U;
  std::string block;
  while (length > 0) {
    source.read(offset, std::min(length, kBlock), block);
    if (block.empty()) break;
    append(block);
    offset += block.size();
    length -= block.size();
  }
}

void replace_file(const std::filesystem::path& path, std::string_view data) {
  const std::filesystem::path temporary = path.string() + ".tmp";
  File(temporary, O_WRONLY | O_CREAT | O_TRUNC).append(data);
  std::filesystem::rename(temporary, path);
}

std::string read_file(const std::filesystem::path& path) {
  const File file(path, O_RDONLY);
  std::string out;
  file.read(0, file.size(), out);
  return out;
}

}  // namespace sluice::sandbox
