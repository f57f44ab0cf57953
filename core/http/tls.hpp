#pragma once
// The client's side of TLS: which certificates are accepted.

#include "core/base/error.hpp"

#include <boost/asio/ssl/context.hpp>

#include <string>

namespace sluice::http {

// TLS 1.2 and later, peer verified against `ca_file` (PEM) or, when that is empty, the system's certificates
// (SSL_CERT_FILE and SSL_CERT_DIR are respected). io: the file cannot be read or holds no certificate.
Result<boost::asio::ssl::context> make_tls_context(const std::string& ca_file);

// Makes the handshake of `connection` ask for `host` and accept only a certificate made out to it. An IP
// address is looked for among the certificate's addresses.
Result<void> expect_host(SSL* connection, const std::string& host);

// The error of a failed handshake with `host`: permission_denied with the reason if it was the certificate,
// otherwise unavailable.
Error handshake_error(SSL* connection, const std::string& host, const boost::system::error_code& code);

}  // namespace sluice::http
