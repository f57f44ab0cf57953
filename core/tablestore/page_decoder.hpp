#pragma once
// One page of a change stream, decoded from the received bytes without copying the records.

#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tablestore {

enum class Action : std::uint8_t { put_row = 1, update_row = 2, delete_row = 3 };

struct StreamRecord {
  Action action = Action::put_row;
  std::string_view record;  // a PlainBuffer row with sequence information
};

// Move-only, because `records` point into `body`. Made by decode_page().
struct StreamPage {
  StreamPage() = default;
  StreamPage(StreamPage&&) noexcept = default;
  StreamPage& operator=(StreamPage&&) noexcept = default;
  StreamPage(const StreamPage&) = delete;
  StreamPage& operator=(const StreamPage&) = delete;
  ~StreamPage() = default;

  std::string
      body;  // the answer as received; always on the heap, so that moving the page keeps the views valid
  std::vector<StreamRecord> records;         // in stream order
  std::optional<std::string> next_iterator;  // absent: the shard is closed and was read to its end
  std::optional<bool> may_more;              // only from clusters that know table groups
  Instant server_time{};  // x-ots-date of the answer; set by the client, not by decode_page()
};

inline constexpr std::size_t kPageRecordsMax = 100'000;

// Decodes a serialized GetStreamRecordResponse. Unknown fields are skipped, known ones must have their type,
// every length must lie inside the buffer. Errors: corrupt, with the byte offset.
Result<StreamPage> decode_page(std::string body);

}  // namespace sluice::tablestore
