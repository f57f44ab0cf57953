#include "core/job/slash_comments.hpp"

#include <algorithm>

namespace sluice::job {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kSeparators = " \t\r\n,[]{}";

std::size_t line_end(std::string_view text, std::size_t at) {
  return std::min(text.find_first_of("\r\n", at), text.size());
}

bool begins_comment(std::string_view text, std::size_t at) {
  return text[at] == '#' || text.substr(at, 2) == "//";
}

std::size_t first_token(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (begins_comment(text, at)) {
      at = line_end(text, at);
    } else if (std::string_view(" \t\r\n").find(text[at]) != std::string_view::npos) {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

// Maps of YAML in braces have their keys without quotes as a rule, and may hold values that begin with "//".
bool is_json_text(std::string_view text) {
  const std::size_t brace = first_token(text, text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
  if (brace >= text.size() || text[brace] != '{') return false;
  const std::size_t key = first_token(text, brace + 1);
  return key < text.size() && text[key] == '"';
}

// Behind the quoted text at `at`. Two quotes for one within single quotes are two texts here.
std::size_t quoted_end(std::string_view text, std::size_t at) {
  const char quote = text[at++];
  while (at < text.size() && text[at] != quote)
    at += quote == '"' && text[at] == '\\' ? std::size_t{2} : std::size_t{1};
  return std::min(at + 1, text.size());
}

// A value of JSON that is complete; nothing is one too.
bool is_whole_value(std::string_view token) {
  return token == "true" || token == "false" || token == "null" ||
         token.find_first_not_of("+-.eE0123456789") == std::string_view::npos;
}

}  // namespace

std::string without_slash_comments(std::string_view text) {
  std::string out(text);
  if (!is_json_text(text)) return out;
  std::size_t token = 0;  // where the present one began
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const bool begins = token == at;
    if (begins && (c == '"' || c == '\'')) {
      token = at = quoted_end(text, at);
    } else if (begins_comment(text, at) &&
               (c == '#' ? begins : is_whole_value(text.substr(token, at - token)))) {
      const std::size_t end = line_end(text, at);
      if (c == '/')
        std::fill(out.begin() + static_cast<std::ptrdiff_t>(at),
                  out.begin() + static_cast<std::ptrdiff_t>(end), ' ');
      token = at = end;
    } else {
      ++at;
      const bool separates = kSeparators.find(c) != std::string_view::npos || (c == ':' && begins);
      if (separates) token = at;
    }
  }
  return out;
}

}  // namespace sluice::job
