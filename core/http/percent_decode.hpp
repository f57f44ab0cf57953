#pragma once
// The inverse of percent_encode() in crypto.hpp. Pure.

#include <string>
#include <string_view>

namespace sluice::http {

// Appends "%E4%BD%A0" decoded; false if a "%" is not followed by two hex digits.
bool percent_decode(std::string_view text, std::string& decoded);

}  // namespace sluice::http
