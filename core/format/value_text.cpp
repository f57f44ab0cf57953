#include "core/format/value_text.hpp"

#include "core/format/utf8.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace sluice::format {
namespace {

constexpr std::size_t kDigitsMax = 19;

// value = 0.d1 d2 d3 ... * 10^point, as few digits as name the double.
struct Decimal {
  char digits[kDigitsMax + 1]{};
  std::size_t count = 0;
  int point = 0;
};

Decimal shortest_decimal(double magnitude) {
  char text[32];
  auto written = std::to_chars(text, text + sizeof text, magnitude, std::chars_format::scientific);
  // 5e-324 and 5e-323 are those that Java prints with a digit more than they need: 4.9E-324.
  if (magnitude < 1e-322 && text[0] == '5' && text[1] == 'e') {
    written = std::to_chars(text, text + sizeof text, magnitude, std::chars_format::scientific, 1);
  }
  Decimal decimal;
  const char* at = text;
  for (; *at != 'e'; ++at) {
    if (*at != '.') decimal.digits[decimal.count++] = *at;
  }
  ++at;
  if (*at == '+') ++at;
  int exponent = 0;
  std::from_chars(at, written.ptr, exponent);
  decimal.point = exponent + 1;
  while (decimal.count > 1 && decimal.digits[decimal.count - 1] == '0') --decimal.count;
  return decimal;
}

// Whole numbers from 2^53 to 2^63, where the original goes another way and may keep one digit more than are
// needed.
Decimal whole_decimal(double magnitude) {
  constexpr std::array<std::uint64_t, 9> kUnits = {1, 1, 1, 1, 10, 10, 10, 100, 100};
  const int spare_bits = std::max(std::ilogb(magnitude) - 54, 0);
  const std::uint64_t unit = kUnits[static_cast<std::size_t>(spare_bits)];
  const auto whole = static_cast<std::uint64_t>(magnitude);
  Decimal decimal;
  const auto written =
      std::to_chars(decimal.digits, decimal.digits + sizeof decimal.digits, (whole + unit / 2) / unit);
  decimal.count = static_cast<std::size_t>(written.ptr - decimal.digits);
  decimal.point = static_cast<int>(decimal.count);
  for (std::uint64_t scale = unit; scale > 1; scale /= 10) ++decimal.point;
  while (decimal.count > 1 && decimal.digits[decimal.count - 1] == '0') --decimal.count;
  return decimal;
}

void append_zeros(std::size_t count, ByteBuffer& out) {
  std::memset(out.grow(count), '0', count);
  out.advance(count);
}

// The digits with the point put in; no zero is added that the place of the point does not ask for.
void append_plain(const Decimal& decimal, ByteBuffer& out) {
  const std::string_view digits(decimal.digits, decimal.count);
  if (decimal.point <= 0) {
    out.append("0.");
    append_zeros(static_cast<std::size_t>(-decimal.point), out);
    out.append(digits);
    return;
  }
  const auto whole = static_cast<std::size_t>(decimal.point);
  if (whole >= digits.size()) {
    out.append(digits);
    append_zeros(whole - digits.size(), out);
    return;
  }
  out.append(digits.substr(0, whole));
  out.append('.');
  out.append(digits.substr(whole));
}

}  // namespace

std::string_view append_scalar(const pipeline::Value& value, const ValueForms& forms, ByteBuffer& out) {
  using pipeline::ValueType;
  switch (value.type) {
    case ValueType::null:
      break;
    case ValueType::string:
      out.append(value.text);
      break;
    case ValueType::binary:
      if (forms.binary_base64) {
        append_base64(value.text, out);
      } else {
        append_decoded(value.text, out);
      }
      break;
    case ValueType::integer:
      append_integer(value.integer, out);
      break;
    case ValueType::boolean:
      out.append(value.boolean ? "true" : "false");
      break;
    case ValueType::real:
      if (!append_real(value.real, out)) return kNotFinite;
      break;
    case ValueType::date:
      if (!forms.dates.append(value.integer, out)) return kNoDate;
      break;
  }
  return "";
}

void append_base64(std::string_view bytes, ByteBuffer& out) {
  constexpr std::size_t kStep =
      3 << 20U;  // what an int can count; a multiple of 3, so that only the last is padded
  while (!bytes.empty()) {
    const std::string_view step = bytes.substr(0, kStep);
    char* const to = out.grow((step.size() + 2) / 3 * 4 + 1);
    const int written =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(to),
                        reinterpret_cast<const unsigned char*>(step.data()), static_cast<int>(step.size()));
    out.advance(static_cast<std::size_t>(written));
    bytes.remove_prefix(step.size());
  }
}

void append_integer(std::int64_t value, ByteBuffer& out) {
  constexpr std::size_t kLongest = 20;
  char* const to = out.grow(kLongest);
  out.advance(static_cast<std::size_t>(std::to_chars(to, to + kLongest, value).ptr - to));
}

bool append_real(double value, ByteBuffer& out) {
  if (!std::isfinite(value)) return false;
  if (value == 0.0) {
    out.append("0.0");
    return true;
  }
  const double magnitude = std::fabs(value);
  if (value < 0) out.append('-');
  const bool large_whole = magnitude >= 0x1p53 && magnitude < 0x1p63;
  Decimal decimal = large_whole ? whole_decimal(magnitude) : shortest_decimal(magnitude);
  // Where the original's first step has no exponent it ends whole numbers in ".0"; where it has one it keeps
  // two digits at least ("1.0E-5"), which the plain form shows only behind the point.
  if (magnitude >= 1e-3 && magnitude < 1e7) {
    append_plain(decimal, out);
    if (decimal.point > 0 && static_cast<std::size_t>(decimal.point) >= decimal.count) out.append(".0");
    return true;
  }
  if (decimal.count == 1) decimal.digits[decimal.count++] = '0';
  append_plain(decimal, out);
  return true;
}

void append_decoded(std::string_view bytes, ByteBuffer& out) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  std::size_t good = 0;  // bytes at the head of `bytes` known to be valid and not yet written
  while (good < bytes.size()) {
    const Sequence sequence = sequence_at(bytes.substr(good));
    if (sequence.valid) {
      good += sequence.length;
      continue;
    }
    out.append(bytes.substr(0, good));
    out.append(kReplacement);
    bytes.remove_prefix(good + sequence.length);
    good = 0;
  }
  out.append(bytes);
}

}  // namespace sluice::format
