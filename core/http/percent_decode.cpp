#include "core/http/percent_decode.hpp"

#include <charconv>

namespace sluice::http {

bool percent_decode(std::string_view text, std::string& decoded) {
  while (!text.empty()) {
    const std::size_t percent = text.find('%');
    decoded += text.substr(0, percent);
    if (percent == std::string_view::npos) return true;
    const std::string_view digits = text.substr(percent + 1, 2);
    unsigned value = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || failure != std::errc() || end != digits.data() + 2) return false;
    decoded += static_cast<char>(value);
    text.remove_prefix(percent + 3);
  }
  return true;
}

}  // namespace sluice::http
