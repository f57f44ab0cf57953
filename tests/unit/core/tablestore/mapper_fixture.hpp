#pragma once
// Records given as their cells, and the rows a mapper makes of them as text.

#include "core/tablestore/record_mapper.hpp"
#include "tests/support/record_writer.hpp"

#include <fmt/format.h>

#include <deque>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace sluice::tablestore::test {

using sluice::test::Blob;
using sluice::test::WireCell;
using sluice::test::WireRecord;
using sluice::test::WireValue;

// "-" for null; texts in quotes where it is to be seen that a value is one.
inline std::string text_of(const pipeline::Value& value) {
  switch (value.type) {
    case pipeline::ValueType::null:
      return "-";
    case pipeline::ValueType::integer:
      return std::to_string(value.integer);
    case pipeline::ValueType::real:
      return fmt::format("{}", value.real);
    case pipeline::ValueType::boolean:
      return value.boolean ? "true" : "false";
    case pipeline::ValueType::string:
      return std::string(value.text);
    case pipeline::ValueType::binary:
      return fmt::format("b({})", value.text);
    case pipeline::ValueType::date:
      return fmt::format("d({})", value.integer);
  }
  return "?";
}

inline RowLayout layout_with(const std::vector<std::string>& columns) {
  RowLayout layout;
  for (const std::string& name : columns) layout.columns.push_back(job::Column{name});
  return layout;
}

// Keeps the records' bytes alive.
struct MapperFixture {
  explicit MapperFixture(RowLayout layout, const std::string& shard = "s")
      : mapper(make_mapper(layout, shard)), batch(mapper->width()) {}

  // The rows that the record adds, each as its values with a blank between.
  Result<std::vector<std::string>> try_map(std::vector<WireCell> attributes,
                                           Action action = Action::put_row) {
    WireRecord wire;
    wire.key = key;
    wire.attributes = std::move(attributes);
    wire.sequence = sequence;
    bytes.push_back(sluice::test::write_record(wire));
    if (decode_record(bytes.back(), record).has_error())
      throw std::logic_error("the test's record is broken");
    const std::size_t before = batch.rows();
    if (const auto mapped = mapper->append(action, record, batch); mapped.has_error()) return mapped.error();
    std::vector<std::string> rows;
    for (std::size_t i = before; i < batch.rows(); ++i) rows.push_back(row(i));
    return rows;
  }

  std::vector<std::string> map(std::vector<WireCell> attributes, Action action = Action::put_row) {
    return try_map(std::move(attributes), action).value();
  }

  std::string row(std::size_t index) const {
    std::string text;
    for (const pipeline::Value& value : batch.row(index)) text += text_of(value) + " ";
    return text.substr(0, text.size() - 1);
  }

  // The count of this reason, all of them so far.
  std::uint64_t ignored(const std::string& reason) {
    mapper->report(statistics);
    return statistics.ignored.contains(reason) ? statistics.ignored.at(reason) : 0;
  }

  std::vector<WireCell> key = {WireCell{"pk", std::int64_t{7}, {}, {}}};
  pipeline::Sequence sequence{1, 1'500'000'000'000'003, 2};
  std::unique_ptr<RecordMapper> mapper;
  pipeline::RowBatch batch;
  DecodedRecord record;
  std::deque<std::string> bytes;
  pipeline::Statistics statistics;
};

inline WireCell put(std::string name, WireValue value, std::int64_t version = 1000) {
  return {std::move(name), std::move(value), version, {}};
}
inline WireCell delete_one(std::string name, std::int64_t version) {
  return {std::move(name), {}, version, std::uint8_t{3}};
}
inline WireCell delete_all(std::string name) { return {std::move(name), {}, {}, std::uint8_t{1}}; }

using Rows = std::vector<std::string>;

}  // namespace sluice::tablestore::test
