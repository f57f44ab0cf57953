#pragma once
// Keys that go from one to the next each time a server refuses them.

#include "core/http/credentials.hpp"

#include <fmt/format.h>

namespace sluice::test {

// "id-1", "secret-1", "token-1", then "id-2" and so on, `count` of them; not_found after the last.
class ListedCredentials final : public http::CredentialsProvider {
 public:
  explicit ListedCredentials(int count) : count_(count) {}

  static http::Credentials number(int n) {
    return {fmt::format("id-{}", n), Secret(fmt::format("secret-{}", n)), Secret(fmt::format("token-{}", n))};
  }

  awaitable<Result<http::Credentials>> get() override {
    if (current_ > count_) co_return Error(Errc::not_found, "no keys left");
    co_return number(current_);
  }
  bool renew(const http::Credentials& refused) override {
    if (refused == number(current_)) ++current_;
    return true;
  }

 private:
  int count_;
  int current_ = 1;
};

}  // namespace sluice::test
