#include "core/job/expression_offset.hpp"
#include "core/job/time_expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace sluice::job {
namespace {

using Format = TimeExpression::Format;
using Token = TimeExpression::Token;
using Builtin = TimeExpression::Builtin;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_name(char c) { return is_letter(c) || is_digit(c) || c == '_'; }

struct Spelling {
  std::string_view text;
  Token token;
  bool day_precision;  // allowed in ${...}
};
// Longest first where one begins like another.
constexpr std::array<Spelling, 9> kSpellings{{{"yyyy", Token::year4, true},
                                              {"yy", Token::year2, true},
                                              {"mm", Token::month, true},
                                              {"dd", Token::day, true},
                                              {"hh24", Token::hour24, false},
                                              {"hh12", Token::hour12, false},
                                              {"hh", Token::hour12, false},
                                              {"mi", Token::minute, false},
                                              {"ss", Token::second, false}}};

enum class Precision { day, second };

[[noreturn]] void stop_at_token(const Span& rest, Precision precision) {
  const auto end = std::find_if_not(rest.text.begin(), rest.text.end(), is_name);
  const std::string_view word = rest.text.substr(0, static_cast<std::size_t>(end - rest.text.begin()));
  if (precision == Precision::day) {
    stop(ExpressionErrc::token, rest.offset,
         fmt::format(
             "\"{}\" is no part of a date; ${{...}} takes yyyy, yy, mm, dd in lower case, and $[...] also "
             "hh24, mi, ss; one parameter cannot use another",
             word));
  }
  stop(ExpressionErrc::token, rest.offset,
       fmt::format(
           "\"{}\" is no part of a time; $[...] takes yyyy, yy, mm, dd, hh24, hh12, mi, ss in lower case",
           word));
}

Format parse_format(Span span, Precision precision) {
  Format format;
  bool shows_time = false;
  for (std::size_t at = 0; at < span.size();) {
    const std::string_view rest = span.text.substr(at);
    const auto found = std::find_if(kSpellings.begin(), kSpellings.end(), [&](const Spelling& spelling) {
      return rest.starts_with(spelling.text);
    });
    if (found != kSpellings.end() && (found->day_precision || precision == Precision::second)) {
      format.emplace_back(found->token);
      shows_time = true;
      at += found->text.size();
      continue;
    }
    const char c = rest.front();
    if (is_letter(c) || is_digit(c)) stop_at_token(span.from(at), precision);
    if (std::string_view("{}[]").find(c) != std::string_view::npos) {
      stop(ExpressionErrc::token, span.offset + at, fmt::format("\"{}\" cannot stand inside a format", c));
    }
    if (format.empty() || !std::holds_alternative<std::string>(format.back()))
      format.emplace_back(std::string());
    std::get<std::string>(format.back()).push_back(c);
    ++at;
  }
  if (!shows_time) {
    stop(ExpressionErrc::token, span.offset, "the format names no part of a date or time, such as yyyymmdd");
  }
  return format;
}

bool shows(const Format& format, std::initializer_list<Token> tokens) {
  return std::any_of(format.begin(), format.end(), [&](const auto& part) {
    const Token* token = std::get_if<Token>(&part);
    return token != nullptr && std::find(tokens.begin(), tokens.end(), *token) != tokens.end();
  });
}

TimeExpression::Cycle parse_add_months(Span arguments) {
  const std::size_t comma = arguments.text.rfind(',');
  if (comma == std::string_view::npos) {
    stop(ExpressionErrc::months, arguments.offset,
         "add_months needs a format and a number: add_months(yyyymmdd,-1)");
  }
  TimeExpression::Cycle cycle;
  cycle.format = parse_format(arguments.first(comma), Precision::second);
  const Span count = arguments.from(comma + 1);
  const auto months = parse_whole(count);
  if (!months) {
    stop(ExpressionErrc::months, count.offset,
         "add_months needs one whole number of months, such as -1 or -12*2, without fractions");
  }
  cycle.months = *months;
  return cycle;
}

TimeExpression::Cycle parse_cycle(Span inside) {
  constexpr std::string_view kCall = "add_months(";
  if (inside.text.starts_with(kCall)) {
    const Span rest = inside.from(kCall.size());
    const std::size_t close = rest.text.find(')');
    if (close == std::string_view::npos)
      stop(ExpressionErrc::unterminated, inside.offset, "\")\" is missing");
    if (close + 1 != rest.size()) {
      stop(ExpressionErrc::months, rest.offset + close + 1, "nothing may follow add_months(...)");
    }
    return parse_add_months(rest.first(close));
  }
  const std::size_t split = offset_start(inside.text);
  TimeExpression::Cycle cycle;
  cycle.format = parse_format(inside.first(split), Precision::second);
  const bool whole_days_show =
      shows(cycle.format, {Token::day, Token::hour24, Token::hour12, Token::minute, Token::second});
  const CycleOffset offset = parse_terms(inside.from(split), whole_days_show);
  cycle.days = offset.days;
  cycle.elapsed_seconds = offset.elapsed_seconds;
  cycle.elapsed_denominator = offset.elapsed_denominator;
  return cycle;
}

TimeExpression::Business parse_business(Span inside) {
  TimeExpression::Business business;
  const std::size_t split = offset_start(inside.text);
  business.format = parse_format(inside.first(split), Precision::day);
  if (split == inside.size()) return business;
  const Span offset = inside.from(split);
  const auto count = parse_whole(offset);
  if (!count) {
    stop(ExpressionErrc::biz_offset, offset.offset,
         "${...} takes one whole number, such as -1 or -7*2; hours and minutes need $[...]");
  }
  if (shows(business.format, {Token::day})) {
    business.days = *count;
  } else if (shows(business.format, {Token::month})) {
    business.months = *count;
  } else {
    business.years = *count;
  }
  return business;
}

std::optional<Builtin> find_builtin(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Builtin>, 7> kBuiltins{
      {{"bizdate", Builtin::bizdate},
       {"cyctime", Builtin::cyctime},
       {"gmtdate", Builtin::gmtdate},
       {"bizmonth", Builtin::bizmonth},
       {"jobid", Builtin::jobid},
       {"nodeid", Builtin::nodeid},
       {"taskid", Builtin::taskid}}};
  for (const auto& [known, builtin] : kBuiltins) {
    if (known == name) return builtin;
  }
  return std::nullopt;
}

// "bdp.system.bizdate" inside ${...}; nothing when the text is a date format.
std::optional<Builtin> parse_system_name(Span inside) {
  if (inside.text == "bdp.system.bizdate") return Builtin::bizdate;
  if (inside.text == "bdp.system.cyctime") return Builtin::cyctime;
  for (const std::string_view level : {"bdp.", "workflow.", "workspace."}) {
    if (inside.text.starts_with(level)) {
      stop(ExpressionErrc::unknown_builtin, inside.offset,
           fmt::format("{} is not known here; known are bdp.system.bizdate and bdp.system.cyctime",
                       inside.text));
    }
  }
  return std::nullopt;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::vector<TimeExpression::Piece> run() {
    check_characters();
    while (at_ < text_.size()) {
      if (text_[at_] == '$') {
        dollar();
      } else {
        literal(1);
      }
    }
    return std::move(pieces_);
  }

 private:
  void check_characters() const {
    if (text_.empty()) stop(ExpressionErrc::empty, 0, "the value is empty");
    for (std::size_t at = 0; at < text_.size(); ++at) {
      const auto c = static_cast<unsigned char>(text_[at]);
      if (c == '=') stop(ExpressionErrc::space_or_eq, at, "\"=\" is not allowed inside a value");
      if (c <= ' ' || c == 0x7F) {
        stop(ExpressionErrc::space_or_eq, at,
             "white space is not allowed inside a value; define two parameters and join them in the script");
      }
    }
  }

  void dollar() {
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("$${")) {  // the way to write a plain "${"
      ++at_;
      literal(2);
    } else if (rest.starts_with("${")) {
      const Span inside = bracket('}');
      if (const auto builtin = parse_system_name(inside)) {
        pieces_.emplace_back(*builtin);
      } else {
        pieces_.emplace_back(parse_business(inside));
      }
    } else if (rest.starts_with("$[")) {
      pieces_.emplace_back(parse_cycle(bracket(']')));
    } else {
      builtin();
    }
  }

