#include "core/objects/partition_text.hpp"

#include "core/base/crc64.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::objects {
namespace {

constexpr std::string_view kHashed = "~";
constexpr std::size_t kHashBytes = 17;  // with kHashed

// Of ASCII what means nothing to a store, a file system or a shell.
bool is_plain(char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
         byte == '-' || byte == '.' || byte == '_';
}

// Length of the character that `text` begins with; 0 for ASCII, a control character and what is no UTF-8.
std::size_t wide_character(std::string_view text) {
  const auto byte = [&](std::size_t at) {
    return static_cast<unsigned char>(at < text.size() ? text[at] : 0);
  };
  const auto follows = [&](std::size_t at) { return (byte(at) & 0xC0U) == 0x80U; };
  const unsigned char first = byte(0);
  if (first == 0xC2 && byte(1) < 0xA0) return 0;
  if (first >= 0xC2 && first <= 0xDF && follows(1)) return 2;
  if (first >= 0xE0 && first <= 0xEF && follows(1) && follows(2)) {
    if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)) return 0;
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4 && follows(1) && follows(2) && follows(3)) {
    if ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) return 0;
    return 4;
  }
  return 0;
}

// One unit after the other, so that a cut never parts one.
void append_safe(std::string_view value, std::string& text, std::size_t& cut) {
  const auto keep = [&](std::string_view unit) {
    text += unit;
    if (text.size() <= kPartitionBytesMax - kHashBytes) cut = text.size();
  };
  while (!value.empty()) {
    std::size_t length = is_plain(value.front()) ? 1 : wide_character(value);
    if (length > 0) {
      keep(value.substr(0, length));
    } else {
      length = 1;
      keep(fmt::format("%{:02X}", static_cast<unsigned char>(value.front())));
    }
    value.remove_prefix(length);
  }
}

}  // namespace

PartitionTexts::PartitionTexts(const job::Target& target)
    : columns_(target.partition_columns), null_format_(target.null_format) {
  forms_.binary_base64 = target.binary_base64;
  const std::string_view pattern =
      target.date_format.empty() ? format::kUsualDatePattern : target.date_format;
  forms_.dates = format::DatePattern::parse(pattern, target.zone).value();
}

std::string PartitionTexts::of(std::span<const pipeline::Value> row) const {
  std::string text;
  std::size_t cut = 0;
  const std::size_t count = std::min(columns_, row.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) text += ',';
    const pipeline::Value& value = row[row.size() - 1 - i];
    format::ByteBuffer bytes;
    if (value.type == pipeline::ValueType::null) bytes.append(null_format_);
    // A value that has no text makes a dirty row, which no object gets.
    if (!format::append_scalar(value, forms_, bytes).empty()) bytes.truncate(0);
    append_safe(bytes.view(), text, cut);
  }
  if (text.size() <= kPartitionBytesMax) return text;
  const std::uint64_t hash = crc64(0, text);
  text.resize(cut);
  return fmt::format("{}{}{:016x}", text, kHashed, hash);
}

bool is_partition_text(std::string_view text) {
  return text.size() <= kPartitionBytesMax && std::all_of(text.begin(), text.end(), [](char byte) {
           return is_plain(byte) || byte == ',' || byte == '%' || byte == '~' ||
                  static_cast<unsigned char>(byte) >= 0x80;
         });
}

}  // namespace sluice::objects
