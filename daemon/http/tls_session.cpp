#include "daemon/http/tls_session.hpp"

#include <boost/asio/ssl/stream.hpp>

namespace sluice::daemon {

awaitable<void> run_tls_session(boost::beast::tcp_stream stream, Listener& listener, Caller caller,
                                std::string address) {
  using TlsStream = boost::asio::ssl::stream<boost::beast::tcp_stream>;
  const auto context = listener.tls;  // of this connection, whatever is renewed meanwhile
  TlsStream secured(std::move(stream), *context);
  Session<TlsStream> session(std::move(secured), listener, std::move(caller), std::move(address));
  co_await session.run();
}

}  // namespace sluice::daemon
