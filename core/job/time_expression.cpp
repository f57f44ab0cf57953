#include "core/job/time_expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace sluice::job {
namespace {

using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year_month_day;

using Token = TimeExpression::Token;

Error out_of_range() {
  return Error(Errc::invalid_argument, "E_RANGE: the result lies outside the years 1 to 9999");
}

bool in_range(CivilTime civil) {
  constexpr sys_days kFirst(std::chrono::year(1) / 1 / 1);
  constexpr sys_days kEnd(std::chrono::year(10'000) / 1 / 1);
  return civil >= kFirst && civil < kEnd;
}

void append_number(std::string& out, unsigned value, unsigned width) {
  char digits[4] = {'0', '0', '0', '0'};
  for (unsigned at = width; at > 0; --at, value /= 10) digits[at - 1] = static_cast<char>('0' + value % 10);
  out.append(digits, width);
}

// The parts of a civil time that tokens print.
struct Fields {
  explicit Fields(CivilTime civil) {
    const sys_days day = std::chrono::floor<days>(civil);
    const year_month_day date(day);
    const auto rest = static_cast<unsigned>((civil - day).count());
    year = static_cast<unsigned>(static_cast<int>(date.year()));
    month = static_cast<unsigned>(date.month());
    day_of_month = static_cast<unsigned>(date.day());
    hour = rest / 3600;
    minute = rest / 60 % 60;
    second = rest % 60;
  }

  void append(std::string& out, Token token) const {
    switch (token) {
      case Token::year4:
        return append_number(out, year, 4);
      case Token::year2:
        return append_number(out, year % 100, 2);
      case Token::month:
        return append_number(out, month, 2);
      case Token::day:
        return append_number(out, day_of_month, 2);
      case Token::hour24:
        return append_number(out, hour, 2);
      case Token::hour12:
        return append_number(out, hour % 12 == 0 ? 12 : hour % 12, 2);
      case Token::minute:
        return append_number(out, minute, 2);
      case Token::second:
        return append_number(out, second, 2);
    }
  }

  unsigned year, month, day_of_month, hour, minute, second;
};

// The caller has checked in_range().
void print(std::string& out, CivilTime civil, const TimeExpression::Format& format) {
  const Fields fields(civil);
  for (const auto& part : format) {
    if (const auto* text = std::get_if<std::string>(&part)) {
      out += *text;
    } else {
      fields.append(out, std::get<Token>(part));
    }
  }
}

// Keeps the time of day; a day the target month does not have becomes its last one. Nothing beyond year 9999.
std::optional<CivilTime> add_months(CivilTime civil, std::int64_t count) {
  const sys_days day = std::chrono::floor<days>(civil);
  const year_month_day date(day);
  const std::int64_t month_of_year = static_cast<unsigned>(date.month()) - 1;
  const std::int64_t month = static_cast<int>(date.year()) * std::int64_t{12} + month_of_year + count;
  if (month < 12 || month >= 10'000 * 12) return std::nullopt;
  const auto target = std::chrono::year(static_cast<int>(month / 12)) / static_cast<int>(month % 12 + 1);
  year_month_day moved = target / date.day();
  if (!moved.ok()) moved = target / std::chrono::last;
  return sys_days(moved) + (civil - day);
}

CivilTime business_day(const Moment& moment) { return std::chrono::floor<days>(moment.civil) - days(1); }

// The fraction of a second that is left over is cut off, towards the earlier second.
std::int64_t floor_divide(std::int64_t numerator, std::int64_t denominator) {
  const std::int64_t quotient = numerator / denominator;
  return numerator % denominator < 0 ? quotient - 1 : quotient;
}

// The slot, some whole months and days of the local calendar and then some elapsed time on.
Result<Instant> moved_instant(const TimeExpression::Cycle& cycle, const Moment& moment) {
  Result<Instant> from = moment.scheduled;
  if (cycle.days != 0 || cycle.months != 0) {
    const auto civil = add_months(moment.civil + days(cycle.days), cycle.months);
    if (!civil) return out_of_range();
    from = to_instant(*civil, moment.zone);
  }
  if (!from) return from;
  return *from + seconds(floor_divide(cycle.elapsed_seconds, cycle.elapsed_denominator));
}

bool prints(const TimeExpression::Format& format, TimeExpression::Clock part) {
  return std::any_of(format.begin(), format.end(), [part](const auto& piece) {
    const Token* token = std::get_if<Token>(&piece);
    if (token == nullptr) return false;
    if (part == TimeExpression::Clock::minute) return *token == Token::minute;
    return *token == Token::hour24 || *token == Token::hour12;
  });
}

// Prints one piece after the other to `out`; nothing is returned on success.
class Printer {
 public:
  Printer(const Moment& moment, std::string& out) : moment_(moment), out_(out) {}

  Result<void> operator()(const std::string& literal) {
    out_ += literal;
    return {};
  }

  Result<void> operator()(const TimeExpression::Business& business) {
    const CivilTime day = business_day(moment_) + days(business.days);
    const std::int64_t month_count = business.years * 12 + business.months;
    if (!in_range(day)) return out_of_range();
    return put_months_later(day, month_count, business.format);
  }

  Result<void> operator()(const TimeExpression::Cycle& cycle) {
    const CivilTime civil = moment_.civil + days(cycle.days);
    if (!in_range(civil)) return out_of_range();
    if (cycle.elapsed_seconds == 0) return put_months_later(civil, cycle.months, cycle.format);
    const auto moved = moved_instant(cycle, moment_);
    if (!moved) return moved.error();
    const auto local = to_civil(*moved, moment_.zone);
    if (!local) return local.error();
    return put(*local, cycle.format);
  }

  Result<void> operator()(TimeExpression::Builtin builtin) {
    using Builtin = TimeExpression::Builtin;
    static const TimeExpression::Format kDay{Token::year4, Token::month, Token::day};
    static const TimeExpression::Format kMonth{Token::year4, Token::month};
    static const TimeExpression::Format kSecond{Token::year4,  Token::month,  Token::day,
                                                Token::hour24, Token::minute, Token::second};
    switch (builtin) {
      case Builtin::bizdate:
        return put(business_day(moment_), kDay);
      case Builtin::cyctime:
        return put(moment_.civil, kSecond);
      case Builtin::gmtdate:
        return put(moment_.civil, kDay);  // business date + 1, so that a backfill prints the same
      case Builtin::bizmonth:
        return business_month(kMonth);
      case Builtin::jobid:
      case Builtin::nodeid:
        out_ += moment_.job;
        return {};
      case Builtin::taskid:
        out_ += fmt::format("{}@{}", moment_.job, format_local(moment_.scheduled, moment_.zone));
        return {};
    }
    return {};
  }

 private:
  Result<void> put(CivilTime civil, const TimeExpression::Format& format) {
    if (!in_range(civil)) return out_of_range();
    print(out_, civil, format);
    return {};
  }

  Result<void> put_months_later(CivilTime civil, std::int64_t months, const TimeExpression::Format& format) {
    if (months == 0) return put(civil, format);
    const auto moved = add_months(civil, months);
    return moved ? put(*moved, format) : out_of_range();
  }

  // The business date's month; one earlier when that is the scheduled day's month too.
  Result<void> business_month(const TimeExpression::Format& format) {
    const CivilTime business = business_day(moment_);
    const year_month_day then(std::chrono::floor<days>(business));
    const year_month_day now(std::chrono::floor<days>(moment_.civil));
    return put_months_later(business, then.month() == now.month() ? -1 : 0, format);
  }

  const Moment& moment_;
  std::string& out_;
};

}  // namespace

std::string_view to_string(ExpressionErrc code) noexcept {
  switch (code) {
    case ExpressionErrc::empty:
      return "E_EMPTY";
    case ExpressionErrc::space_or_eq:
      return "E_SPACE_OR_EQ";
    case ExpressionErrc::token:
      return "E_TOKEN";
    case ExpressionErrc::unterminated:
      return "E_UNTERMINATED";
    case ExpressionErrc::biz_offset:
      return "E_BIZ_OFFSET";
    case ExpressionErrc::offset:
      return "E_OFFSET";
    case ExpressionErrc::ambiguous_offset:
      return "E_AMBIGUOUS_OFFSET";
    case ExpressionErrc::months:
      return "E_MONTHS";
    case ExpressionErrc::div0:
      return "E_DIV0";
    case ExpressionErrc::range:
      return "E_RANGE";
    case ExpressionErrc::unknown_builtin:
      return "E_UNKNOWN_BUILTIN";
  }
  return "E_UNKNOWN";
}

std::string describe(const ExpressionError& error, std::string_view text) {
  std::size_t character = 1;
  for (const char c : text.substr(0, error.offset)) {
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++character;  // not the inside of a UTF-8 sequence
  }
  return fmt::format("{} at character {}: {}", to_string(error.code), character, error.message);
}

Result<Moment> moment_of(Instant scheduled, std::string_view zone, std::string_view job) {
  const auto civil = to_civil(scheduled, zone);
  if (!civil) return civil.error();
  return Moment{scheduled, *civil, zone, job};
}

Result<std::string> TimeExpression::evaluate(const Moment& moment) const {
  if (!in_range(moment.civil)) return out_of_range();
  std::string out;
  Printer printer(moment, out);
  for (const Piece& piece : pieces_) {
    const Result<void> printed = std::visit(printer, piece);
    if (!printed) return printed.error();
  }
  return out;
}

std::optional<Instant> TimeExpression::instant(const Moment& moment, Clock part) const {
  if (!in_range(moment.civil)) return std::nullopt;
  for (const Piece& piece : pieces_) {
    const auto* builtin = std::get_if<Builtin>(&piece);
    if (builtin != nullptr && *builtin == Builtin::cyctime) return moment.scheduled;
    const auto* cycle = std::get_if<Cycle>(&piece);
    if (cycle == nullptr || !prints(cycle->format, part)) continue;
    const auto moved = moved_instant(*cycle, moment);
    return moved ? std::optional<Instant>(*moved) : std::nullopt;
  }
  return std::nullopt;
}

bool TimeExpression::is_business_date() const noexcept {
  if (pieces_.size() != 1) return false;
  if (const auto* builtin = std::get_if<Builtin>(pieces_.data())) return *builtin == Builtin::bizdate;
  const auto* business = std::get_if<Business>(pieces_.data());
  if (business == nullptr || business->days != 0 || business->format.size() != 3) return false;
  constexpr std::array kDate{Token::year4, Token::month, Token::day};
  return std::equal(kDate.begin(), kDate.end(), business->format.begin(),
                    [](Token wanted, const auto& piece) {
                      const Token* token = std::get_if<Token>(&piece);
                      return token != nullptr && *token == wanted;
                    });
}

void throw_exception_from_error(const ExpressionError& error, const boost::source_location&) {
  throw ErrorException(
      Error(Errc::invalid_argument, fmt::format("{}: {}", to_string(error.code), error.message)));
}

}  // namespace sluice::job
