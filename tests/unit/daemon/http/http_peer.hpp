#pragma once
// A server on a virtual clock, and peers with a socket that say exactly what they are told to.

#include "core/base/virtual_clock.hpp"
#include "daemon/http/http_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace sluice::test {

class Peer {
 public:
  explicit Peer(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    connected = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  explicit Peer(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::fcntl(socket_, F_SETFL, O_NONBLOCK);
  }
  ~Peer() { ::close(socket_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void send(std::string_view text) const {
    CHECK(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) > 0);
  }

  bool connected = false;
  int socket() const { return socket_; }

 private:
  int socket_;
};

struct ServerFixture {
  explicit ServerFixture(daemon::RequestHandler handler, daemon::ServerLimits limits = {})
      : server(loop.get_executor(), clock, std::move(handler), limits) {}
  ~ServerFixture() { stop(); }

  void stop() {
    boost::asio::co_spawn(loop, server.stop(), [](std::exception_ptr) {});
    loop.restart();
    loop.run();
  }

  // What comes back until the end of the stream, or until `enough` is in it.
  std::string receive(const Peer& peer, std::string_view enough = "\xff") {
    std::string text;
    for (int turns = 0; turns < 20000; ++turns) {
      loop.restart();
      loop.poll();
      char buffer[4096];
      const auto size = ::recv(peer.socket(), buffer, sizeof buffer, 0);
      if (size == 0) return text + "(closed)";
      if (size > 0) text.append(buffer, static_cast<std::size_t>(size));
      if (text.find(enough) != std::string::npos) return text;
      if (size < 0) {
        pollfd wait{peer.socket(), POLLIN, 0};
        ::poll(&wait, 1, 1);
      }
    }
    return text + "(silence)";
  }

  std::string ask(const Peer& peer, const std::string& request, std::string_view enough = "\xff") {
    peer.send(request);
    return receive(peer, enough);
  }

  boost::asio::io_context loop{1};
  VirtualClock clock{loop, Instant()};
  daemon::HttpServer server;
};

inline std::string get(const std::string& host, const std::string& more = "") {
  return "GET /x HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n" + more + "\r\n";
}

}  // namespace sluice::test
