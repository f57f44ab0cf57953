#include "core/base/error.hpp"

#include "core/base/secret.hpp"

#include <catch2/catch.hpp>

#include <cerrno>

using namespace sluice;

TEST_CASE("error: every code has its own stable name", "[base]") {
  CHECK(to_string(Errc::trimmed) == "trimmed");
  CHECK(to_string(Errc::refused_by_state) == "refused_by_state");
  CHECK(to_string(Errc::disk_full) == "disk_full");
}

TEST_CASE("error: only what a second try may cure is transient", "[base]") {
  CHECK(is_transient(Errc::unavailable));
  CHECK(is_transient(Errc::throttled));
  CHECK_FALSE(is_transient(Errc::unauthenticated));
  CHECK_FALSE(is_transient(Errc::trimmed));
}

TEST_CASE("error: a prefix says what was being done and keeps the code", "[base]") {
  const Error error = Error(Errc::not_found, "no such table").in("describe orders");
  CHECK(error.code() == Errc::not_found);
  CHECK(error.message() == "describe orders: no such table");
}

TEST_CASE("error: errno maps to the code a caller decides by", "[base]") {
  CHECK(from_errno(ENOSPC, "write x").code() == Errc::disk_full);
  CHECK(from_errno(EDQUOT, "write x").code() == Errc::disk_full);
  CHECK(from_errno(EACCES, "open x").code() == Errc::permission_denied);
  CHECK(from_errno(EPERM, "open x").code() == Errc::permission_denied);
  CHECK(from_errno(EIO, "read x").code() == Errc::io);
  CHECK(from_errno(ENOENT, "open x").message() == "open x: No such file or directory");
}

TEST_CASE("error: value() of a failed result throws the error it holds", "[base]") {
  const Result<int> failed = Error(Errc::corrupt, "bad checksum");
  try {
    static_cast<void>(failed.value());
    FAIL("did not throw");
  } catch (const ErrorException& thrown) {
    CHECK(thrown.error().code() == Errc::corrupt);
    CHECK(std::string(thrown.what()) == "bad checksum");
  }
}

TEST_CASE("secret: printing it shows stars, never the value", "[base]") {
  const Secret secret("canary-7f3a");
  CHECK(fmt::format("{}", secret) == "******");
  CHECK(secret.reveal() == "canary-7f3a");
}
