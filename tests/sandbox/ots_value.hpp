#pragma once
// Values, keys and rows of the sandbox's Table Store.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::sandbox {

/// The numbers are those of the wire.
enum class ValueType : std::uint8_t {
  integer = 0,
  real = 1,
  boolean = 2,
  string = 3,
  blob = 7,
  inf_min = 9,
  inf_max = 10,
  auto_increment = 11
};

struct Value {
  ValueType type = ValueType::integer;
  std::int64_t integer = 0;  // also 0 and 1 of a boolean
  double real = 0;
  std::string text;  // bytes of a string or blob

  static Value of(std::int64_t number);
  static Value of(std::string string);
  static Value infinite(ValueType end);
  /// Bytes as the service counts them for capacity and size limits.
  std::size_t size() const;
  std::string display() const;
};

/// -1, 0, 1. INF_MIN and INF_MAX are below and above everything; texts compare by unsigned bytes. Values of
/// different types order by type.
int compare(const Value& a, const Value& b);

using Key = std::vector<Value>;
int compare(const Key& a, const Key& b);
struct KeyLess {
  bool operator()(const Key& a, const Key& b) const { return compare(a, b) < 0; }
};

/// Newest first; the number is the version in milliseconds.
using Versions = std::vector<std::pair<std::int64_t, Value>>;
/// Attribute columns by name. A row may have none.
using Row = std::map<std::string, Versions>;

enum class CellOp : std::uint8_t { put = 0, delete_all = 1, delete_one = 3, increment = 4 };

/// A cell as it travels. A key cell has a name and a value only.
struct Cell {
  std::string name;
  std::optional<Value> value;
  std::optional<std::int64_t> timestamp;
  CellOp op = CellOp::put;
};

struct WireRow {
  std::vector<Cell> key;
  std::vector<Cell> cells;
  bool delete_marker = false;
};

}  // namespace sluice::sandbox
