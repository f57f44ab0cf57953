#include "core/tablestore/row_texts.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <utility>

namespace sluice::tablestore {
namespace {

using pipeline::Value;
using pipeline::ValueType;

constexpr std::size_t kPlaceBytes = 11 + 1 + 20 + 1 + 11 + 1;  // a broken server may send numbers below 0
constexpr std::size_t kCellIndexBytes = 1 + 10;

std::string_view text_of_non_finite(double value) {
  if (std::isnan(value)) return "NaN";
  return value > 0 ? "Infinity" : "-Infinity";
}

char* write_hex(std::string_view bytes, char* out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char byte : bytes) {
    const auto number = static_cast<unsigned char>(byte);
    *out++ = kDigits[number >> 4U];
    *out++ = kDigits[number & 15U];
  }
  return out;
}

// In steps of what an int can count, a multiple of 3, so that only the last one is padded.
char* write_base64(std::string_view bytes, char* out) {
  constexpr std::size_t kStep = 3 << 20U;
  auto* to = reinterpret_cast<unsigned char*>(out);
  while (!bytes.empty()) {
    const std::string_view step = bytes.substr(0, kStep);
    to += EVP_EncodeBlock(to, reinterpret_cast<const unsigned char*>(step.data()),
                          static_cast<int>(step.size()));
    bytes.remove_prefix(step.size());
  }
  return reinterpret_cast<char*>(to);
}

}  // namespace

RowTexts::RowTexts(const RowLayout& layout, std::string shard)
    : shard_(std::move(shard)), binary_(layout.binary), non_finite_(layout.non_finite) {}

void RowTexts::change(Value& value) {
  if (value.type == ValueType::binary) {
    encode(value);
  } else if (non_finite_ == job::NonFinite::text) {
    value = string_value(text_of_non_finite(value.real));
  } else {
    ++non_finite_nulls_;
    value = Value();
  }
}

void RowTexts::encode(Value& value) {
  const std::string_view bytes = value.text;
  const bool hex = binary_ == job::BinaryText::hex;
  const std::size_t size = hex ? bytes.size() * 2 : (bytes.size() + 2) / 3 * 4;
  char* const text = arena_.take(size + 1);  // base64 ends with a zero byte
  const char* const end = hex ? write_hex(bytes, text) : write_base64(bytes, text);
  value = string_value(std::string_view(text, static_cast<std::size_t>(end - text)));
}

Value RowTexts::sequence(const pipeline::Sequence& sequence, std::optional<std::uint32_t> cell_index) {
  const std::size_t size = kPlaceBytes + shard_.size() + (cell_index ? kCellIndexBytes : 0);
  char* const text = arena_.take(size);
  char* end = fmt::format_to_n(text, size, "{:010}_{:020}_{:010}_{}", sequence.epoch, sequence.time_us,
                               sequence.row_index, shard_)
                  .out;
  if (cell_index) {
    end = fmt::format_to_n(end, size - static_cast<std::size_t>(end - text), ":{:010}", *cell_index).out;
  }
  return string_value(std::string_view(text, static_cast<std::size_t>(end - text)));
}

void RowTexts::report(pipeline::Statistics& statistics) {
  move_count("non_finite_null", non_finite_nulls_, statistics);
}

void move_count(const char* reason, std::uint64_t& count, pipeline::Statistics& statistics) {
  if (count > 0) statistics.ignored[reason] += std::exchange(count, 0);
}

}  // namespace sluice::tablestore
