#include "core/pipeline/json_reader.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <utility>

namespace sluice::pipeline {

JsonReader::JsonReader(const boost::json::value& value, std::string path, std::optional<Error>& error)
    : object_(value.if_object()), path_(std::move(path)), error_(error) {
  if (object_ == nullptr && !error_) {
    error_ = Error(Errc::invalid_argument, fmt::format("read {}: expected an object", path_));
  }
}

const boost::json::value* JsonReader::optional(std::string_view member) const {
  return object_ == nullptr ? nullptr : object_->if_contains(member);
}

std::string JsonReader::string(std::string_view member) {
  const auto* value = optional(member);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  if (text != nullptr) return std::string(*text);
  fail(member, "a string");
  return "";
}

std::int64_t JsonReader::integer(std::string_view member) {
  const auto* value = optional(member);
  // Numbers made in memory may be unsigned, parsed ones are signed where they fit.
  boost::json::error_code failure;
  if (value != nullptr && !value->is_double()) {
    const auto number = value->to_number<std::int64_t>(failure);
    if (!failure) return number;
  }
  fail(member, "an integer");
  return 0;
}

std::uint64_t JsonReader::count(std::string_view member) {
  const std::int64_t number = integer(member);
  if (number >= 0) return static_cast<std::uint64_t>(number);
  fail(member, "an integer of at least 0");
  return 0;
}

Instant JsonReader::instant(std::string_view member) {
  const std::int64_t us = integer(member);
  if (is_believable(us)) return Instant(Duration(us));
  fail(member, "microseconds of the years 1 to 9999");
  return {};
}

void JsonReader::each(std::string_view member, const std::function<void(JsonReader)>& read) {
  const auto* value = optional(member);
  const auto* elements = value == nullptr ? nullptr : value->if_array();
  if (elements == nullptr) return fail(member, "an array");
  for (std::size_t i = 0; i < elements->size(); ++i) {
    read(JsonReader((*elements)[i], fmt::format("{}.{}[{}]", path_, member, i), error_));
  }
}

void JsonReader::fail(std::string_view member, std::string_view expected) {
  if (error_) return;
  error_ = Error(Errc::invalid_argument, fmt::format("read {}.{}: expected {}", path_, member, expected));
}

}  // namespace sluice::pipeline
