// Fuzz target of the status table's rows: what is accepted keeps the limits, and is read back as it was from
// what we write of it.
//
// Input: a byte of choices, the text of StatusValue up to a line end, then cells: a byte that names the
// column, one for the type, two of length, the bytes. A packed cell holds the zlib stream of its bytes.

#include "core/http/deflate.hpp"
#include "core/tablestore/shard_plan.hpp"
#include "core/tablestore/status_table.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <set>
#include <string>
#include <string_view>

namespace {

using namespace sluice;
using namespace sluice::tablestore;

constexpr std::string_view kColumns[] = {"Version",    "Checkpoint", "SkipCount", "ShardCount",
                                         "ShardIds_0", "ShardIds_1", "TableName", "JobStreamId",
                                         "StartTime",  "EndTime",    "Other"};

struct Row {
  DecodedRecord record;
  std::deque<std::string> texts;

  void add(std::string_view name, pipeline::ValueType type, std::string text) {
    Cell& cell = record.cells.emplace_back();
    cell.name = texts.emplace_back(name);
    cell.value.type = type;
    if (type == pipeline::ValueType::integer) {
      text.resize(sizeof cell.value.integer);
      std::memcpy(&cell.value.integer, text.data(), text.size());
    } else {
      cell.value.text = texts.emplace_back(std::move(text));
    }
  }
};

Row row_of(std::string_view input, bool is_job) {
  Row row;
  const auto string = pipeline::ValueType::string;
  const std::string_view value = input.substr(0, input.find('\n'));
  row.add("StreamId", string, "orders_1");
  row.add("StatusType", string, is_job ? "DataxJobDesc" : "CheckpointForDataxReader");
  row.add("StatusValue", string, std::string(value));
  row.record.key_cells = 3;
  input.remove_prefix(std::min(value.size() + 1, input.size()));
  while (input.size() >= 4) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(input[at]); };
    const std::string_view name = kColumns[byte(0) % std::size(kColumns)];
    const std::size_t length = std::min<std::size_t>(byte(2) + 256U * byte(3), input.size() - 4);
    std::string text(input.substr(4, length));
    switch (byte(1) % 4) {
      case 0:
        row.add(name, string, std::move(text));
        break;
      case 1:
        row.add(name, pipeline::ValueType::integer, std::move(text));
        break;
      case 2:
        row.add(name, pipeline::ValueType::binary, std::move(text));
        break;
      default:
        row.add(name, pipeline::ValueType::binary, http::deflate_zlib(text));
        break;
    }
    input.remove_prefix(4 + length);
  }
  return row;
}

// The row as we write it, as it is decoded from a page.
Row written(const StatusRow& source) {
  Row row;
  for (const KeyCell& cell : source.key) row.add(cell.name, pipeline::ValueType::string, cell.text);
  row.record.key_cells = source.key.size();
  for (const AttributeCell& cell : source.cells) {
    if (cell.kind == AttributeCell::Kind::integer) {
      row.add(cell.name, pipeline::ValueType::integer,
              std::string(reinterpret_cast<const char*>(&cell.integer), sizeof cell.integer));
    } else {
      const bool is_binary = cell.kind == AttributeCell::Kind::binary;
      row.add(cell.name, is_binary ? pipeline::ValueType::binary : pipeline::ValueType::string, cell.text);
    }
  }
  return row;
}

void check(bool holds) {
  if (!holds) std::abort();
}

void check_error(const Error& error) {
  check(error.code() == Errc::corrupt);
  check(error.message().find('\n') == std::string::npos && error.message().size() < 1000);
}

void read_checkpoint(const DecodedRecord& record) {
  StatusRun run;
  if (const auto added = add_checkpoint(record, run); added.has_error()) return check_error(added.error());
  if (run.shard_count) return check(run.checkpoints.empty());
  const StatusCheckpoint& found = run.checkpoints.at(0);
  check(!found.shard.empty() && !found.checkpoint.empty() && found.skip >= 0);
  StatusRun again;
  const Row row = written(to_row("orders_1", Instant(std::chrono::milliseconds(1)), found));
  check(add_checkpoint(row.record, again).has_value() && again.checkpoints.at(0) == found);
}

void read_job(const DecodedRecord& record) {
  const auto job = job_from_row(record);
  if (job.has_error()) return check_error(job.error());
  check(end_from_key(record).value() == job->end);
  check(!job->shards.empty() && job->shards.size() <= kPlanShardsMax);
  check(std::set<std::string>(job->shards.begin(), job->shards.end()).size() == job->shards.size());
  const Row row = written(to_row(*job));
  check(job_from_row(row.record).value() == *job);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const bool is_job = (data[0] & 1U) != 0;
  const Row row = row_of(input.substr(1), is_job);
  if (is_job) {
    read_job(row.record);
  } else {
    read_checkpoint(row.record);
  }
  return 0;
}
