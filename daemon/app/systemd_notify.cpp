#include "daemon/app/systemd_notify.hpp"

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace sluice::daemon {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::optional<long long> number(const std::string& text) {
  long long value = 0;
  const auto [stop, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

SystemdNotify SystemdNotify::from_environment() {
  const std::string socket = environment("NOTIFY_SOCKET");
  const auto limit = number(environment("WATCHDOG_USEC"));
  const auto pid = number(environment("WATCHDOG_PID"));
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  std::optional<Duration> watchdog;
  if (limit && *limit > 0 && (!pid || *pid == ::getpid())) watchdog = Duration(*limit);
  return SystemdNotify(socket, watchdog);
}

SystemdNotify::SystemdNotify(std::string socket, std::optional<Duration> watchdog)
    : socket_(std::move(socket)), watchdog_(watchdog) {}

Result<void> SystemdNotify::send(const std::string& message) const {
  if (socket_.empty()) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof address.sun_path) {
    return Error(Errc::invalid_argument, "notify systemd: NOTIFY_SOCKET is too long");
  }
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // abstract: the name has no end mark
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return from_errno(errno, "notify systemd");
  const auto sent = ::sendto(descriptor, message.data(), message.size(), MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&address), size);
  const int failure = errno;
  ::close(descriptor);
  if (sent < 0) return from_errno(failure, "notify systemd");
  return {};
}

std::optional<Duration> SystemdNotify::watchdog_interval() const {
  if (!watchdog_) return std::nullopt;
  return *watchdog_ / 2;
}

}  // namespace sluice::daemon
