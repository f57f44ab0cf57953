#pragma once
// Certificates made on the spot, so that no test depends on a file that expires.

#include <boost/asio/ssl/context.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

namespace sluice::http::test {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;

inline std::string text_of(BIO* bio) {
  char* bytes = nullptr;
  const long length = BIO_ctrl(bio, BIO_CTRL_INFO, 0, &bytes);
  return std::string(bytes, static_cast<std::size_t>(length));
}

// A self-signed certificate for `names` ("DNS:localhost,IP:127.0.0.1"), valid for an hour around now, and its
// key.
class Identity {
 public:
  explicit Identity(const std::string& names) {
    Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    Certificate certificate(X509_new());
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -1800);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 1800);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* const name = X509_get_subject_name(certificate.get());
    const std::string common = "sluice test";
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(common.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    const Extension alternatives(X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str()));
    X509_add_ext(certificate.get(), alternatives.get(), -1);
    if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0)
      throw std::runtime_error("sign certificate");
    const Bio certificate_bio(BIO_new(BIO_s_mem()));
    const Bio key_bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(certificate_bio.get(), certificate.get());
    PEM_write_bio_PrivateKey(key_bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    certificate_pem_ = text_of(certificate_bio.get());
    key_pem_ = text_of(key_bio.get());
  }

  const std::string& certificate_pem() const noexcept { return certificate_pem_; }
  const std::string& key_pem() const noexcept { return key_pem_; }

  boost::asio::ssl::context server_context() const {
    boost::asio::ssl::context context(boost::asio::ssl::context::tls_server);
    context.use_certificate(boost::asio::buffer(certificate_pem_), boost::asio::ssl::context::pem);
    context.use_private_key(boost::asio::buffer(key_pem_), boost::asio::ssl::context::pem);
    return context;
  }

 private:
  std::string certificate_pem_;
  std::string key_pem_;
};

// A file that is removed with its object.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-XXXXXX").string();
    const int descriptor = mkstemp(name.data());
    if (descriptor < 0) throw std::runtime_error("create temporary file");
    close(descriptor);
    path_ = name;
    std::ofstream(path_) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace sluice::http::test
