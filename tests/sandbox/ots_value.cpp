#include "tests/sandbox/ots_value.hpp"

#include <fmt/format.h>

namespace sluice::sandbox {
namespace {

int sign(int order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

// INF_MIN below, INF_MAX above, the rest between by type.
int rank(ValueType type) {
  if (type == ValueType::inf_min) return -1;
  if (type == ValueType::inf_max) return 100;
  return static_cast<int>(type);
}

}  // namespace

Value Value::of(std::int64_t number) {
  Value value;
  value.integer = number;
  return value;
}

Value Value::of(std::string string) {
  Value value;
  value.type = ValueType::string;
  value.text = std::move(string);
  return value;
}

Value Value::infinite(ValueType end) {
  Value value;
  value.type = end;
  return value;
}

std::size_t Value::size() const {
  switch (type) {
    case ValueType::string:
    case ValueType::blob:
      return text.size();
    case ValueType::boolean:
      return 1;
    default:
      return 8;
  }
}

std::string Value::display() const {
  switch (type) {
    case ValueType::string:
    case ValueType::blob:
      return text;
    case ValueType::real:
      return fmt::format("{}", real);
    case ValueType::inf_min:
      return "INF_MIN";
    case ValueType::inf_max:
      return "INF_MAX";
    default:
      return std::to_string(integer);
  }
}

int compare(const Value& a, const Value& b) {
  if (a.type != b.type) return sign(rank(a.type) - rank(b.type));
  if (a.type == ValueType::string || a.type == ValueType::blob) return sign(a.text.compare(b.text));
  if (a.type == ValueType::real) return a.real < b.real ? -1 : b.real < a.real ? 1 : 0;
  return a.integer < b.integer ? -1 : b.integer < a.integer ? 1 : 0;
}

int compare(const Key& a, const Key& b) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
    if (const int order = compare(a[i], b[i]); order != 0) return order;
  return a.size() < b.size() ? -1 : b.size() < a.size() ? 1 : 0;
}

}  // namespace sluice::sandbox
