// Fuzz target of the stream record decoder. Build: clang++ -std=c++20 -fsanitize=fuzzer,address with
// core/tablestore/plain_buffer.cpp and core/base/error.cpp.

#include "core/tablestore/plain_buffer.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

// What decodes must lie inside the input and keep the documented limits.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::tablestore;
  static DecodedRecord record;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (decode_record(input, record).has_error()) return 0;

  const auto inside = [&](std::string_view view) {
    return view.empty() || (view.data() >= input.data() && view.data() + view.size() <= input.data() + size);
  };
  if (record.key_cells == 0 || record.key_cells > kKeyCellsMax) std::abort();
  if (record.cells.size() > record.key_cells + kAttributeCellsMax) std::abort();
  for (const Cell& cell : record.cells) {
    if (cell.name.empty() || !inside(cell.name) || !inside(cell.value.text)) std::abort();
  }
  if (record.sequence.time_us < kRecordTimeMin || record.sequence.time_us > kRecordTimeMax) std::abort();
  return 0;
}
