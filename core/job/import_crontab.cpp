// A crontab line that starts DataX: its times, and what "-Dname=value" defines.
#include "core/job/import_parts.hpp"
#include "core/job/yaml_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace sluice::job {
namespace {

constexpr std::string_view kCrontab = "--crontab";
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kNicknames{
    {{"@hourly", "0 * * * *"},
     {"@daily", "0 0 * * *"},
     {"@midnight", "0 0 * * *"},
     {"@weekly", "0 0 * * 0"},
     {"@monthly", "0 0 1 * *"},
     {"@yearly", "0 0 1 1 *"},
     {"@annually", "0 0 1 1 *"}}};

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_quote(char c) { return c == '"' || c == '\''; }

// Takes the next word off the front.
std::string_view next_word(std::string_view& text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  std::size_t end = 0;
  while (end < text.size() && !is_blank(text[end])) ++end;
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

// The five fields, and what is behind them.
std::string take_times(std::string_view& line) {
  std::string_view rest = line;
  const std::string_view first = next_word(rest);
  if (first.starts_with('@')) {
    line = rest;
    for (const auto& [name, fields] : kNicknames) {
      if (name == first) return std::string(fields);
    }
    return std::string(first);
  }
  std::string fields(first);
  for (int field = 1; field < 5; ++field) fields += fmt::format(" {}", next_word(rest));
  line = rest;
  return fields;
}

// As cron hands it to the shell: "\%" is "%", and a plain "%" ends it.
std::string command_of(std::string_view text) {
  std::string command;
  for (std::size_t at = 0; at < text.size() && text[at] != '%'; ++at) {
    if (text[at] == '\\' && at + 1 < text.size() && text[at + 1] == '%') ++at;
    command.push_back(text[at]);
  }
  return command;
}

// Words as a shell splits them, quotes taken off.
std::vector<std::string> shell_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  char quote = 0;
  bool open = false;
  for (const char c : text) {
    if (quote != 0 ? c == quote : is_quote(c)) {
      quote = quote != 0 ? '\0' : c;
      open = true;
    } else if (quote == 0 && is_blank(c)) {
      if (open) words.push_back(std::exchange(word, {}));
      open = false;
    } else {
      word.push_back(c);
      open = true;
    }
  }
  if (open) words.push_back(word);
  return words;
}

// "10 minutes ago", "-10 min", "yesterday" as the offset of an expression: "-10/24/60".
std::optional<std::string> offset_of_date(std::string_view text) {
  std::string_view rest = text;
  const std::string_view first = next_word(rest);
  if (first == "now" || first == "today") return next_word(rest).empty() ? std::optional("") : std::nullopt;
  if (first == "yesterday") return next_word(rest).empty() ? std::optional("-1") : std::nullopt;
  // "-5min" is one word, "-5 min" are two.
  const std::size_t digits = std::min(first.find_first_not_of("+-0123456789"), first.size());
  const auto number = parse_integer(first.substr(0, digits));
  std::string unit(digits < first.size() ? first.substr(digits) : next_word(rest));
  const std::string_view ago = next_word(rest);
  if (!number || !next_word(rest).empty() || (!ago.empty() && ago != "ago")) return std::nullopt;
  if (*number < -100000 || *number > 100000) return std::nullopt;
  const std::int64_t count = ago == "ago" ? -*number : *number;
  if (unit.ends_with('s') && unit != "s") unit.pop_back();
  const std::string amount = fmt::format("{:+}", count);
  if (unit == "day") return amount;
  if (unit == "week") return amount + "*7";
  if (unit == "hour") return amount + "/24";
  if (unit == "min" || unit == "minute") return amount + "/24/60";
  if (unit == "sec" || unit == "second") return amount + "/24/60/60";
  return std::nullopt;
}

std::optional<std::string_view> token_of(char letter) {
  switch (letter) {
    case 'Y':
      return "yyyy";
    case 'y':
      return "yy";
    case 'm':
      return "mm";
    case 'd':
      return "dd";
    case 'H':
      return "hh24";
    case 'M':
      return "mi";
    case 'S':
      return "ss";
    case 'F':
      return "yyyy-mm-dd";
    case 'T':
      return "hh24:mi:ss";
    default:
      return std::nullopt;
  }
}

// date's format with an offset, as an expression. Letters and digits stand outside of the brackets.
std::optional<std::string> expression_of_format(std::string_view format, std::string_view offset) {
  if (format == "%s000") return fmt::format("$[yyyymmddhh24miss{}]", offset);
  std::string out;
  std::string inside;
  const auto close = [&] {
    if (!inside.empty()) out += fmt::format("$[{}{}]", std::exchange(inside, {}), offset);
  };
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format[at] == '%' && at + 1 < format.size()) {
      const auto token = token_of(format[++at]);
      if (!token) return std::nullopt;
      inside += *token;
    } else if (inside.empty() || std::isalnum(static_cast<unsigned char>(format[at])) != 0) {
      close();
      out.push_back(format[at]);
    } else {
      inside.push_back(format[at]);
    }
  }
  close();
  return out;
}

