#include "core/http/tls.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace sluice::http {
namespace ssl = boost::asio::ssl;

Result<ssl::context> make_tls_context(const std::string& ca_file) {
  ssl::context context(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.set_verify_mode(ssl::verify_peer);
  boost::system::error_code failure;
  if (ca_file.empty()) {
    context.set_default_verify_paths(failure);
  } else {
    context.load_verify_file(ca_file, failure);
  }
  if (failure) {
    const std::string_view name =
        ca_file.empty() ? std::string_view("of the system") : std::string_view(ca_file);
    return Error(Errc::io, fmt::format("load certificates {}: {}", name, failure.message()));
  }
  return context;
}

Result<void> expect_host(SSL* connection, const std::string& host) {
  boost::system::error_code not_literal;
  boost::asio::ip::make_address(host, not_literal);
  bool done = false;
  if (not_literal) {
    X509_VERIFY_PARAM_set_hostflags(SSL_get0_param(connection), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    // What SSL_set_tlsext_host_name() does, whose macro has an old-style cast.
    std::string name = host;
    done = SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1 &&
           SSL_set1_host(connection, host.c_str()) == 1;
  } else {
    done = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host.c_str()) == 1;
  }
  if (!done) return Error(Errc::internal, fmt::format("prepare TLS with {}: refused by OpenSSL", host));
  return {};
}

Error handshake_error(SSL* connection, const std::string& host, const boost::system::error_code& code) {
  const long verdict = SSL_get_verify_result(connection);
  if (verdict != X509_V_OK) {
    return Error(Errc::permission_denied,
                 fmt::format("verify certificate of {}: {}", host, X509_verify_cert_error_string(verdict)));
  }
  return Error(Errc::unavailable, fmt::format("start TLS with {}: {}", host, code.message()));
}

}  // namespace sluice::http
