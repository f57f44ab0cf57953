#pragma once
// Dates as text, by the patterns of the job's `dateFormat`.

#include "core/base/error.hpp"
#include "core/format/byte_buffer.hpp"
#include "core/job/civil_time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::format {

inline constexpr std::string_view kUsualDatePattern = "yyyy-MM-dd HH:mm:ss";

// The letters of Java's SimpleDateFormat that name a part of a date and time: y M d D E u w W F a H k K h m s
// S z Z X, with English names and, for w and W, weeks that begin on Sunday. Text stands in single quotes, ''
// is one of them. Dates are of the Gregorian calendar throughout.
class DatePattern {
 public:
  // kUsualDatePattern in UTC.
  DatePattern();

  // Months, days and "a" in English; `zone` is an IANA name. invalid_argument names the letter at fault and
  // its place, or the zone.
  static Result<DatePattern> parse(std::string_view pattern, std::string_view zone);

  // False, and nothing written, outside of the years 1 to 9999 (UTC). `ms`: since 1970-01-01 UTC. Remembers
  // how the zone's clocks stand, so a pattern serves one thread.
  [[nodiscard]] bool append(std::int64_t ms, ByteBuffer& out) const;

 private:
  struct Part {
    char letter = 0;        // 0: `text` as it stands
    std::size_t width = 0;  // how often the letter stands there
    std::string text;
  };
  struct Reading;

  Result<void> add_letters(std::string_view pattern, std::size_t at, std::size_t width);
  std::size_t add_quoted(std::string_view pattern, std::size_t at);
  void add_text(std::string_view text);
  const job::ZonePeriod& period_at(std::int64_t seconds) const;
  void append_part(const Part& part, const Reading& reading, ByteBuffer& out) const;
  void append_zone(const Part& part, ByteBuffer& out) const;

  std::string zone_ = "UTC";
  std::vector<Part> parts_;
  std::string names_[2];  // of the zone in full, in winter and in summer; only if asked for
  mutable job::ZonePeriod period_;
};

}  // namespace sluice::format