  // Steps over "${...}" or "$[...]" and returns what is inside.
  Span bracket(char close) {
    const std::size_t start = at_ + 2;
    const std::size_t end = text_.find(close, start);
    if (end == std::string_view::npos) {
      stop(ExpressionErrc::unterminated, at_, fmt::format("\"{}\" is missing", close));
    }
    at_ = end + 1;
    return {text_.substr(start, end - start), start};
  }

  void builtin() {
    const std::size_t start = at_ + 1;
    std::size_t end = start;
    while (end < text_.size() && is_name(text_[end])) ++end;
    const std::string_view name = text_.substr(start, end - start);
    const auto found = find_builtin(name);
    if (!found) {
      stop(
          ExpressionErrc::unknown_builtin, at_,
          fmt::format(
              "${} is not known; known are $bizdate, $cyctime, $gmtdate, $bizmonth, $jobid, $nodeid, $taskid",
              name));
    }
    pieces_.emplace_back(*found);
    at_ = end;
  }

  void literal(std::size_t count) {
    if (pieces_.empty() || !std::holds_alternative<std::string>(pieces_.back()))
      pieces_.emplace_back(std::string());
    std::get<std::string>(pieces_.back()).append(text_.substr(at_, count));
    at_ += count;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<TimeExpression::Piece> pieces_;
};

}  // namespace

boost::system::result<TimeExpression, ExpressionError> TimeExpression::parse(std::string_view text) {
  try {
    return TimeExpression(Parser(text).run());
  } catch (ExpressionStop& stopped) {
    return std::move(stopped.error);
  }
}

}  // namespace sluice::job
