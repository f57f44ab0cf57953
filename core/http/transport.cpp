#include "core/http/transport.hpp"

#include "core/http/connection.hpp"

#include <fmt/format.h>

#include <list>

namespace sluice::http {
namespace {

// Connections waiting for their next request, most recently used first.
class IdlePool {
 public:
  IdlePool(Clock& clock, const TransportOptions& options)
      : clock_(clock), limit_(options.idle_limit), connections_max_(options.idle_connections_max) {}

  std::unique_ptr<Connection> take(const Route& route) {
    close_expired();
    for (auto entry = idle_.begin(); entry != idle_.end(); ++entry) {
      if (entry->route != route) continue;
      auto connection = std::move(entry->connection);
      idle_.erase(entry);
      return connection;
    }
    return nullptr;
  }

  void keep(const Route& route, std::unique_ptr<Connection> connection) {
    idle_.push_front(Idle{route, std::move(connection), clock_.monotonic()});
    close_expired();
    while (idle_.size() > connections_max_) idle_.pop_back();
  }

 private:
  struct Idle {
    Route route;
    std::unique_ptr<Connection> connection;
    Duration since;
  };

  void close_expired() {
    while (!idle_.empty() && clock_.monotonic() - idle_.back().since >= limit_) idle_.pop_back();
  }

  Clock& clock_;
  Duration limit_;
  std::size_t connections_max_;
  std::list<Idle> idle_;
};

class SocketTransport final : public Transport {
 public:
  SocketTransport(Executor executor, Clock& clock, TransportOptions options)
      : options_(std::move(options)), resolver_(std::move(executor), clock), pool_(clock, options_) {}

  awaitable<Result<Response>> send(const Endpoint& endpoint, const Request& request) override {
    const Route route{endpoint, request.direct ? nullptr : options_.proxies.proxy_for(endpoint)};
    const auto head = serialize_head(route, request);
    if (!head) co_return head.error();
    if (auto kept = pool_.take(route)) {
      Exchange exchange = co_await kept->exchange(*head, request);
      const bool died_unused = exchange.response.has_error() && !exchange.answer_begun &&
                               exchange.response.error().code() == Errc::unavailable;
      if (!died_unused || request.sent_once) co_return finish(route, std::move(kept), std::move(exchange));
    }
    auto opened = co_await open(route, request.limit);
    if (!opened) co_return opened.error();
    auto connection = std::move(opened).value();
    Exchange exchange = co_await connection->exchange(*head, request);
    co_return finish(route, std::move(connection), std::move(exchange));
  }

 private:
  Result<Response> finish(const Route& route, std::unique_ptr<Connection> connection, Exchange exchange) {
    if (exchange.reusable) pool_.keep(route, std::move(connection));
    if (exchange.response.has_error()) {
      const std::string through = route.proxy != nullptr ? " through proxy " + name_of(*route.proxy) : "";
      return exchange.response.error().in(
          fmt::format("{} port {}{}", route.endpoint.host, route.endpoint.port, through));
    }
    constexpr int kProxyLoginNeeded = 407;
    if (route.is_proxied() && exchange.response->status == kProxyLoginNeeded) {
      return login_refused("send request", route);
    }
    return std::move(exchange.response);
  }

  awaitable<Result<std::unique_ptr<Connection>>> open(const Route& route, Duration limit) {
    boost::asio::ssl::context* tls = nullptr;
    if (route.endpoint.tls) {
      auto context = tls_context();
      if (!context) co_return context.error();
      tls = *context;
    }
    const std::string host = route.first_hop().host;
    auto addresses = co_await resolver_.resolve(host, limit);
    if (!addresses) co_return addresses.error();
    auto connection = co_await open_connection(route, *addresses, limit, tls);
    if (!connection && connection.error().code() != Errc::permission_denied) resolver_.forget(host);
    co_return connection;
  }

  // Made at the first use, so that a program without TLS needs no certificates.
  Result<boost::asio::ssl::context*> tls_context() {
    if (!tls_) {
      auto made = make_tls_context(options_.ca_file);
      if (!made) return made.error();
      tls_ = std::make_unique<boost::asio::ssl::context>(std::move(made).value());
    }
    return tls_.get();
  }

  TransportOptions options_;
  std::unique_ptr<boost::asio::ssl::context> tls_;  // before the connections, which point to it
  Resolver resolver_;
  IdlePool pool_;
};

}  // namespace

std::unique_ptr<Transport> make_transport(Executor executor, Clock& clock, TransportOptions options) {
  return std::make_unique<SocketTransport>(std::move(executor), clock, std::move(options));
}

}  // namespace sluice::http
