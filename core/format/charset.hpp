#pragma once
// Character sets other than UTF-8: the bytes each code point is written as.

#include "core/base/error.hpp"
#include "core/format/byte_buffer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::format {

// What stands in the way of a text: a code point that the set does not have, or bytes that are not UTF-8.
struct Unmapped {
  std::size_t offset = 0;                   // of the text
  std::optional<std::uint32_t> code_point;  // nothing: the bytes there are not UTF-8
};

// Each is made once and lives as long as the process. None of them has shift states, so texts may be cut
// anywhere between two characters.
class Charset {
 public:
  virtual ~Charset() = default;

  // The set of a canonical name (docs/oss-writer.md), or null for another name and for UTF-8. The first call
  // for a name costs some milliseconds and 256 KiB, but for the UTF-16 family.
  static const Charset* find(std::string_view name);

  // Appends `text`, which is UTF-8; up to what stands in the way. Only what decodes to the same code point
  // again is written: no replacements, no look-alikes.
  virtual std::optional<Unmapped> append(std::string_view text, ByteBuffer& out) const = 0;

  // What each object begins with: the byte order mark of UTF-16, nothing for the others.
  std::string_view object_prefix() const { return object_prefix_; }
  const std::string& name() const { return name_; }

 protected:
  Charset(std::string name, std::string object_prefix)
      : name_(std::move(name)), object_prefix_(std::move(object_prefix)) {}

 private:
  std::string name_;
  std::string object_prefix_;
};

// "has no GBK for U+1F600", "is not UTF-8".
std::string describe(const Unmapped& unmapped, const Charset& charset);

}  // namespace sluice::format
