#pragma once
// Reading the API's answers: a missing or odd member reads as empty, for an older or newer daemon may leave
// it out.

#include "core/base/time.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::daemon {

class JsonView {
 public:
  explicit JsonView(const boost::json::value& value) : value_(&value) {}

  JsonView operator[](std::string_view key) const;
  std::string text() const;
  double number() const;
  std::uint64_t count() const;
  bool boolean() const;
  bool is_null() const;
  const boost::json::array& items() const;
  const boost::json::object& members() const;

  // A time of the API; nothing when null.
  std::optional<Instant> time() const;

 private:
  const boost::json::value* value_;
};

// "2018-10-16 00:15" in `zone`, with seconds unless they are 0; "-" for nothing.
std::string local_text(const std::optional<Instant>& instant, const std::string& zone);

// "00:15", or with seconds.
std::string clock_text(const std::optional<Instant>& instant, const std::string& zone);

}  // namespace sluice::daemon
