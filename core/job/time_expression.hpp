#pragma once
// Value expressions of scheduling parameters: "$[yyyymmddhh24miss-10/24/60]", "${yyyymmdd-1}", "$bizdate".
// docs/job-files.md has the grammar. Parsed once, evaluated for every instance; all arithmetic is in
// integers.

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/job/civil_time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::job {

// Names are printed in messages and are stable.
enum class ExpressionErrc {
  empty,             // E_EMPTY: no text at all
  space_or_eq,       // E_SPACE_OR_EQ: white space, a control character or "=" in the value
  token,             // E_TOKEN: letters or digits that are no part of a date or time
  unterminated,      // E_UNTERMINATED: "}", "]" or ")" is missing
  biz_offset,        // E_BIZ_OFFSET: ${...} takes one whole number only
  offset,            // E_OFFSET: an offset of $[...] that cannot be read
  ambiguous_offset,  // E_AMBIGUOUS_OFFSET: whole days on a format that shows months or years only
  months,            // E_MONTHS: add_months() needs one whole number of months
  div0,              // E_DIV0
  range,             // E_RANGE: a number or a date beyond what can be computed
  unknown_builtin,   // E_UNKNOWN_BUILTIN: "$name" or "${a.b}" that nobody defines
};
std::string_view to_string(ExpressionErrc code) noexcept;

struct ExpressionError {
  ExpressionErrc code = ExpressionErrc::empty;
  std::size_t offset = 0;  // bytes from the start of the text
  std::string message;     // says what is wrong and the way out; without code and offset
};

// "E_TOKEN at character 3: ...". `text` is the expression that was parsed.
std::string describe(const ExpressionError& error, std::string_view text);

// The time and place an expression is evaluated for.
struct Moment {
  Instant scheduled{};
  CivilTime civil{};      // of `scheduled` in `zone`
  std::string_view zone;  // IANA name
  std::string_view job;   // what $jobid and $nodeid print
};

// invalid_argument for an unknown zone. The views must outlive the Moment.
Result<Moment> moment_of(Instant scheduled, std::string_view zone, std::string_view job);

class TimeExpression {
 public:
  static boost::system::result<TimeExpression, ExpressionError> parse(std::string_view text);

  // Fails with invalid_argument when the result leaves the years 1 to 9999.
  Result<std::string> evaluate(const Moment& moment) const;

  // The instant whose hour, or minute, evaluate() prints: that of the first piece with such a token. Nothing
  // where the expression has none ("$bizdate", "$[yyyymmdd]020000"). The text alone does not tell it where
  // the clocks show a reading twice.
  enum class Clock { hour, minute };
  std::optional<Instant> instant(const Moment& moment, Clock part) const;

  // True for "$bizdate" and its other spellings: the only value a parameter named "date" can have.
  bool is_business_date() const noexcept;

  enum class Builtin { bizdate, cyctime, gmtdate, bizmonth, jobid, nodeid, taskid };
  enum class Token { year4, year2, month, day, hour24, hour12, minute, second };
  using Format = std::vector<std::variant<Token, std::string>>;  // tokens and the text between them

  // Base T-1, day precision: at most one of the three is not 0.
  struct Business {
    Format format;
    std::int64_t years = 0;
    std::int64_t months = 0;
    std::int64_t days = 0;
  };
  // Base T. Whole-day terms move the local calendar, fractions of a day are elapsed time.
  struct Cycle {
    Format format;
    std::int64_t months = 0;
    std::int64_t days = 0;
    std::int64_t elapsed_seconds = 0;      // numerator ...
    std::int64_t elapsed_denominator = 1;  // ... and denominator, > 0
  };
  using Piece = std::variant<std::string, Builtin, Business, Cycle>;

  explicit TimeExpression(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {}

 private:
  std::vector<Piece> pieces_;
};

// Result::value() of a failed parse throws ErrorException.
[[noreturn]] void throw_exception_from_error(const ExpressionError& error,
                                             const boost::source_location& where);

}  // namespace sluice::job
