#include "core/tablestore/status_table.hpp"

#include "core/base/utf8.hpp"
#include "core/http/deflate.hpp"
#include "core/http/inflate.hpp"
#include "core/tablestore/shard_plan.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace sluice::tablestore {
namespace {

namespace json = boost::json;
using pipeline::Value;
using pipeline::ValueType;

constexpr std::string_view kStream = "StreamId";
constexpr std::string_view kType = "StatusType";
constexpr std::string_view kValue = "StatusValue";
constexpr std::string_view kJobType = "DataxJobDesc";
constexpr std::string_view kCheckpointType = "CheckpointForDataxReader";

constexpr std::size_t kEndDigits = 16;
constexpr std::int64_t kMsMax = kRecordTimeMax / 1000;           // 2096
constexpr std::size_t kShardIdBytesMax = 1024 - kEndDigits - 1;  // what a key column has room for
constexpr std::size_t kVersionBytesMax = 1024;
constexpr std::size_t kIteratorBytesMax = 64 * 1024;
constexpr std::size_t kChunkBytes = 64 * 1024;  // of the shard list, in each of its columns
constexpr std::size_t kChunksMax = 32;
constexpr std::size_t kShardListBytesMax = 4 * 1024 * 1024;  // inflated: kPlanShardsMax ids of 400 bytes
constexpr std::int64_t kSkipMax = kPageRecordsMax;           // a place inside one page

std::int64_t to_ms(Instant instant) {
  return std::chrono::floor<std::chrono::milliseconds>(instant).time_since_epoch().count();
}

Instant from_ms(std::int64_t ms) { return Instant(std::chrono::milliseconds(ms)); }

std::string end_text(Instant end) { return fmt::format("{:>16}", to_ms(end)); }

KeyCell text_cell(std::string_view name, std::string text) {
  return KeyCell{std::string(name), KeyCell::Kind::string, 0, std::move(text)};
}

Key key_of(const std::string& stream, std::string_view type, std::string value) {
  return {text_cell(kStream, stream), text_cell(kType, std::string(type)),
          text_cell(kValue, std::move(value))};
}

AttributeCell text(std::string name, std::string value) {
  return AttributeCell{std::move(name), AttributeCell::Kind::string, 0, std::move(value)};
}

AttributeCell integer(std::string name, std::int64_t value) {
  return AttributeCell{std::move(name), AttributeCell::Kind::integer, value, {}};
}

std::string chunk_name(std::size_t number) { return fmt::format("ShardIds_{}", number); }

// For messages: one line of UTF-8, whatever the row holds.
std::string printable(std::string_view bytes) { return foreign_line(bytes, 120); }

// Reads the cells of one row. Keeps the first mistake, so that callers look once, at the end.
class RowCells {
 public:
  RowCells(const DecodedRecord& row, std::string_view type) : row_(row) {
    const std::string_view names[] = {kStream, kType, kValue};
    bool fits = row.key_cells == std::size(names);
    for (std::size_t i = 0; fits && i < std::size(names); ++i) {
      fits = row.cells[i].name == names[i] && row.cells[i].value.type == ValueType::string;
    }
    if (!fits) {
      error_.emplace(Errc::corrupt, "read status row: its key is not StreamId, StatusType, StatusValue");
    } else if (row.cells[1].value.text != type) {
      fail(kType, fmt::format("expected {}", type));
    }
  }

  // The end in front of StatusValue; `rest` is what follows it.
  Instant end(std::string_view& rest) {
    rest = {};
    if (error_) return {};
    const std::string_view value = row_.cells[2].value.text;
    std::string_view digits = value.substr(0, kEndDigits);
    digits.remove_prefix(std::min(digits.find_first_not_of(' '), digits.size()));
    std::int64_t ms = -1;
    const auto [stop, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), ms);
    const bool whole = value.size() >= kEndDigits && failure == std::errc() &&
                       stop == digits.data() + digits.size() && ms >= 0 && ms <= kMsMax;
    if (!whole) {
      fail(kValue, "expected milliseconds in 16 places");
      return {};
    }
    rest = value.substr(kEndDigits);
    return from_ms(ms);
  }

