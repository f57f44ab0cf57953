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

// The first key values seen in the partition, in order: of its rows, and if those are fewer than `wanted`, of
// its latest records too.
std::vector<Value> Table::first_keys(const Partition& partition, std::size_t wanted) const {
  const auto less = [](const Value& a, const Value& b) { return compare(a, b) < 0; };
  std::vector<Value> seen;
  for (const auto& [key, row] : rows_)
    if (compare(key.front(), partition.begin) >= 0 && compare(key.front(), partition.end) < 0 &&
        (seen.empty() || compare(seen.back(), key.front()) != 0))
      seen.push_back(key.front());
  if (!stream_ || seen.size() >= wanted) return seen;
  const std::size_t limit = seen.size() + std::max<std::size_t>(1000, 20 * wanted);
  for (const Shard& shard : stream_->shards())
    if (shard.id == partition.shard)
      for (std::uint64_t i = shard.log->size(); i > 0 && seen.size() < limit; --i)
        seen.push_back(shard.log->key_of(i - 1).front());
  std::sort(seen.begin(), seen.end(), less);
  const auto same = [](const Value& a, const Value& b) { return compare(a, b) == 0; };
  seen.erase(std::unique(seen.begin(), seen.end(), same), seen.end());
  return seen;
}

std::vector<Value> Table::split_points(const std::string& shard, std::size_t parts) const {
  const std::vector<Value> seen = first_keys(partitions_[partition_index(shard)], parts);
  if (parts < 2) throw std::invalid_argument("split shard: it takes 2 parts or more");
  if (seen.size() < parts)
    throw std::invalid_argument("split shard: it holds too few keys to choose a point; give \"at\"");
  std::vector<Value> points;
  for (std::size_t i = 1; i < parts; ++i) points.push_back(seen[i * seen.size() / parts]);
  return points;
}

std::vector<std::string> Table::split(const std::string& shard, std::vector<Value> points,
                                      std::int64_t time_us) {
  const std::size_t index = partition_index(shard);
  const Partition& old = partitions_[index];
  std::sort(points.begin(), points.end(), [](const Value& a, const Value& b) { return compare(a, b) < 0; });
  for (std::size_t i = 0; i < points.size(); ++i)
    if (compare(points[i], i == 0 ? old.begin : points[i - 1]) <= 0 || compare(points[i], old.end) >= 0)
      throw std::invalid_argument(
          fmt::format("split shard at {}: the point lies outside, or comes twice", points[i].display()));
  cut(index, points, time_us);
  save();
  std::vector<std::string> out;
  for (std::size_t i = index; i <= index + points.size(); ++i) out.push_back(partitions_[i].shard);
  return out;
}

void Table::cut(std::size_t index, std::span<const Value> points, std::int64_t time_us) {
  if (points.empty()) return;
  const std::size_t middle = points.size() / 2;
  const Partition old = partitions_[index];
  Partition left{old.begin, points[middle], ""};
  Partition right{points[middle], old.end, ""};
  if (stream_) {
    left.shard = stream_->open_shard(old.shard, "", time_us);
    right.shard = stream_->open_shard(old.shard, "", time_us);
  }
  partitions_[index] = std::move(left);
  partitions_.insert(partitions_.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(right));
  cut(index, points.first(middle), time_us);
  cut(index + middle + 1, points.subspan(middle + 1), time_us);
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
