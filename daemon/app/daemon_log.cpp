#include "daemon/app/daemon_log.hpp"

#include "daemon/api/api_json.hpp"

#include <boost/json.hpp>
#include <spdlog/formatter.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace sluice::daemon {
namespace {

bool is_key_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

// Where the next " key=" begins, from `from` on; the text's size if none does.
std::size_t next_field(std::string_view text, std::size_t from) {
  for (std::size_t blank = text.find(' ', from); blank != std::string_view::npos;
       blank = text.find(' ', blank + 1)) {
    std::size_t end = blank + 1;
    while (end < text.size() && is_key_letter(text[end])) ++end;
    if (end > blank + 1 && end < text.size() && text[end] == '=') return blank;
  }
  return text.size();
}

// Behind a field's "key=": values in quotes may hold what looks like a field.
std::size_t end_of_value(std::string_view text, std::size_t begin) {
  if (begin >= text.size() || text[begin] != '"') return next_field(text, begin);
  for (std::size_t quote = text.find('"', begin + 1); quote != std::string_view::npos;
       quote = text.find('"', quote + 1)) {
    if (quote + 1 == text.size() || next_field(text, quote + 1) == quote + 1) return quote + 1;
  }
  return next_field(text, begin);
}

std::string_view without_quotes(std::string_view value) {
  const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
  return quoted ? value.substr(1, value.size() - 2) : value;
}

class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& entry, spdlog::memory_buf_t& out) override {
    const auto level = spdlog::level::to_string_view(entry.level);
    const Instant time = std::chrono::floor<Instant::duration>(entry.time);
    const std::string line = json_log_line(time, std::string_view(level.data(), level.size()),
                                           std::string_view(entry.payload.data(), entry.payload.size()));
    out.append(line.data(), line.data() + line.size());
    out.push_back('\n');
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonFormatter>(); }
};

}  // namespace

void set_daemon_log(const std::string& level, const std::string& format) {
  spdlog::set_level(spdlog::level::from_str(level));
  if (format == "json") {
    spdlog::set_formatter(std::make_unique<JsonFormatter>());
  } else {
    spdlog::set_pattern(kTextLogPattern);
  }
}

std::string json_log_line(Instant time, std::string_view level, std::string_view text) {
  std::size_t at = next_field(text, 0);
  boost::json::object out{{"time", utc_text(time)}, {"level", level}, {"message", text.substr(0, at)}};
  while (at < text.size()) {
    const std::size_t equals = text.find('=', at);
    const std::size_t end = end_of_value(text, equals + 1);
    out.emplace(text.substr(at + 1, equals - at - 1),
                without_quotes(text.substr(equals + 1, end - equals - 1)));
    at = end;
  }
  return boost::json::serialize(out);
}

}  // namespace sluice::daemon
