// Fuzz target of cron expressions: what parses is due on the days, and at the times of day, that a naive
// reading of its fields finds.

#include "core/job/cron.hpp"
#include "tests/fuzz/check.hpp"

#include <charconv>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace sluice;
using std::chrono::days;
using std::chrono::sys_days;

std::vector<std::string> split(std::string_view text, std::string_view ends, bool skip_empty) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (ends.find(c) == std::string_view::npos) {
      out.back() += c;
    } else if (!skip_empty || !out.back().empty()) {
      out.emplace_back();
    }
  }
  if (skip_empty && out.back().empty()) out.pop_back();
  return out;
}

int number(std::string text, int names_from) {
  constexpr const char* kNames =
      "JAN1FEB2MAR3APR4MAY5JUN6JUL7AUG8SEP9OCT:NOV;DEC<SUN0MON1TUE2WED3THU4FRI5SAT6";
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  const std::string_view names = kNames;
  if (text.size() == 3 && text[0] >= 'A') {
    for (std::size_t at = 0; at < names.size(); at += 4) {
      // A month's number is its own; a day of the week counts from the field's first.
      if (names.substr(at, 3) == text) return names[at + 3] - '0' + (at < 48 ? 0 : names_from);
    }
  }
  int value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Whether `value` is meant by one piece of a field whose values are least .. greatest.
bool piece_has(const std::string& piece, int value, int least, int greatest) {
  const auto parts = split(piece, "/", false);
  const auto ends = split(parts[0], "-", false);
  const int step = parts.size() == 2 ? number(parts[1], 0) : 1;
  const bool all = parts[0] == "*";
  int first = all ? least : number(ends[0], least);
  const int last = all || (ends.size() == 1 && parts.size() == 2) ? greatest
                   : ends.size() == 2                             ? number(ends[1], least)
                                                                  : first;
  int count = greatest - least + 1;
  // Of Unix's two numbers for Sunday a range that goes round passes one.
  if (least == 0 && greatest == 7 && last < first) {
    first %= 7;
    count = 7;
  }
  for (int at = first, left = (last - first + count) % count; left >= 0; at += step, left -= step) {
    if (least + (at - least) % count == value) return true;
  }
  return false;
}

bool field_has(const std::string& field, int value, int least, int greatest) {
  if (field == "?") return true;
  for (const std::string& piece : split(field, ",", false)) {
    if (piece_has(piece, value, least, greatest)) return true;
  }
  return false;
}

struct Naive {
  std::vector<std::string> fields;  // minute, hour, day of month, month, day of week, year
  bool is_unix = false;

  bool on(sys_days date) const {
    const std::chrono::year_month_day civil(date);
    const unsigned day = static_cast<unsigned>(civil.day());
    const std::chrono::year_month_day next(date + days(1));
    const bool last_day = next.month() != civil.month();
    bool month_day = false;
    for (const std::string& piece : split(fields[2], ",", false)) {
      month_day = month_day ||
                  (piece == "L" || piece == "l" ? last_day : field_has(piece, static_cast<int>(day), 1, 31));
    }
    const bool last_week = std::chrono::year_month_day(date + days(7)).month() != civil.month();
    const int from_sunday = static_cast<int>(std::chrono::weekday(date).c_encoding());
    bool weekday = false;
    for (std::string piece : split(fields[4], ",", false)) {
      const bool last = piece.size() > 1 && (piece.back() == 'L' || piece.back() == 'l');
      if (last) piece.pop_back();
      const int least = is_unix ? 0 : 1;
      // Unix knows Sunday by two numbers, but its "*" means each day once.
      const bool wide = is_unix && piece[0] != '*';
      bool has = field_has(piece, from_sunday + least, least, wide ? 7 : least + 6);
      if (wide && from_sunday == 0) has = has || field_has(piece, 7, least, 7);
      weekday = weekday || (has && (!last || last_week));
    }
    const bool any_year = fields.size() < 6 || fields[5] == "*" || fields[5] == "?";
    return month_day && weekday &&
           field_has(fields[3], static_cast<int>(static_cast<unsigned>(civil.month())), 1, 12) &&
           (any_year || field_has(fields[5], static_cast<int>(civil.year()), 1970, 2099));
  }
};

void compare(const job::Cron& cron, Naive naive) {
  std::chrono::seconds second(0);
  if (!naive.is_unix) {
    second = std::chrono::seconds(number(naive.fields[0], 0));
    naive.fields.erase(naive.fields.begin());
  }
  std::vector<std::chrono::seconds> times;
  for (int minute = 0; minute < 24 * 60; ++minute) {
    if (field_has(naive.fields[0], minute % 60, 0, 59) && field_has(naive.fields[1], minute / 60, 0, 23)) {
      times.push_back(std::chrono::minutes(minute) + second);
    }
  }
  fuzz::check(cron.times() == times);
  // Two years, of which one is a leap year.
  const sys_days begin = std::chrono::year(2027) / 1 / 1;
  std::optional<sys_days> first;
  for (sys_days date = begin; date < begin + days(731); date += days(1)) {
    fuzz::check(cron.on(date) == naive.on(date));
    if (!first && cron.on(date)) first = date;
  }
  if (first) fuzz::check(cron.first_day(begin) == first);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, std::min<std::size_t>(size, 200));
  const auto cron = job::Cron::parse(text);
  if (!cron) {
    fuzz::check(cron.error().code() == Errc::invalid_argument);
    fuzz::check_message(cron.error(), text.size() + 500);
    return 0;
  }
  Naive naive;
  naive.fields = split(text, " \t", true);
  naive.is_unix = naive.fields.size() == 5;
  compare(*cron, std::move(naive));
  return 0;
}