  std::string text(std::string_view name, std::size_t least, std::size_t most) {
    const Value* value = find(name);
    if (value != nullptr && value->type == ValueType::string && value->text.size() >= least &&
        value->text.size() <= most) {
      return std::string(value->text);
    }
    fail(name, fmt::format("expected a string of {} to {} bytes", least, most));
    return {};
  }

  std::string text_or_empty(std::string_view name, std::size_t most) {
    return find(name) == nullptr ? std::string() : text(name, 0, most);
  }

  std::int64_t integer(std::string_view name, std::int64_t most) {
    const Value* value = find(name);
    if (value != nullptr && value->type == ValueType::integer && value->integer >= 0 &&
        value->integer <= most) {
      return value->integer;
    }
    fail(name, fmt::format("expected an integer of 0 to {}", most));
    return 0;
  }

  std::int64_t integer_or_zero(std::string_view name, std::int64_t most) {
    return find(name) == nullptr ? 0 : integer(name, most);
  }

  // The chunks of the shard list, joined.
  std::string chunks() {
    std::string all;
    std::size_t number = 0;
    for (; number < kChunksMax; ++number) {
      const Value* chunk = find(chunk_name(number));
      if (chunk == nullptr && number > 0) return all;
      const bool fits =
          chunk != nullptr && chunk->type == ValueType::binary && chunk->text.size() <= kChunkBytes;
      if (!fits) {
        fail(chunk_name(number), fmt::format("expected at most {} bytes of binary", kChunkBytes));
        return {};
      }
      all += chunk->text;
    }
    if (find(chunk_name(number)) != nullptr) fail(chunk_name(number), "more pieces than a list can have");
    return all;
  }

  void fail(std::string_view column, std::string_view what) {
    if (error_) return;
    std::string key;
    for (const Cell& cell : row_.key()) key += (key.empty() ? "" : ", ") + printable(cell.value.text);
    error_.emplace(Errc::corrupt, fmt::format("read status row ({}): {}: {}", key, column, what));
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  const Value* find(std::string_view name) const {
    if (error_) return nullptr;
    for (const Cell& cell : row_.attributes()) {
      if (cell.name == name) return &cell.value;
    }
    return nullptr;
  }

  const DecodedRecord& row_;
  std::optional<Error> error_;
};

std::vector<std::string> shard_list(RowCells& cells) {
  const std::string packed = cells.chunks();
  if (cells.error()) return {};
  const auto fail = [&](std::string_view what) {
    cells.fail("ShardIds", what);
    return std::vector<std::string>();
  };
  const auto unpacked = http::inflate_zlib_within(packed, kShardListBytesMax);
  if (unpacked.has_error()) return fail(unpacked.error().message());
  json::error_code failure;
  const json::value list = json::parse(*unpacked, failure);
  if (failure || !list.is_array()) return fail("expected a JSON array");
  const json::array& ids = list.get_array();
  if (ids.empty() || ids.size() > kPlanShardsMax) {
    return fail(fmt::format("expected 1 to {} shards, got {}", kPlanShardsMax, ids.size()));
  }
  std::vector<std::string> shards;
  std::set<std::string_view> seen;
  for (const json::value& id : ids) {
    const json::string* name = id.if_string();
    if (name == nullptr || name->empty() || name->size() > kShardIdBytesMax) {
      return fail("expected strings that name shards");
    }
    if (!seen.emplace(name->data(), name->size()).second) {
      return fail(fmt::format("shard {} is there twice", printable(*name)));
    }
    shards.emplace_back(*name);
  }
  return shards;
}

}  // namespace

std::vector<KeyColumn> status_key() {
  std::vector<KeyColumn> key;
  for (const std::string_view name : {kStream, kType, kValue}) {
    key.push_back(KeyColumn{std::string(name), KeyType::string});
  }
  return key;
}

StatusRow to_row(const std::string& stream, Instant end, const StatusCheckpoint& checkpoint) {
  StatusRow row;
  row.key = key_of(stream, kCheckpointType, end_text(end) + '\t' + checkpoint.shard);
  row.cells = {text("Version", checkpoint.version), text("Checkpoint", checkpoint.checkpoint),
               integer("SkipCount", checkpoint.skip)};
  return row;
}

