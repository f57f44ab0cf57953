#pragma once
// The offset part of a value expression: "-1-10/24/60", "+7*2". For the expression parser only.

#include "core/job/time_expression.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::job {

// Unwinds the parser; caught in TimeExpression::parse() and nowhere else.
struct ExpressionStop {
  ExpressionError error;
};
[[noreturn]] void stop(ExpressionErrc code, std::size_t offset, std::string message);

// A part of the whole text that knows where it stands in it.
struct Span {
  std::string_view text;
  std::size_t offset = 0;

  std::size_t size() const { return text.size(); }
  Span first(std::size_t count) const { return {text.substr(0, count), offset}; }
  Span from(std::size_t at) const { return {text.substr(at), offset + at}; }
};

// Index of the "+" or "-" that is directly followed by a digit: there the offset begins. The size if there is
// none.
std::size_t offset_start(std::string_view text);

// Days move the calendar, the fraction of seconds is elapsed time.
struct CycleOffset {
  std::int64_t days = 0;
  std::int64_t elapsed_seconds = 0;
  std::int64_t elapsed_denominator = 1;
};

// A sum of signed terms INT { ("*"|"/") INT }, unit: day. Whole days are refused unless the format can show
// them.
CycleOffset parse_terms(Span span, bool whole_days_show);

// [sign] INT [ "*" INT ], nothing else; nothing when the text is no such number.
std::optional<std::int64_t> parse_whole(Span span);

}  // namespace sluice::job
