#include "storage/compressed_log.hpp"

#include "storage/attempt_log_text.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

namespace sluice::storage {
namespace {

class OpenFile {
 public:
  OpenFile(const std::string& path, int flags)
      : number_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0640)) {}
  ~OpenFile() {
    if (number_ >= 0) ::close(number_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int number() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }

 private:
  int number_;
};

Error log_failure(std::string_view doing, const std::string& path) {
  return from_errno(errno, fmt::format("{} log {}", doing, path));
}

// `bytes` as gzip into `file`, on the disk when it returns. False: errno says why.
bool write_gzip(int file, const std::string& bytes) {
  gzFile out = ::gzdopen(::dup(file), "wb6");
  if (out == nullptr) return false;
  const auto size = static_cast<unsigned>(bytes.size());
  const bool written = ::gzwrite(out, bytes.data(), size) == static_cast<int>(size);
  const int cause = errno;
  const bool closed = ::gzclose(out) == Z_OK;
  if (!written) errno = cause;
  return written && closed && ::fsync(file) == 0;
}

// What zlib says is wrong, without the number of the descriptor that it puts before it.
std::string cause_of(gzFile in) {
  int code = Z_OK;
  const std::string_view said = ::gzerror(in, &code);
  const std::size_t number = said.find(">: ");
  return std::string(number == std::string_view::npos ? said : said.substr(number + 3));
}

// `bytes` as gzip under `path`, with the times of the plain one.
Result<void> put_gzip(const std::string& path, const std::string& bytes, const struct stat& plain) {
  const std::string unfinished = path + ".tmp";
  const OpenFile out(unfinished, O_CREAT | O_WRONLY | O_TRUNC);
  if (!out) return log_failure("open", unfinished);
  const std::array<timespec, 2> times = {plain.st_atim, plain.st_mtim};
  std::optional<Error> failure;
  if (!write_gzip(out.number(), bytes) || ::futimens(out.number(), times.data()) != 0) {
    failure = log_failure("write", unfinished);
  } else if (::rename(unfinished.c_str(), path.c_str()) != 0) {
    failure = log_failure("rename", unfinished);
  }
  if (!failure) return {};
  ::unlink(unfinished.c_str());
  return *failure;
}

}  // namespace

Result<bool> compress_log(const std::string& path) {
  const OpenFile log(path, O_RDONLY);
  if (!log) return log_failure("open", path);
  if (::flock(log.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    return log_failure("lock", path);
  }
  struct stat status = {};
  if (::fstat(log.number(), &status) != 0) return log_failure("look at", path);
  std::string bytes;
  try {
    bytes = read_whole(log.number(), path);
  } catch (const ErrorException& failure) {
    return failure.error();
  }
  if (const auto made = put_gzip(path + ".gz", bytes, status); !made) return made.error();
  if (::unlink(path.c_str()) != 0) return log_failure("delete", path);
  return true;
}

Result<std::string> read_compressed_log(const std::string& path) {
  const OpenFile file(path, O_RDONLY);
  if (!file) return log_failure("open", path);
  gzFile in = ::gzdopen(::dup(file.number()), "rb");
  if (in == nullptr) return log_failure("read", path);
  std::string bytes;
  std::array<char, 65536> part{};
  int count = 0;
  while ((count = ::gzread(in, part.data(), static_cast<unsigned>(part.size()))) > 0)
    bytes.append(part.data(), static_cast<std::size_t>(count));
  const std::string cause = count < 0 ? cause_of(in) : "";
  const bool whole = ::gzclose(in) == Z_OK;
  if (count < 0 || !whole)
    return Error(Errc::io, fmt::format("read log {}: {}", path, cause.empty() ? "it is cut short" : cause));
  return bytes;
}

}  // namespace sluice::storage
