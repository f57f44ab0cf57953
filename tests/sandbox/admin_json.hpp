#pragma once
// What calls of /_sandbox/ read from their bodies. All throw std::invalid_argument that names the key.

#include "tests/sandbox/ots_value.hpp"

#include <boost/json/fwd.hpp>

#include <string>
#include <string_view>

namespace sluice::sandbox {

std::string json_text(const boost::json::object& object, std::string_view name);
/// Empty if it is not given.
std::string json_optional_text(const boost::json::object& object, std::string_view name);
/// False if it is not given.
bool json_flag(const boost::json::object& object, std::string_view name);
/// A string or an integer.
Value json_key_value(const boost::json::value& value);

}  // namespace sluice::sandbox
