#include "tests/sandbox/fill.hpp"

#include "tests/sandbox/change_source.hpp"
#include "tests/sandbox/row_change.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <stdexcept>

namespace sluice::sandbox {
namespace {

namespace json = boost::json;

constexpr int kTriesMax = 1'000'000;  // until a key falls into the wanted shard

struct FillPlan {
  std::uint64_t changes = 1000;
  std::optional<std::int64_t> from_us;  // without: every change gets the present time
  std::int64_t to_us = 0;
  std::uint64_t shards = 0;  // 0: as the table is partitioned
  std::string only_shard;    // empty: all of them
  bool stream_only = false;
  ChangeMix mix;
};

CellKind kind_of(std::string_view name) {
  if (name == "string") return CellKind::string;
  if (name == "integer") return CellKind::integer;
  if (name == "double") return CellKind::real;
  if (name == "boolean") return CellKind::boolean;
  if (name == "binary") return CellKind::binary;
  throw std::invalid_argument(fmt::format("fill: unknown kind \"{}\"", name));
}

void read_actions(const json::object& weights, ChangeMix& mix) {
  mix.puts = mix.updates = mix.deletes = 0;
  for (const auto& [name, weight] : weights) {
    if (name == "put")
      mix.puts = weight.to_number<std::uint32_t>();
    else if (name == "update")
      mix.updates = weight.to_number<std::uint32_t>();
    else if (name == "delete")
      mix.deletes = weight.to_number<std::uint32_t>();
    else
      throw std::invalid_argument(fmt::format("fill: unknown action \"{}\"", std::string_view(name)));
  }
  if (mix.puts + mix.updates + mix.deletes == 0)
    throw std::invalid_argument("fill: all actions have weight 0");
}

FillPlan read_plan(const json::object& request) {
  FillPlan plan;
  std::uint64_t cells = 4;
  for (const auto& [name, value] : request) {
    if (name == "instance" || name == "table") continue;
    if (name == "rows")
      plan.changes = value.to_number<std::uint64_t>();
    else if (name == "cells")
      cells = value.to_number<std::uint64_t>();
    else if (name == "columns")
      for (const json::value& column : value.as_array()) plan.mix.columns.emplace_back(column.as_string());
    else if (name == "from_ms")
      plan.from_us = value.to_number<std::int64_t>() * 1000;
    else if (name == "to_ms")
      plan.to_us = value.to_number<std::int64_t>() * 1000;
    else if (name == "seed")
      plan.mix.seed = value.to_number<std::uint64_t>();
    else if (name == "shards")
      plan.shards = value.to_number<std::uint64_t>();
    else if (name == "shard")
      plan.only_shard = value.as_string();
    else if (name == "kinds")
      for (const json::value& kind : value.as_array()) plan.mix.kinds.push_back(kind_of(kind.as_string()));
    else if (name == "string_bytes")
      plan.mix.string_bytes = value.to_number<std::size_t>();
    else if (name == "actions")
      read_actions(value.as_object(), plan.mix);
    else if (name == "stream_only")
      plan.stream_only = value.as_bool();
    else
      throw std::invalid_argument(fmt::format("fill: unknown key \"{}\"", std::string_view(name)));
  }
  for (std::uint64_t i = 1; plan.mix.columns.size() < cells && !request.contains("columns"); ++i)
    plan.mix.columns.push_back(fmt::format("c{}", i));
  if (plan.mix.kinds.empty())
    plan.mix.kinds = {CellKind::string, CellKind::integer, CellKind::real, CellKind::boolean};
  if (plan.from_us && plan.to_us <= *plan.from_us)
    throw std::invalid_argument("fill: to_ms must lie after from_ms");
  return plan;
}

RowChange decide(const Table& table, const ChangeSource::Change& change, const WireRow& wire,
                 const Row* before, std::int64_t time_ms) {
  if (change.action == RowAction::put) return decide_put(table, wire, before, time_ms);
  if (change.action == RowAction::update) return decide_update(table, wire, before, time_ms);
  return decide_delete(table, wire, before);
}

class Filler {
 public:
  Filler(Table& table, const StreamClock& clock, FillPlan plan)
      : table_(table), clock_(clock), plan_(std::move(plan)), source_(table.meta(), plan_.mix) {}

