#include "core/tablestore/series_tags.hpp"

#include <optional>

namespace sluice::tablestore {
namespace {

class TagParser {
 public:
  TagParser(std::string_view text, TextArena& arena) : rest_(text), arena_(arena) {}

  bool run(std::vector<SeriesTag>& tags) {
    if (!take('[')) return false;
    if (take(']')) return rest_.empty();
    for (;;) {
      const auto text = quoted();
      if (!text) return false;
      const std::size_t mark = text->find('=');
      if (mark == 0 || mark == std::string_view::npos) return false;
      tags.push_back(SeriesTag{text->substr(0, mark), text->substr(mark + 1)});
      if (take(']')) return rest_.empty();
      if (!take(',')) return false;
    }
  }

 private:
  bool take(char expected) {
    if (rest_.empty() || rest_.front() != expected) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // A text in quotes, without them; copied only if something in it is escaped.
  std::optional<std::string_view> quoted() {
    if (!take('"')) return std::nullopt;
    std::size_t escapes = 0;
    std::size_t end = 0;
    for (; end < rest_.size() && rest_[end] != '"'; ++end) {
      if (rest_[end] != '\\') continue;
      ++escapes;
      ++end;
      if (end == rest_.size() || (rest_[end] != '"' && rest_[end] != '\\')) return std::nullopt;
    }
    if (end == rest_.size()) return std::nullopt;
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return escapes == 0 ? text : unescape(text, text.size() - escapes);
  }

  std::string_view unescape(std::string_view text, std::size_t size) {
    char* const out = arena_.take(size);
    char* to = out;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '\\') ++at;
      *to++ = text[at];
    }
    return std::string_view(out, size);
  }

  std::string_view rest_;
  TextArena& arena_;
};

}  // namespace

bool parse_tags(std::string_view text, TextArena& arena, std::vector<SeriesTag>& tags) {
  tags.clear();
  return text.empty() || TagParser(text, arena).run(tags);
}

}  // namespace sluice::tablestore
