#include "core/base/utf8.hpp"

#include <algorithm>

namespace sluice {

std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char head = byte(0);
  if (head < 0x80) return 1;
  const std::size_t length = head >= 0xF0 ? 4 : head >= 0xE0 ? 3 : 2;
  if (head < 0xC2 || head > 0xF4 || text.size() < length) return 0;
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xC0U) != 0x80U) return 0;
  }
  const bool overlong = (head == 0xE0 && byte(1) < 0xA0) || (head == 0xF0 && byte(1) < 0x90);
  const bool surrogate = head == 0xED && byte(1) >= 0xA0;
  const bool too_large = head == 0xF4 && byte(1) >= 0x90;
  return overlong || surrogate || too_large ? 0 : length;
}

bool is_utf8_text(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string as_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    out += length == 0 ? std::string_view("?") : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string foreign_line(std::string_view text, std::size_t bytes_max) {
  constexpr std::string_view kCut = "...";
  std::string line;
  line.reserve(std::min(text.size(), bytes_max));
  std::size_t kept = 0;  // of `line` if it must be cut
  for (std::size_t at = 0; at < text.size();) {
    if (line.size() + kCut.size() <= bytes_max) kept = line.size();
    const std::size_t length = utf8_length(text.substr(at));
    if (line.size() + std::max<std::size_t>(length, 1) > bytes_max) return line.substr(0, kept).append(kCut);
    const auto first = static_cast<unsigned char>(text[at]);
    if (length == 0) {
      line += '?';
    } else if (first < 0x20 || first == 0x7f) {
      line += ' ';
    } else {
      line += text.substr(at, length);
    }
    at += std::max<std::size_t>(length, 1);
  }
  return line;
}

}  // namespace sluice
