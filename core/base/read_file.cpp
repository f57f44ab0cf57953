#include "core/base/read_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const noexcept { return number_; }

 private:
  int number_;
};

bool is_own(std::string_view path) {
  return path == "/dev/stdin" || path.starts_with("/dev/fd/") || path.starts_with("/proc/self/fd/");
}

Error irregular(const std::string& path) {
  return Error(Errc::invalid_argument, fmt::format("read {}: it is no regular file", path));
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const auto failure = [&] { return from_errno(errno, fmt::format("read {}", path)); };
  // Opening a named pipe waits for its writer otherwise.
  const int wait = is_own(path) ? 0 : O_NONBLOCK;
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | wait));
  if (file.number() < 0) return errno == ENXIO ? irregular(path) : failure();
  struct stat facts {};
  if (::fstat(file.number(), &facts) != 0) return failure();
  if (S_ISFIFO(facts.st_mode) && !is_own(path)) return irregular(path);
  std::string text(bytes_max, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(file.number(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return irregular(path);
    if (count < 0) return failure();
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  return text;
}

}  // namespace sluice
