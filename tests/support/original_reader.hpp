#pragma once
// The reader that is replaced, as far as its status table goes: written a second time from its description,
// so that what we read and write is judged by someone else. Reads a FakeStream, whose iterators are
// "shard@offset".

#include "core/http/deflate.hpp"
#include "core/http/inflate.hpp"
#include "tests/support/fake_table.hpp"

#include <boost/json.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::test {

class OriginalReader {
 public:
  // What it takes from each shard: places in the fake's log.
  using Taken = std::map<std::string, std::vector<pipeline::Sequence>>;
  using Starts = std::map<std::string, std::string>;  // checkpoint of each shard

  OriginalReader(FakeStream& stream, FakeTable& table, std::string status_table = "status")
      : stream_(stream), table_(table), name_(std::move(status_table)) {}

  static std::string end_text(Instant end) {
    return fmt::format("{:16}", end.time_since_epoch().count() / 1000);
  }

  // Where the run that ended at `end` left the shards, if it counts as a run.
  std::optional<Starts> starts(Instant end) const {
    const auto* job = find("DataxJobDesc", end_text(end));
    if (job == nullptr || text(*job, "JobStreamId") != stream_.stream_id) return std::nullopt;
    std::string packed;
    for (int i = 0; has(*job, fmt::format("ShardIds_{}", i)); ++i)
      packed += text(*job, fmt::format("ShardIds_{}", i));
    const auto list = boost::json::parse(http::inflate_zlib_within(packed, 1'000'000).value());
    std::size_t rows = 0;
    for (const auto& [key, cells] : table_.tables.at(name_)) {
      const std::string& value = key[2].text;
      const std::string prefix = end_text(end) + '\t';
      if (key[0].text == stream_.stream_id && key[1].text == "CheckpointForDataxReader" && value >= prefix &&
          value < prefix + '\x7f') {
        ++rows;
      }
    }
    if (rows != list.as_array().size()) return std::nullopt;
    Starts found;
    for (const auto& id : list.as_array()) {
      const std::string shard(id.as_string());
      const auto* row = find("CheckpointForDataxReader", end_text(end) + '\t' + shard);
      if (row == nullptr || text(*row, "Version") != text(*job, "Version")) return std::nullopt;
      found[shard] = text(*row, "Checkpoint");
    }
    return found;
  }

  // One window. Begins where the run before ended, otherwise with everything not older than `start`.
  Taken run(Instant start, Instant end) {
    const auto begin = starts(start);
    Starts now;
    Taken taken;
    for (const FakeStream::FakeShard& shard : stream_.shards) {
      if (!shard.listed) continue;
      const std::string& id = shard.info.shard_id;
      const auto known = begin ? begin->find(id) : Starts::const_iterator();
      const std::string from = begin && known != begin->end() ? known->second : "TRIM_HORIZON";
      now[id] = waits(shard, now) ? "TRIM_HORIZON"
                                  : read(shard, from, begin ? Instant::min() : start, end, taken[id]);
    }
    if (begin) {
      for (const auto& [id, checkpoint] : *begin) {
        if (!now.contains(id) && checkpoint != "SHARD_END")
          throw std::logic_error("shard does not exist now: " + id);
      }
    }
    write_run(start, end, now, fmt::format("{}-b7f8", end.time_since_epoch().count()));
    return taken;
  }

  void write_run(Instant start, Instant end, const Starts& checkpoints, const std::string& version) {
    boost::json::array ids;
    for (const auto& [id, checkpoint] : checkpoints) {
      ids.emplace_back(id);
      put("CheckpointForDataxReader", end_text(end) + '\t' + id,
          {string_cell("Version", version), string_cell("Checkpoint", checkpoint),
           integer_cell("SkipCount", 0)});
    }
    auto packed = string_cell("ShardIds_0", http::deflate_zlib(boost::json::serialize(ids)));
    packed.kind = tablestore::AttributeCell::Kind::binary;
    put("DataxJobDesc", end_text(end),
        {packed, string_cell("Version", version), string_cell("TableName", stream_.table),
         string_cell("JobStreamId", stream_.stream_id),
         integer_cell("StartTime", start.time_since_epoch().count() / 1000),
         integer_cell("EndTime", end.time_since_epoch().count() / 1000)});
  }

  static tablestore::AttributeCell string_cell(std::string name, std::string value) {
    return {std::move(name), tablestore::AttributeCell::Kind::string, 0, std::move(value)};
  }
  static tablestore::AttributeCell integer_cell(std::string name, std::int64_t value) {
    return {std::move(name), tablestore::AttributeCell::Kind::integer, value, {}};
  }

  static tablestore::Key key(std::string stream, std::string type, std::string value) {
    return {{"StreamId", tablestore::KeyCell::Kind::string, 0, std::move(stream)},
            {"StatusType", tablestore::KeyCell::Kind::string, 0, std::move(type)},
            {"StatusValue", tablestore::KeyCell::Kind::string, 0, std::move(value)}};
  }

  void put(const std::string& type, const std::string& value, FakeTable::Cells cells) {
    table_.tables[name_][key(stream_.stream_id, type, value)] = std::move(cells);
  }

  // The row, to be changed; null if there is none.
  FakeTable::Cells* find(const std::string& type, const std::string& value) const {
    auto& rows = table_.tables[name_];
    const auto found = rows.find(key(stream_.stream_id, type, value));
    return found == rows.end() ? nullptr : &found->second;
  }

 private:
  static const tablestore::AttributeCell* cell(const FakeTable::Cells& cells, const std::string& name) {
    for (const auto& candidate : cells) {
      if (candidate.name == name) return &candidate;
    }
    return nullptr;
  }
  static bool has(const FakeTable::Cells& cells, const std::string& name) {
    return cell(cells, name) != nullptr;
  }
  static std::string text(const FakeTable::Cells& cells, const std::string& name) {
    return has(cells, name) ? cell(cells, name)->text : "";
  }

  // A parent has more to give, or waits itself.
  static bool waits(const FakeStream::FakeShard& shard, const Starts& now) {
    for (const auto& parent : {shard.info.parent_id, shard.info.parent_sibling_id}) {
      if (!parent) continue;
      const auto state = now.find(*parent);
      if (state != now.end() && state->second != "SHARD_END") return true;
    }
    return false;
  }

  static std::string read(const FakeStream::FakeShard& shard, const std::string& from, Instant skip_before,
                          Instant end, std::vector<pipeline::Sequence>& taken) {
    if (from == "SHARD_END") return from;
    std::size_t at = shard.trimmed;
    if (from != "TRIM_HORIZON") at = std::stoul(from.substr(from.rfind('@') + 1));
    bool skipping = skip_before != Instant::min();
    for (; at < shard.log.size(); ++at) {
      const Instant time{Duration(shard.log[at].sequence.time_us)};
      if (time >= end) return fmt::format("{}@{}", shard.info.shard_id, at);
      skipping = skipping && time < skip_before;
      if (!skipping) taken.push_back(shard.log[at].sequence);
    }
    return shard.closed ? "SHARD_END" : fmt::format("{}@{}", shard.info.shard_id, at);
  }

  FakeStream& stream_;
  FakeTable& table_;
  std::string name_;
};

}  // namespace sluice::test