  json::object run() {
    prepare();
    for (std::uint64_t i = 0; i < plan_.changes; ++i) {
      const std::int64_t wanted_us = time_of(i);
      last_us_ = write(next_change(wanted_us / 1000), wanted_us);
      if (i == 0) first_us_ = last_us_;
    }
    table_.save_rows();
    table_.stream()->flush();
    return summary();
  }

 private:
  void prepare() {
    if (plan_.shards > 0 && plan_.shards != table_.partitions().size())
      table_.repartition(source_.bounds(plan_.shards));
    if (plan_.from_us && !clock_.steps && *plan_.from_us <= table_.stream()->latest_time())
      throw std::invalid_argument("fill: from_ms lies before the last record of the stream");
    if (!plan_.only_shard.empty() && table_.stream()->find(plan_.only_shard) == nullptr)
      throw std::invalid_argument(fmt::format("fill shard {}: there is none of that id", plan_.only_shard));
  }

  std::int64_t time_of(std::uint64_t change) const {
    if (!plan_.from_us) return clock_.now();
    const double share = static_cast<double>(change) / static_cast<double>(plan_.changes);
    return *plan_.from_us +
           static_cast<std::int64_t>(share * static_cast<double>(plan_.to_us - *plan_.from_us));
  }

  ChangeSource::Change next_change(std::int64_t version_ms) {
    for (int tries = 0; tries < kTriesMax; ++tries) {
      ChangeSource::Change change = source_.next(version_ms);
      if (plan_.only_shard.empty() || table_.shard_of(change.key)->id == plan_.only_shard) return change;
    }
    table_.save_rows();
    table_.stream()->flush();
    throw std::invalid_argument(fmt::format("fill shard {}: no key falls into it", plan_.only_shard));
  }

  // Returns the time the record got.
  std::int64_t write(ChangeSource::Change change, std::int64_t time_us) {
    Shard& shard = *table_.shard_of(change.key);
    ChangeRecord record;
    record.action = change.action;
    record.row.key = table_.wire_key(change.key);
    record.row.cells = std::move(change.cells);
    if (!plan_.stream_only) store(change, record, time_us);
    cells_ += record.row.cells.size();
    ++counts_[static_cast<std::size_t>(record.action)];
    ++by_shard_[shard.id];
    return table_.stream()->append_later(shard, record, WriteTime{time_us, clock_.steps, 0});
  }

  // Changes the row as a client's write would.
  void store(const ChangeSource::Change& change, ChangeRecord& record, std::int64_t time_us) {
    WireRow wire = record.row;
    for (Cell& cell : wire.cells) cell.timestamp.reset();
    wire.delete_marker = change.action == RowAction::erase;
    RowChange decided = decide(table_, change, wire, table_.find(change.key), time_us / 1000);
    record = std::move(decided.record);
    if (decided.after)
      table_.store_later(change.key, std::move(*decided.after));
    else
      table_.erase_later(change.key);
  }

  json::object summary() const {
    json::object shards;
    for (const auto& [id, count] : by_shard_) shards[id] = count;
    return {{"records", plan_.changes}, {"puts", counts_[1]}, {"updates", counts_[2]},
            {"deletes", counts_[3]},    {"cells", cells_},    {"first_us", first_us_},
            {"last_us", last_us_},      {"shards", shards}};
  }

  Table& table_;
  const StreamClock& clock_;
  FillPlan plan_;
  ChangeSource source_;
  std::int64_t first_us_ = 0;
  std::int64_t last_us_ = 0;
  std::uint64_t cells_ = 0;
  std::array<std::uint64_t, 4> counts_{};
  std::map<std::string, std::uint64_t> by_shard_;
};

}  // namespace

json::object fill(Catalog& catalog, const json::object& request) {
  Table& table = catalog.at(std::string(request.at("instance").as_string()),
                            std::string(request.at("table").as_string()));
  if (table.stream() == nullptr) throw std::invalid_argument("fill: the stream of the table is off");
  if (table.kind() == TableKind::time_series)
    throw std::invalid_argument("fill: a time series table is written by write_points");
  return Filler(table, catalog.clock, read_plan(request)).run();
}

}  // namespace sluice::sandbox
