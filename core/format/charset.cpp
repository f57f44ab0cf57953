#include "core/format/charset.hpp"

#include "core/format/charset_table.hpp"
#include "core/format/utf8.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>

namespace sluice::format {
namespace {

// Bytes of `text` before the first that is not ASCII, in steps of 8.
std::size_t ascii_words(const char* text, std::size_t size) {
  std::size_t at = 0;
  for (; at + 8 <= size; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text + at, sizeof word);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  return at;
}

Unmapped unmapped_at(std::size_t offset, const Decoded& decoded) {
  Unmapped unmapped;
  unmapped.offset = offset;
  if (decoded.length != 0) unmapped.code_point = decoded.code_point;
  return unmapped;
}

class TableCharset final : public Charset {
 public:
  TableCharset(std::string name, CharsetTable table)
      : Charset(std::move(name), ""), table_(std::move(table)), has_all_(this->name() == "GB18030") {}

  std::optional<Unmapped> append(std::string_view text, ByteBuffer& out) const override {
    // No set needs more than twice the bytes: GB18030 has 4 for some that UTF-8 has in 2.
    char* const begin = out.grow(text.size() * 2);
    char* to = begin;
    std::optional<Unmapped> unmapped;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t ascii = ascii_words(text.data() + at, text.size() - at);
      std::memcpy(to, text.data() + at, ascii);
      to += ascii;
      at += ascii;
      // A word with something else in it, or the end.
      const std::size_t stop = std::min(at + 8, text.size());
      while (at < stop) {
        if (static_cast<unsigned char>(text[at]) < 0x80) {
          *to++ = text[at++];
          continue;
        }
        const Decoded decoded = decode_at(text.substr(at));
        const std::uint32_t bytes = decoded.length != 0 ? bytes_of(decoded.code_point) : 0;
        if (bytes == 0) {
          unmapped = unmapped_at(at, decoded);
          break;
        }
        std::memcpy(to, &bytes, sizeof bytes);
        to += (static_cast<std::size_t>(std::bit_width(bytes)) + 7) / 8;
        at += decoded.length;
      }
      if (unmapped) break;
    }
    out.advance(static_cast<std::size_t>(to - begin));
    return unmapped;
  }

 private:
  std::uint32_t bytes_of(std::uint32_t code) const {
    if (code < kTableSize) return table_[code];
    if (!has_all_) return 0;
    // GB18030 counts the planes above through from 90 30 81 30.
    const std::uint32_t place = code - 0x10000;
    return (0x90 + place / 12600) | (0x30 + place / 1260 % 10) << 8 | (0x81 + place / 10 % 126) << 16 |
           (0x30 + place % 10) << 24;
  }

  CharsetTable table_;
  bool has_all_;
};

class Utf16 final : public Charset {
 public:
  Utf16(std::string name, std::string object_prefix, bool big_endian)
      : Charset(std::move(name), std::move(object_prefix)), big_endian_(big_endian) {}

  std::optional<Unmapped> append(std::string_view text, ByteBuffer& out) const override {
    char* const begin = out.grow(text.size() * 2);
    char* to = begin;
    std::optional<Unmapped> unmapped;
    for (std::size_t at = 0; at < text.size();) {
      const Decoded decoded = decode_at(text.substr(at));
      if (decoded.length == 0) {
        unmapped = unmapped_at(at, decoded);
        break;
      }
      const std::uint32_t code = decoded.code_point;
      if (code < 0x10000) {
        to = put(code, to);
      } else {
        to = put(0xd800 + ((code - 0x10000) >> 10), to);
        to = put(0xdc00 + ((code - 0x10000) & 0x3ff), to);
      }
      at += decoded.length;
    }
    out.advance(static_cast<std::size_t>(to - begin));
    return unmapped;
  }

 private:
  char* put(std::uint32_t unit, char* to) const {
    const auto high = static_cast<char>(unit >> 8);
    const auto low = static_cast<char>(unit & 0xff);
    to[0] = big_endian_ ? high : low;
    to[1] = big_endian_ ? low : high;
    return to + 2;
  }

  bool big_endian_;
};

std::unique_ptr<const Charset> make(std::string_view name) {
  const std::string known(name);
  if (name == "UTF-16") return std::make_unique<Utf16>(known, "\xfe\xff", true);
  if (name == "UTF-16BE") return std::make_unique<Utf16>(known, "", true);
  if (name == "UTF-16LE") return std::make_unique<Utf16>(known, "", false);
  std::optional<CharsetTable> table = make_charset_table(name);
  if (!table) return nullptr;
  return std::make_unique<TableCharset>(known, std::move(*table));
}

}  // namespace

const Charset* Charset::find(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<const Charset>, std::less<>> made;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto known = made.find(name);
  if (known != made.end()) return known->second.get();
  std::unique_ptr<const Charset> charset = make(name);
  if (charset == nullptr) return nullptr;  // not kept: names come from job files
  return made.emplace(std::string(name), std::move(charset)).first->second.get();
}

std::string describe(const Unmapped& unmapped, const Charset& charset) {
  if (!unmapped.code_point) return "is not UTF-8";
  return fmt::format("has no {} for U+{:04X}", charset.name(), *unmapped.code_point);
}

}  // namespace sluice::format
