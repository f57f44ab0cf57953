#include "daemon/http/server_tls.hpp"

#include "core/job/yaml_document.hpp"
#include "daemon/http/http_message.hpp"

#include <boost/asio/ssl/context.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <ctime>
#include <sys/stat.h>

namespace sluice::daemon {
namespace {

namespace ssl = boost::asio::ssl;

constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305";
constexpr std::chrono::days kSoon{14};

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

Error wrong(std::string_view kind, const std::string& file, std::string_view cause) {
  return Error(Errc::invalid_argument, fmt::format("use {} {}: {}", kind, file, cause));
}

Result<Certificate> read_certificate(const std::string& text, const std::string& file) {
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (!certificate) return wrong("certificate", file, "it holds no certificate in PEM (BEGIN CERTIFICATE)");
  return certificate;
}

std::string utc(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unreadable date";
  return fmt::format("{:%Y-%m-%dT%H:%MZ}", parts);
}

// What its dates say; empty: nothing to worry about.
std::string dates_of(X509* certificate, const std::string& file, Instant now) {
  std::time_t at =
      std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::seconds>(now));
  std::time_t soon = at + std::chrono::seconds(kSoon).count();
  if (X509_cmp_time(X509_get0_notBefore(certificate), &at) > 0)
    return fmt::format("certificate {}: not valid before {}", file, utc(X509_get0_notBefore(certificate)));
  if (X509_cmp_time(X509_get0_notAfter(certificate), &at) < 0)
    return fmt::format("certificate {}: expired at {}; renew it, then sluice reload", file,
                       utc(X509_get0_notAfter(certificate)));
  if (X509_cmp_time(X509_get0_notAfter(certificate), &soon) < 0)
    return fmt::format("certificate {}: expires at {}; renew it, then sluice reload", file,
                       utc(X509_get0_notAfter(certificate)));
  return "";
}

Result<void> check_key_mode(const std::string& file) {
  struct stat state {};
  if (::stat(file.c_str(), &state) != 0) return from_errno(errno, "read the key " + file);
  if ((state.st_mode & 0007U) == 0) return {};
  return Error(
      Errc::permission_denied,
      fmt::format("use key {}: everybody on this machine may read or change it; chmod o-rwx {}", file, file));
}

// Asked for the password of an encrypted key: there is nobody to type it.
int no_password(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return 0;
}

Result<void> use_key(ssl::context& context, const std::string& text, const std::string& file) {
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  bool asked = false;
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, &asked);
  ERR_clear_error();
  if (key == nullptr && asked)
    return wrong("key", file, "it is encrypted; write it without a password (openssl pkey -in KEY -out NEW)");
  if (key == nullptr) return wrong("key", file, "it holds no private key in PEM (BEGIN PRIVATE KEY)");
  // Also checks that it belongs to the certificate, which is set before.
  const bool used = SSL_CTX_use_PrivateKey(context.native_handle(), key) == 1 &&
                    SSL_CTX_check_private_key(context.native_handle()) == 1;
  EVP_PKEY_free(key);
  ERR_clear_error();
  if (!used) return wrong("key", file, "it does not belong to the certificate");
  return {};
}

Result<void> demand_client_certificates(ssl::context& context, const std::string& file) {
  const auto text = job::read_text_file(file);
  if (!text) return text.error();
  const auto first = read_certificate(*text, file);
  if (!first) return first.error();
  boost::system::error_code failure;
  context.load_verify_file(file, failure);
  if (failure) return wrong("client certificates", file, failure.message());
  SSL_CTX_set_client_CA_list(context.native_handle(), SSL_load_client_CA_file(file.c_str()));
  context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  return {};
}

void set_profile(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, kCiphers);
  // What SSL_CTX_set1_groups_list() does, whose macro has an old-style cast.
  std::string groups = "X25519:P-256:P-384";
  SSL_CTX_ctrl(context, SSL_CTRL_SET_GROUPS_LIST, 0, groups.data());
  // Resumed sessions would outlive a renewed certificate and a withdrawn client's.
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, nullptr);
}

}  // namespace

Result<ServerTls> make_server_tls(const TlsFiles& files, Instant now) {
  const auto chain = job::read_text_file(files.certificate);
  if (!chain) return chain.error();
  const auto certificate = read_certificate(*chain, files.certificate);
  if (!certificate) return certificate.error();
  const auto mode = check_key_mode(files.key);
  if (!mode) return mode.error();
  const auto key = job::read_text_file(files.key);
  if (!key) return key.error();
  ServerTls tls;
  tls.context = std::make_shared<ssl::context>(ssl::context::tls_server);
  set_profile(tls.context->native_handle());
  boost::system::error_code failure;
  tls.context->use_certificate_chain(boost::asio::buffer(*chain), failure);
  if (failure) return wrong("certificate", files.certificate, failure.message());
  const auto used = use_key(*tls.context, *key, files.key);
  if (!used) return used.error();
  if (!files.client_ca.empty()) {
    const auto demanded = demand_client_certificates(*tls.context, files.client_ca);
    if (!demanded) return demanded.error();
  }
  tls.warning = dates_of(certificate->get(), files.certificate, now);
  return tls;
}

std::string certificate_name(const ssl_st* connection) {
  const Certificate certificate(SSL_get1_peer_certificate(connection));
  if (!certificate) return "";
  std::array<char, 256> name{};
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName,
                                             name.data(), static_cast<int>(name.size()));
  if (size <= 0) return "without a name";
  return loggable(std::string_view(name.data(), static_cast<std::size_t>(size)));
}

}  // namespace sluice::daemon
