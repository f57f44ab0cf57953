// Table: how keys are spread over partitions and shards.
#include "tests/sandbox/table.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace sluice::sandbox {

Shard* Table::shard_of(const Key& key) {
  if (!stream_) return nullptr;
  for (const Partition& partition : partitions_)
    if (compare(key.front(), partition.begin) >= 0 && compare(key.front(), partition.end) < 0)
      return stream_->find(partition.shard);
  return nullptr;
}

std::size_t Table::partition_index(const std::string& shard) const {
  if (shard.empty()) return 0;
  for (std::size_t i = 0; i < partitions_.size(); ++i)
    if (partitions_[i].shard == shard) return i;
  throw std::invalid_argument(fmt::format("find open shard {}: there is none of that id", shard));
}

// The middle one of the first key values seen in the partition: of its rows, else of its latest records.
Value Table::split_point(const Partition& partition) const {
  std::vector<Value> seen;
  for (const auto& [key, row] : rows_)
    if (compare(key.front(), partition.begin) >= 0 && compare(key.front(), partition.end) < 0 &&
        (seen.empty() || compare(seen.back(), key.front()) != 0))
      seen.push_back(key.front());
  if (stream_ && seen.size() < 2) {
    for (const Shard& shard : stream_->shards())
      if (shard.id == partition.shard)
        for (std::uint64_t i = shard.log->size(); i > 0 && seen.size() < 1000; --i)
          seen.push_back(shard.log->key_of(i - 1).front());
    std::sort(seen.begin(), seen.end(), [](const Value& a, const Value& b) { return compare(a, b) < 0; });
  }
  for (std::size_t i = seen.size() / 2; i < seen.size(); ++i)
    if (compare(seen[i], partition.begin) > 0 && compare(seen[i], seen.front()) > 0) return seen[i];
  throw std::invalid_argument("split shard: it holds too few keys to choose a point; give \"at\"");
}

std::vector<std::string> Table::split(const std::string& shard, const std::optional<Value>& at,
                                      std::int64_t time_us) {
  const std::size_t index = partition_index(shard);
  const Partition old = partitions_[index];
  const Value point = at ? *at : split_point(old);
  if (compare(point, old.begin) <= 0 || compare(point, old.end) >= 0)
    throw std::invalid_argument(fmt::format("split shard at {}: the point lies outside", point.display()));
  Partition left{old.begin, point, ""};
  Partition right{point, old.end, ""};
  if (stream_) {
    left.shard = stream_->open_shard(old.shard, "", time_us);
    right.shard = stream_->open_shard(old.shard, "", time_us);
  }
  std::vector<std::string> out{left.shard, right.shard};
  partitions_[index] = std::move(left);
  partitions_.insert(partitions_.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(right));
  save();
  return out;
}

std::string Table::merge(const std::string& shard, std::int64_t time_us) {
  const std::size_t index = partition_index(shard);
  if (index + 1 >= partitions_.size())
    throw std::invalid_argument("merge shards: there is no neighbour after this partition");
  Partition& left = partitions_[index];
  const Partition right = partitions_[index + 1];
  if (stream_) left.shard = std::string(stream_->open_shard(left.shard, right.shard, time_us));
  left.end = right.end;
  partitions_.erase(partitions_.begin() + static_cast<std::ptrdiff_t>(index) + 1);
  save();
  return partitions_[index].shard;
}

void Table::repartition(const std::vector<Value>& bounds) {
  if (stream_ && stream_->records() > 0)
    throw std::invalid_argument("repartition table: its stream holds records already; use split");
  partitions_.clear();
  Value begin = Value::infinite(ValueType::inf_min);
  for (const Value& bound : bounds) {
    partitions_.push_back({begin, bound, ""});
    begin = bound;
  }
  partitions_.push_back({begin, Value::infinite(ValueType::inf_max), ""});
  if (stream_) {
    stream_->clear();
    for (Partition& partition : partitions_) partition.shard = stream_->open_shard("", "", now_us());
  }
  save();
}

}  // namespace sluice::sandbox
