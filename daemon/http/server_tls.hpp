#pragma once
// The server's side of TLS: certificate, key, and whose certificates clients must have.

#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;
}

struct ssl_st;

namespace sluice::daemon {

// `listen.tls` of sluice.yaml; paths of PEM files.
struct TlsFiles {
  std::string certificate;  // with the intermediate certificates behind it; empty: no TLS
  std::string key;
  std::string client_ca;  // empty: clients need no certificate
  bool enabled() const noexcept { return !certificate.empty(); }
};

struct ServerTls {
  std::shared_ptr<boost::asio::ssl::context> context;
  std::string warning;  // what will soon, or already does, keep clients away: the certificate's dates
};

// TLS 1.2 and later with the ciphers of Mozilla's intermediate profile (wiki.mozilla.org/Security/
// Server_Side_TLS, 5.7). Errors name the file and what is wrong with it: io (cannot be read),
// permission_denied (a key that everybody may read), invalid_argument (not PEM, encrypted, no pair).
Result<ServerTls> make_server_tls(const TlsFiles& files, Instant now);

// The common name of the certificate that the peer of `connection` has shown, fit for the log; "" without.
std::string certificate_name(const ssl_st* connection);

}  // namespace sluice::daemon
