#pragma once
// Reads the members of a JSON object of ours. For core/pipeline's own documents; docs/formats.md describes
// them.

#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::pipeline {

inline std::int64_t to_microseconds(Instant instant) { return instant.time_since_epoch().count(); }

// Whether a time since 1970 lies in the years 1 to 9999: others have no text, and sums of them overflow.
constexpr bool is_believable(std::int64_t us) {
  return us >= -62'135'596'800'000'000 && us < 253'402'300'800'000'000;
}

// Keeps the first mistake in `error` (invalid_argument, "read positions.shards[1].kind: expected ...") and
// goes on with an empty value, so that callers look once, at the end. `value` and `error` must outlive the
// reader.
class JsonReader {
 public:
  JsonReader(const boost::json::value& value, std::string path, std::optional<Error>& error);

  std::string string(std::string_view member);
  std::int64_t integer(std::string_view member);
  std::uint64_t count(std::string_view member);  // not negative
  Instant instant(std::string_view member);      // microseconds since 1970, is_believable()

  // The member, or null where it is absent.
  const boost::json::value* optional(std::string_view member) const;

  // Calls `read` with each element of an array of objects.
  void each(std::string_view member, const std::function<void(JsonReader)>& read);

  void fail(std::string_view member, std::string_view expected);

 private:
  const boost::json::object* object_ = nullptr;
  std::string path_;
  std::optional<Error>& error_;
};

}  // namespace sluice::pipeline
