#include "core/http/connection.hpp"
#include "tests/unit/core/http/loopback.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace sluice;
using namespace sluice::http;
using namespace sluice::http::test;
using namespace std::chrono_literals;

namespace {

// An address that swallows connects: its queue is full, and nobody takes from it.
class SilentAddress {
 public:
  SilentAddress(asio::io_context& io, const std::string& address, std::uint16_t port)
      : acceptor_(io), full_(io) {
    const Tcp::endpoint own(asio::ip::make_address(address), port);
    acceptor_.open(own.protocol());
    acceptor_.bind(own);
    acceptor_.listen(0);
    full_.connect(own);
  }

 private:
  Tcp::acceptor acceptor_;
  Tcp::socket full_;
};

TEST_CASE("connect: only the last address gets the whole limit", "[http]") {
  CHECK(connect_limit(30s, 0) == 30s);
  CHECK(connect_limit(30s, 1) == 3s);
  CHECK(connect_limit(30s, 3) == 3s);
  CHECK(connect_limit(4s, 1) == 2s);
  CHECK(connect_limit(4s, 3) == 1s);
}

TEST_CASE("connect: an address that swallows packets leaves the next one its time", "[http]") {
  Client client;
  LoopbackServer server(client.io, "127.0.0.1", {{{ok("one")}}});
  SilentAddress silent(client.io, "127.0.0.2", server.port());
  const Route route{Endpoint{false, "example.test", server.port()}};
  const Addresses both = {asio::ip::make_address("127.0.0.2"), asio::ip::make_address("127.0.0.1")};
  const auto opened = run(client.io, open_connection(route, both, 400ms, nullptr));
  CHECK(opened.has_value());
  const Addresses dead(2, both.front());
  const auto failed = run(client.io, open_connection(route, dead, 40ms, nullptr));
  REQUIRE(failed.has_error());
  CHECK(failed.error().code() == Errc::timeout);
}

}  // namespace
