#include "daemon/base/json_view.hpp"

#include "core/job/civil_time.hpp"

#include <fmt/format.h>

namespace sluice::daemon {
namespace {

const boost::json::value kNull(nullptr);
const boost::json::array kNoItems;
const boost::json::object kNoMembers;

}  // namespace

JsonView JsonView::operator[](std::string_view key) const {
  const auto* object = value_->if_object();
  const auto* member = object == nullptr ? nullptr : object->if_contains(key);
  return JsonView(member == nullptr ? kNull : *member);
}

std::string JsonView::text() const {
  const auto* string = value_->if_string();
  return string == nullptr ? std::string() : std::string(*string);
}

double JsonView::number() const {
  boost::system::error_code ec;
  const double number = value_->is_number() ? value_->to_number<double>(ec) : 0;
  return ec ? 0 : number;
}

std::uint64_t JsonView::count() const {
  boost::system::error_code ec;
  const auto number = value_->is_number() ? value_->to_number<std::uint64_t>(ec) : 0;
  return ec ? 0 : number;
}

bool JsonView::boolean() const { return value_->is_bool() && value_->get_bool(); }
bool JsonView::is_null() const { return value_->is_null(); }

const boost::json::array& JsonView::items() const {
  const auto* array = value_->if_array();
  return array == nullptr ? kNoItems : *array;
}

const boost::json::object& JsonView::members() const {
  const auto* object = value_->if_object();
  return object == nullptr ? kNoMembers : *object;
}

std::optional<Instant> JsonView::time() const {
  std::string value = text();
  const auto dot = value.find('.');
  if (dot != std::string::npos) value = value.substr(0, dot) + "Z";
  const auto instant = job::parse_local(value);
  if (!instant) return std::nullopt;
  return *instant;
}

std::string local_text(const std::optional<Instant>& instant, const std::string& zone) {
  if (!instant) return "-";
  std::string text = job::format_local(*instant, zone);
  const auto sign = text.find_last_of("+-Z");
  text = text.substr(0, sign);
  if (text.size() > 10) text[10] = ' ';
  return text;
}

std::string clock_text(const std::optional<Instant>& instant, const std::string& zone) {
  const std::string text = local_text(instant, zone);
  return text.size() > 11 ? text.substr(11) : text;
}

}  // namespace sluice::daemon
