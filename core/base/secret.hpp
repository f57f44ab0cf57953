#pragma once
// A value that must not reach a log, an API answer, the database or an error text.

#include <fmt/format.h>

#include <string>

namespace sluice {

// Printing a Secret prints "******". reveal() is for the signer only.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  const std::string& reveal() const noexcept { return value_; }
  bool empty() const noexcept { return value_.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string value_;
};

}  // namespace sluice

template <>
struct fmt::formatter<sluice::Secret> : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(const sluice::Secret&, Context& context) const {
    return fmt::formatter<fmt::string_view>::format("******", context);
  }
};
