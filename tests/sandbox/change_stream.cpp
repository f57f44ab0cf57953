#include "tests/sandbox/change_stream.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace sluice::sandbox {
namespace {

namespace json = boost::json;

// A clock that goes back by less only runs unevenly.
constexpr std::int64_t kStepMin = 1000;

std::string text(const json::object& object, std::string_view name) {
  return std::string(object.at(name).as_string());
}

}  // namespace

ChangeStream::ChangeStream(std::filesystem::path folder, std::string id, std::int64_t created_us,
                           std::int32_t hours, std::vector<std::string> origin_columns)
    : folder_(std::move(folder)),
      id_(std::move(id)),
      created_us_(created_us),
      hours_(hours),
      origin_columns_(std::move(origin_columns)) {
  std::filesystem::create_directories(folder_);
}

ChangeStream::ChangeStream(std::filesystem::path folder, const json::object& saved)
    : folder_(std::move(folder)),
      id_(text(saved, "id")),
      created_us_(saved.at("created_us").as_int64()),
      hours_(saved.at("hours").to_number<std::int32_t>()),
      next_shard_(saved.at("next_shard").to_number<std::uint64_t>()) {
  for (const json::value& column : saved.at("origin_columns").as_array())
    origin_columns_.emplace_back(column.as_string());
  for (const json::value& value : saved.at("shards").as_array()) {
    const json::object& from = value.as_object();
    Shard shard;
    shard.id = text(from, "id");
    shard.parent = text(from, "parent");
    shard.parent_sibling = text(from, "sibling");
    shard.closed = from.at("closed").as_bool();
    shard.closed_us = from.at("closed_us").as_int64();
    shard.trimmed = from.at("trimmed").to_number<std::uint64_t>();
    shard.dropped = from.at("dropped").as_bool();
    shard.log = std::make_unique<StreamLog>(log_path(shard.id));
    latest_us_ = std::max(latest_us_, shard.log->latest_time());
    shards_.push_back(std::move(shard));
  }
}

json::object ChangeStream::describe() const {
  json::array shards;
  for (const Shard& shard : shards_)
    shards.push_back({{"id", shard.id},
                      {"parent", shard.parent},
                      {"sibling", shard.parent_sibling},
                      {"closed", shard.closed},
                      {"closed_us", shard.closed_us},
                      {"trimmed", shard.trimmed},
                      {"dropped", shard.dropped}});
  json::array columns(origin_columns_.begin(), origin_columns_.end());
  return {{"id", id_},        {"created_us", created_us_}, {"hours", hours_}, {"next_shard", next_shard_},
          {"shards", shards}, {"origin_columns", columns}};
}

Shard* ChangeStream::find(const std::string& shard_id) {
  for (Shard& shard : shards_)
    if (shard.id == shard_id) return &shard;
  return nullptr;
}

const std::string& ChangeStream::open_shard(const std::string& parent, const std::string& sibling,
                                            std::int64_t time_us) {
  for (const std::string& id : {parent, sibling}) {
    Shard* closing = id.empty() ? nullptr : find(id);
    if (closing == nullptr) continue;
    if (!closing->closed) closing->closed_us = time_us;
    closing->closed = true;
  }
  Shard shard;
  shard.id = fmt::format("shard-{}-{:06}", created_us_, next_shard_++);
  shard.parent = parent;
  shard.parent_sibling = sibling;
  shard.log = std::make_unique<StreamLog>(log_path(shard.id));
  shards_.push_back(std::move(shard));
  return shards_.back().id;
}

void ChangeStream::clear() {
  for (const Shard& shard : shards_) std::filesystem::remove(log_path(shard.id));
  shards_.clear();
}

std::uint64_t ChangeStream::records() const {
  std::uint64_t sum = 0;
  for (const Shard& shard : shards_) sum += shard.log->size();
  return sum;
}

plain_buffer::SequenceInfo ChangeStream::next_sequence(const Shard& shard, const WriteTime& at) const {
  plain_buffer::SequenceInfo next = shard.log->last();
  if (at.request != 0 && at.request == shard.last_request) {
    ++next.row_index;
    return next;
  }
  next.row_index = 0;
  if (!at.steps) {
    next.timestamp_us = std::max(at.time_us, latest_us_ + 1);
  } else if (at.time_us <= next.timestamp_us - kStepMin) {
    ++next.epoch;
    next.timestamp_us = at.time_us;
  } else {
    next.timestamp_us = std::max(at.time_us, next.timestamp_us + 1);
  }
  return next;
}

std::int64_t ChangeStream::append_later(Shard& shard, const ChangeRecord& record, const WriteTime& at) {
  const plain_buffer::SequenceInfo sequence = next_sequence(shard, at);
  shard.log->append_later(record, sequence);
  shard.last_request = at.request;
  latest_us_ = std::max(latest_us_, sequence.timestamp_us);
  return sequence.timestamp_us;
}

void ChangeStream::append(Shard& shard, const ChangeRecord& record, const WriteTime& at) {
  append_later(shard, record, at);
  shard.log->flush();
}

void ChangeStream::flush() {
  for (const Shard& shard : shards_) shard.log->flush();
}

void ChangeStream::stay_enabling(std::uint64_t requests, std::int64_t until_us) {
  enabling_requests_ = requests;
  enabling_until_us_ = until_us;
}

bool ChangeStream::take_enabling_request() {
  const bool by_time = now_us() < enabling_until_us_;
  if (enabling_requests_ == 0) return by_time;
  --enabling_requests_;
  return true;
}

std::int64_t ChangeStream::horizon(std::int64_t time_us) const {
  return time_us - std::int64_t{hours_} * 3'600'000'000;
}

std::uint64_t ChangeStream::first_readable(const Shard& shard, std::int64_t time_us) const {
  if (shard.dropped) return shard.log->size();
  return std::max(shard.trimmed, shard.log->first_at(horizon(time_us)));
}

bool ChangeStream::listed(const Shard& shard, std::int64_t time_us) const {
  return !shard.dropped && (!shard.closed || shard.closed_us >= horizon(time_us));
}

std::filesystem::path ChangeStream::log_path(const std::string& shard_id) const {
  return folder_ / (shard_id + ".log");
}

}  // namespace sluice::sandbox
