#pragma once
// A connection of the server over TLS; in a file of its own because it takes long to compile.

#include "daemon/http/http_session.hpp"

#include <boost/beast/core/tcp_stream.hpp>

namespace sluice::daemon {

// Shakes hands by the listener's certificate, which must be there, and serves until the connection ends.
awaitable<void> run_tls_session(boost::beast::tcp_stream stream, Listener& listener, Caller caller,
                                std::string address);

}  // namespace sluice::daemon
