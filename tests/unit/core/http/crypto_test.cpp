#include "core/http/crypto.hpp"

#include <catch2/catch.hpp>

using namespace sluice;

TEST_CASE("crypto: digests equal the published test values", "[http]") {
  CHECK(http::hex(http::md5("")) == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(http::hex(http::md5("message digest")) == "f96b697d7cb7938d525a2f31aaf161d0");
  CHECK(http::hex(http::sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("crypto: HMACs equal the test values of RFC 2202 and RFC 4231", "[http]") {
  const std::string text = "what do ya want for nothing?";
  CHECK(http::hex(http::hmac_sha1("Jefe", text)) == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  CHECK(http::hex(http::hmac_sha256("Jefe", text)) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  // A key longer than a block is hashed first.
  const std::string long_key(80, '\xaa');
  CHECK(http::hex(http::hmac_sha1(long_key, "Test Using Larger Than Block-Size Key - Hash Key First")) ==
        "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

TEST_CASE("crypto: an empty HMAC key is a key", "[http]") {
  CHECK(http::hex(http::hmac_sha1("", "")) == "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
}

TEST_CASE("crypto: base64 equals the table of RFC 4648", "[http]") {
  CHECK(http::base64("").empty());
  CHECK(http::base64("f") == "Zg==");
  CHECK(http::base64("fo") == "Zm8=");
  CHECK(http::base64("foo") == "Zm9v");
  CHECK(http::base64("foob") == "Zm9vYg==");
  CHECK(http::base64("fooba") == "Zm9vYmE=");
  CHECK(http::base64("foobar") == "Zm9vYmFy");
  CHECK(http::base64("\xff\xfe\xfb") == "//77");
}

TEST_CASE("crypto: percent encoding leaves unreserved and kept characters alone", "[http]") {
  CHECK(http::percent_encode("aZ09-._~") == "aZ09-._~");
  CHECK(http::percent_encode("a b/c+\xe4\xb8\xad") == "a%20b%2Fc%2B%E4%B8%AD");
  CHECK(http::percent_encode("a b/c", "/") == "a%20b/c");
}
