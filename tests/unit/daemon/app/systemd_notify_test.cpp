#include "daemon/app/systemd_notify.hpp"

#include "tests/unit/daemon/temp_folder.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace sluice;
using namespace sluice::daemon;
using namespace std::chrono_literals;

namespace {

// systemd's end: a datagram socket with a path, or an abstract name for "@...".
class Receiver {
 public:
  explicit Receiver(const std::string& name) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  }
  ~Receiver() { ::close(socket_); }
  std::string receive() const {
    std::array<char, 512> buffer{};
    const auto size = ::recv(socket_, buffer.data(), buffer.size(), 0);
    return size < 0 ? "nothing" : std::string(buffer.data(), static_cast<std::size_t>(size));
  }

 private:
  int socket_;
};

}  // namespace

TEST_CASE("notify: the message arrives as one datagram, at a path and at an abstract name") {
  sluice::test::TempFolder folder;
  for (const std::string& name : {folder.path("notify"), "@sluice-test-" + std::to_string(::getpid())}) {
    const Receiver receiver(name);
    CHECK(SystemdNotify(name).send("READY=1\nSTATUS=2 jobs").has_value());
    CHECK(receiver.receive() == "READY=1\nSTATUS=2 jobs");
  }
}

TEST_CASE("notify: without systemd nothing happens; a lost socket is an error, not the end") {
  CHECK(SystemdNotify("").send("READY=1").has_value());
  const auto sent = SystemdNotify("/nonexistent/notify").send("READY=1");
  REQUIRE_FALSE(sent.has_value());
  CHECK(sent.error().code() == Errc::not_found);
  CHECK_FALSE(SystemdNotify(std::string(200, 'x')).send("READY=1").has_value());
}

TEST_CASE("notify: the watchdog is fed at half its limit, and only if it is ours") {
  ::setenv("NOTIFY_SOCKET", "/run/x", 1);
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  CHECK(SystemdNotify::from_environment().watchdog_interval() == Duration(15s));
  CHECK(std::getenv("NOTIFY_SOCKET") == nullptr);
  CHECK(std::getenv("WATCHDOG_USEC") == nullptr);
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  CHECK_FALSE(SystemdNotify::from_environment().watchdog_interval());
  CHECK_FALSE(SystemdNotify::from_environment().watchdog_interval());
}
