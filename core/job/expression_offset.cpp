#include "core/job/expression_offset.hpp"

#include <fmt/format.h>

#include <limits>
#include <numeric>

namespace sluice::job {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;
// Beyond this no result can lie in the years 1 to 9999.
constexpr std::int64_t kOffsetDaysMax = 10'000 * 366;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads the text of an offset from left to right.
class OffsetReader {
 public:
  explicit OffsetReader(Span span) : span_(span) {}

  bool at_end() const { return at_ == span_.size(); }
  std::size_t place() const { return span_.offset + at_; }
  char peek() const { return at_end() ? '\0' : span_.text[at_]; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  // Digits only; nothing when there are none.
  std::optional<std::int64_t> number() {
    if (!is_digit(peek())) return std::nullopt;
    const std::size_t start = place();
    std::int64_t value = 0;
    for (; is_digit(peek()); ++at_) {
      if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, peek() - '0', &value)) {
        stop(ExpressionErrc::range, start, "the number is too large");
      }
    }
    return value;
  }

 private:
  Span span_;
  std::size_t at_ = 0;
};

// The least number counts as too large as well: reduce() could not take it without its sign.
constexpr std::int64_t kNoOpposite = std::numeric_limits<std::int64_t>::min();

std::int64_t multiply(std::int64_t a, std::int64_t b, std::size_t place) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product) || product == kNoOpposite)
    stop(ExpressionErrc::range, place, "the offset is too large");
  return product;
}

// A fraction in lowest terms, denominator > 0.
struct Fraction {
  std::int64_t numerator = 0;
  std::int64_t denominator = 1;

  void reduce() {
    const std::int64_t divisor = std::gcd(numerator, denominator);
    numerator /= divisor;
    denominator /= divisor;
  }
};

Fraction sum(const Fraction& a, const Fraction& b, std::size_t place) {
  const std::int64_t left = multiply(a.numerator, b.denominator, place);
  const std::int64_t right = multiply(b.numerator, a.denominator, place);
  Fraction result{0, multiply(a.denominator, b.denominator, place)};
  if (__builtin_add_overflow(left, right, &result.numerator) || result.numerator == kNoOpposite) {
    stop(ExpressionErrc::range, place, "the offset is too large");
  }
  result.reduce();
  return result;
}

struct Term {
  Fraction days;
  bool divided = false;  // written with "/": elapsed time, not calendar days
};

// INT { ("*"|"/") INT }, the sign already read.
Term parse_term(OffsetReader& reader, bool negative) {
  Term term;
  const std::size_t start = reader.place();
  const auto first = reader.number();
  if (!first) stop(ExpressionErrc::offset, start, "expected a number after the sign");
  term.days.numerator = negative ? -*first : *first;
  while (reader.peek() == '*' || reader.peek() == '/') {
    const bool divide = reader.take('/') || !reader.take('*');
    const std::size_t place = reader.place();
    const auto factor = reader.number();
    if (!factor)
      stop(ExpressionErrc::offset, place, fmt::format("expected a number after {}", divide ? '/' : '*'));
    if (divide && *factor == 0) stop(ExpressionErrc::div0, place, "division by 0");
    std::int64_t& side = divide ? term.days.denominator : term.days.numerator;
    side = multiply(side, *factor, place);
    term.days.reduce();
    term.divided = term.divided || divide;
  }
  return term;
}

void check_days(std::int64_t days, std::size_t place) {
  if (days < -kOffsetDaysMax || days > kOffsetDaysMax) {
    stop(ExpressionErrc::range, place, "the offset is longer than 10,000 years");
  }
}

}  // namespace

void stop(ExpressionErrc code, std::size_t offset, std::string message) {
  throw ExpressionStop{ExpressionError{code, offset, std::move(message)}};
}

std::size_t offset_start(std::string_view text) {
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    if ((text[at] == '+' || text[at] == '-') && is_digit(text[at + 1])) return at;
  }
  return text.size();
}

CycleOffset parse_terms(Span span, bool whole_days_show) {
  std::int64_t days = 0;
  Fraction elapsed;
  OffsetReader reader(span);
  while (!reader.at_end()) {
    const std::size_t place = reader.place();
    const bool negative = reader.take('-');
    if (!negative && !reader.take('+')) {
      stop(ExpressionErrc::offset, place, "expected + or - and a number, such as -10/24/60, up to the \"]\"");
    }
    const Term term = parse_term(reader, negative);
    if (term.divided) {
      elapsed = sum(elapsed, term.days, place);
      continue;
    }
    if (!whole_days_show) {
      stop(ExpressionErrc::ambiguous_offset, place,
           "a whole number moves days, but the format shows none; for months write $[add_months(yyyymm,-1)], "
           "for "
           "years $[add_months(yyyy,-12)]");
    }
    if (__builtin_add_overflow(days, term.days.numerator, &days)) {
      stop(ExpressionErrc::range, place, "the offset is too large");
    }
  }
  check_days(days, span.offset);
  check_days(elapsed.numerator / elapsed.denominator, span.offset);
  Fraction seconds{multiply(elapsed.numerator, kDaySeconds, span.offset), elapsed.denominator};
  seconds.reduce();
  return CycleOffset{days, seconds.numerator, seconds.denominator};
}

std::optional<std::int64_t> parse_whole(Span span) {
  OffsetReader reader(span);
  const bool negative = reader.take('-');
  if (!negative) reader.take('+');
  const auto first = reader.number();
  if (!first) return std::nullopt;
  std::int64_t value = negative ? -*first : *first;
  if (reader.take('*')) {
    const auto factor = reader.number();
    if (!factor) return std::nullopt;
    value = multiply(value, *factor, span.offset);
  }
  if (!reader.at_end()) return std::nullopt;
  check_days(value, span.offset);
  return value;
}

}  // namespace sluice::job
