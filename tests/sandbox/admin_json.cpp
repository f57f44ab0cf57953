#include "tests/sandbox/admin_json.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <stdexcept>

namespace sluice::sandbox {

namespace json = boost::json;

std::string json_text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string())
    throw std::invalid_argument(fmt::format("\"{}\" must be given as text", name));
  return std::string(value->as_string());
}

std::string json_optional_text(const json::object& object, std::string_view name) {
  return object.contains(name) ? json_text(object, name) : std::string();
}

bool json_flag(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return false;
  if (!value->is_bool()) throw std::invalid_argument(fmt::format("\"{}\" must be true or false", name));
  return value->as_bool();
}

Value json_key_value(const json::value& value) {
  if (value.is_string()) return Value::of(std::string(value.as_string()));
  return Value::of(value.to_number<std::int64_t>());
}

}  // namespace sluice::sandbox