StatusRow to_row(const StatusJob& job) {
  StatusRow row;
  row.key = key_of(job.stream, kJobType, end_text(job.end));
  const json::array ids(job.shards.begin(), job.shards.end());
  const std::string packed = http::deflate_zlib(json::serialize(ids));
  for (std::size_t at = 0; at < packed.size(); at += kChunkBytes) {
    row.cells.push_back(AttributeCell{chunk_name(at / kChunkBytes), AttributeCell::Kind::binary, 0,
                                      packed.substr(at, kChunkBytes)});
  }
  row.cells.push_back(text("Version", job.version));
  row.cells.push_back(text("TableName", job.table));
  row.cells.push_back(text("JobStreamId", job.stream));
  row.cells.push_back(integer("StartTime", to_ms(job.start)));
  row.cells.push_back(integer("EndTime", to_ms(job.end)));
  return row;
}

KeyRange job_range(const std::string& stream, Instant end) {
  const std::string text = end_text(end);
  return {key_of(stream, kJobType, text), key_of(stream, kJobType, text + '\t')};
}

KeyRange jobs_range(const std::string& stream) {
  KeyRange range{key_of(stream, kJobType, {}), key_of(stream, kJobType, {})};
  range.begin.back().kind = KeyCell::Kind::least;
  range.end.back().kind = KeyCell::Kind::greatest;
  return range;
}

// The row of very old versions has no shard, so it comes first.
KeyRange checkpoint_range(const std::string& stream, Instant end) {
  const std::string text = end_text(end);
  return {key_of(stream, kCheckpointType, text), key_of(stream, kCheckpointType, text + "\t\x7f")};
}

Result<void> add_checkpoint(const DecodedRecord& row, StatusRun& run) {
  RowCells cells(row, kCheckpointType);
  std::string_view rest;
  cells.end(rest);
  if (!cells.error() && rest.empty()) {
    run.shard_count = cells.integer("ShardCount", static_cast<std::int64_t>(kPlanShardsMax));
    // A run of nothing would be taken over as one that left every shard to its oldest record.
    if (run.shard_count == 0) cells.fail("ShardCount", "expected at least 1");
    return cells.error() ? Result<void>(*cells.error()) : Result<void>();
  }
  if (!cells.error() && (rest.size() < 2 || rest.front() != '\t')) {
    cells.fail(kValue, "expected a tab and a shard behind the milliseconds");
  }
  StatusCheckpoint found;
  found.shard = rest.empty() ? "" : rest.substr(1);
  found.version = cells.text_or_empty("Version", kVersionBytesMax);
  found.checkpoint = cells.text("Checkpoint", 1, kIteratorBytesMax);
  found.skip = cells.integer_or_zero("SkipCount", kSkipMax);
  if (found.skip > 0 && (found.checkpoint == kTrimHorizon || found.checkpoint == kShardEnd)) {
    cells.fail("SkipCount", fmt::format("expected 0 with {}", found.checkpoint));
  }
  if (cells.error()) return *cells.error();
  run.checkpoints.push_back(std::move(found));
  return {};
}

Result<StatusJob> job_from_row(const DecodedRecord& row) {
  RowCells cells(row, kJobType);
  StatusJob job;
  std::string_view rest;
  job.end = cells.end(rest);
  if (!rest.empty()) cells.fail(kValue, "expected nothing behind the milliseconds");
  job.version = cells.text("Version", 1, kVersionBytesMax);
  job.stream = cells.text("JobStreamId", 1, kVersionBytesMax);
  job.table = cells.text("TableName", 0, kVersionBytesMax);
  job.start = from_ms(cells.integer("StartTime", kMsMax));
  cells.integer("EndTime", kMsMax);
  job.shards = shard_list(cells);
  if (cells.error()) return *cells.error();
  return job;
}

Result<Instant> end_from_key(const DecodedRecord& row) {
  RowCells cells(row, kJobType);
  std::string_view rest;
  const Instant end = cells.end(rest);
  if (!rest.empty()) cells.fail(kValue, "expected nothing behind the milliseconds");
  if (cells.error()) return *cells.error();
  return end;
}

}  // namespace sluice::tablestore