// "date -d '10 minutes ago' +%Y%m%d%H%M%S"
std::optional<std::string> expression_of_date(std::string_view command) {
  const std::vector<std::string> words = shell_words(command);
  std::string offset;
  std::string format;
  if (words.empty() || words.front() != "date") return std::nullopt;
  for (std::size_t at = 1; at < words.size(); ++at) {
    std::string_view word = words[at];
    std::optional<std::string> found;
    if (word.starts_with('+')) {
      format = word.substr(1);
      continue;
    }
    if ((word == "-d" || word == "--date") && at + 1 < words.size()) {
      found = offset_of_date(words[++at]);
    } else if (word.starts_with("--date=")) {
      found = offset_of_date(word.substr(7));
    } else if (word.starts_with("-d")) {
      found = offset_of_date(word.substr(2));
    }
    if (!found) return std::nullopt;
    offset = *found;
  }
  return format.empty() ? std::nullopt : expression_of_format(format, offset);
}

struct Definition {
  std::string name;
  std::string value;  // as written
};

// Whether the quote there begins a value: -Dname="a b". The one behind "-Dname=" ends the word around it.
bool opens_value(std::string_view command, std::size_t at) {
  if (!is_quote(command[at]) || at + 1 >= command.size()) return false;
  const char next = command[at + 1];
  return !is_blank(next) && !is_quote(next) && command.find(command[at], at + 1) != std::string_view::npos;
}

// All "-Dname=value"; "$(...)" and "`...`" belong to the value with their blanks, quotes of its own do not.
std::vector<Definition> definitions_of(std::string_view command) {
  std::vector<Definition> found;
  for (std::size_t at = command.find("-D"); at != std::string_view::npos; at = command.find("-D", at)) {
    at += 2;
    Definition one;
    while (at < command.size() &&
           (std::isalnum(static_cast<unsigned char>(command[at])) != 0 || command[at] == '_'))
      one.name.push_back(command[at++]);
    if (one.name.empty() || at >= command.size() || command[at] != '=') continue;
    int depth = 0;
    bool ticks = false;
    char quote = 0;
    for (++at; at < command.size(); ++at) {
      const char c = command[at];
      const bool plain = depth == 0 && !ticks;
      if (plain && (quote != 0 ? c == quote : one.value.empty() && opens_value(command, at))) {
        quote = quote != 0 ? '\0' : c;
        continue;
      }
      if (plain && quote == 0 && (is_blank(c) || is_quote(c))) break;
      if (c == '`') ticks = !ticks;
      if (c == '(') ++depth;
      if (c == ')') --depth;
      one.value.push_back(c);
    }
    found.push_back(std::move(one));
  }
  return found;
}

// A definition's value as an expression; nothing when a shell is needed to know it.
std::optional<std::string> expression_of_value(std::string_view value) {
  std::string out;
  while (!value.empty()) {
    const bool substitution = value.starts_with("$(");
    if (substitution || value.front() == '`') {
      const std::size_t begin = substitution ? 2 : 1;
      const std::size_t end = value.find(substitution ? ')' : '`', begin);
      if (end == std::string_view::npos) return std::nullopt;
      const auto expression = expression_of_date(value.substr(begin, end - begin));
      if (!expression) return std::nullopt;
      out += *expression;
      value.remove_prefix(end + 1);
    } else if (value.front() == '$' || value.front() == '\\') {
      return std::nullopt;
    } else {
      out.push_back(value.front());
      value.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace

void read_crontab_line(ImportWork& work) {
  const ImportPlace place = option_place(kCrontab);
  std::string_view line = work.request().crontab;
  if (line.size() > kYamlBytesMax)
    return work.error(place, fmt::format("larger than {} bytes", kYamlBytesMax));
  work.set(std::string(kCronPath), take_times(line), kCrontab, place);
  const std::string command = command_of(line);
  for (const Definition& one : definitions_of(command)) {
    const std::string key = fmt::format("{} -D{}", kCrontab, one.name);
    const auto expression = expression_of_value(one.value);
    if (!expression) {
      work.note(Fate::unsupported, key,
                fmt::format("only a shell knows its value: give --params '{}=$[...]'", one.name), place);
      continue;
    }
    work.set_parameter(one.name, *expression, kCrontab, place);
    const bool timed = *expression != one.value;
    work.note(timed ? Fate::changed : Fate::kept, key,
              timed ? fmt::format("as {}: counted from the scheduled time, not from when the process starts",
                                  *expression)
                    : "as a parameter",
              place);
  }
}

}  // namespace sluice::job
