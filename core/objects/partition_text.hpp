#pragma once
// What a row's last columns give to the name of its object (`partition`).

#include "core/format/value_text.hpp"
#include "core/job/job.hpp"
#include "core/pipeline/row.hpp"

#include <span>
#include <string>
#include <string_view>

namespace sluice::objects {

// The longest text there is.
inline constexpr std::size_t kPartitionBytesMax = 128;

// Values as the target writes them. A pattern of dates that make_encoder() refuses throws.
class PartitionTexts {
 public:
  explicit PartitionTexts(const job::Target& target);

  // The values of the row's last target.partition_columns columns, the last one first, joined by ",". Other
  // texts of values give another one: what is no letter, digit, "-", "." or "_" of ASCII, and no other
  // character of UTF-8, is written "%XX", and of a longer text the end becomes "~" and its CRC-64.
  std::string of(std::span<const pipeline::Value> row) const;

 private:
  std::size_t columns_;
  std::string null_format_;
  format::ValueForms forms_;
};

// True if PartitionTexts may have given it.
bool is_partition_text(std::string_view text);

}  // namespace sluice::objects
