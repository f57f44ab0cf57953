#include "daemon/http/server_tls.hpp"

#include "tests/unit/core/http/certificate.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

using namespace sluice;
using namespace sluice::daemon;

namespace {

struct Files {
  sluice::test::TempFolder folder;
  http::test::Identity identity{"DNS:localhost"};
  TlsFiles tls;
  Instant now = std::chrono::floor<Duration>(std::chrono::system_clock::now());

  Files() {
    tls.certificate = folder.write("cert.pem", identity.certificate_pem());
    write_key(identity.key_pem());
  }
  void write_key(const std::string& pem, mode_t mode = 0600) {
    tls.key = folder.write("key.pem", pem);
    ::chmod(tls.key.c_str(), mode);
  }
  std::string wrong() const {
    const auto made = make_server_tls(tls, now);
    return made ? std::string("nothing") : made.error().message();
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("server tls: a certificate and its key are used, and one that ends soon is told of") {
  Files files;
  const auto made = make_server_tls(files.tls, files.now);
  REQUIRE(made.has_value());
  CHECK(made->context != nullptr);
  CHECK(has(made->warning, "expires at"));
  CHECK(has(make_server_tls(files.tls, files.now + std::chrono::hours(2))->warning, "expired at"));
  CHECK(has(make_server_tls(files.tls, files.now - std::chrono::hours(2))->warning, "not valid before"));
}

TEST_CASE("server tls: what is wrong is told by file and cause") {
  Files files;
  SECTION("a key that everybody may read") {
    files.write_key(files.identity.key_pem(), 0644);
    CHECK(has(files.wrong(), "key.pem: everybody on this machine may read or change it; chmod o-rwx"));
  }
  SECTION("a file that is missing") {
    files.tls.key = files.folder.path("missing.pem");
    CHECK(has(files.wrong(), "missing.pem: No such file"));
    files.tls.certificate = files.folder.path("none.pem");
    CHECK(has(files.wrong(), "none.pem: No such file"));
  }
  SECTION("a certificate that is no PEM") {
    files.folder.write("cert.pem", "nonsense");
    CHECK(has(files.wrong(), "cert.pem: it holds no certificate in PEM"));
  }
  SECTION("a key that is no PEM") {
    files.write_key("nonsense");
    CHECK(has(files.wrong(), "key.pem: it holds no private key in PEM"));
  }
  SECTION("a key of another certificate") {
    files.write_key(http::test::Identity("DNS:localhost").key_pem());
    CHECK(has(files.wrong(), "key.pem: it does not belong to the certificate"));
  }
  SECTION("an encrypted key") {
    const http::test::Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    const http::test::Bio bio(BIO_new(BIO_s_mem()));
    std::string password = "secret";
    PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), EVP_aes_256_cbc(), password.data(),
                                  static_cast<int>(password.size()), nullptr, nullptr);
    files.write_key(http::test::text_of(bio.get()));
    CHECK(has(files.wrong(), "key.pem: it is encrypted"));
  }
  SECTION("authorities that are none") {
    files.tls.client_ca = files.folder.write("ca.pem", "nonsense");
    CHECK(has(files.wrong(), "ca.pem: it holds no certificate in PEM"));
  }
}
