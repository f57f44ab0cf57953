#include "storage/alert_rows.hpp"

#include "core/base/utf8.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace sluice::storage {
namespace {

namespace json = boost::json;
using scheduler::AlertFacts;
using scheduler::Delivery;
using scheduler::DeliveryState;
using scheduler::Incident;

[[noreturn]] void refuse_alert_row(std::string_view what, std::string_view text) {
  throw ErrorException(
      Error(Errc::corrupt,
            fmt::format("read alerts of the state file: {} reads \"{}\"; restore a backup of the state file",
                        what, text)));
}

json::value alert_json(const std::string& text) {
  boost::system::error_code failure;
  auto value = json::parse(text, failure);
  if (failure) refuse_alert_row("a JSON text", text);
  return value;
}

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

std::optional<std::int64_t> number_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  boost::system::error_code failure;
  const auto number = value->to_number<std::int64_t>(failure);
  if (failure) return std::nullopt;
  return number;
}

std::optional<Instant> instant_of(const json::object& object, std::string_view name) {
  const auto number = number_of(object, name);
  if (!number) return std::nullopt;
  return Instant(Duration(*number));
}

AlertFacts parse_facts(const std::string& text) {
  // Older programs stored what they were told, names of files that are not UTF-8 too.
  const json::value value = alert_json(as_utf8(text));
  if (!value.is_object()) refuse_alert_row("facts", text);
  const json::object& object = value.get_object();
  AlertFacts facts;
  facts.job = text_of(object, "job");
  facts.instance = text_of(object, "instance");
  facts.business_date = text_of(object, "business_date");
  facts.zone = text_of(object, "zone");
  facts.window_start = instant_of(object, "window_start_us");
  facts.window_end = instant_of(object, "window_end_us");
  facts.until = instant_of(object, "until_us");
  facts.error = text_of(object, "error");
  facts.count = static_cast<std::uint64_t>(number_of(object, "count").value_or(0));
  facts.length = Duration(number_of(object, "length_us").value_or(0));
  return facts;
}

scheduler::AlertKind parse_kind(const std::string& text) {
  const auto kind = scheduler::alert_kind_from_string(text);
  if (!kind) refuse_alert_row("a kind", text);
  return *kind;
}

DeliveryState parse_delivery_state(const std::string& text) {
  for (const DeliveryState state : {DeliveryState::pending, DeliveryState::sent, DeliveryState::failed}) {
    if (to_string(state) == text) return state;
  }
  refuse_alert_row("the state of a delivery", text);
}

std::vector<std::string> parse_channels(const std::string& text) {
  const json::value value = alert_json(text);
  if (!value.is_array()) refuse_alert_row("channels", text);
  std::vector<std::string> channels;
  for (const json::value& one : value.get_array()) {
    if (one.is_string()) channels.emplace_back(one.get_string());
  }
  return channels;
}

std::vector<Instant> parse_instants(const std::string& text) {
  const json::value value = alert_json(text);
  if (!value.is_array()) refuse_alert_row("times of notices", text);
  std::vector<Instant> instants;
  for (const json::value& one : value.get_array()) {
    if (one.is_int64()) instants.emplace_back(Duration(one.get_int64()));
  }
  return instants;
}

}  // namespace

std::string facts_text(const AlertFacts& facts) {
  json::object object;
  const auto put_text = [&](std::string_view name, const std::string& text) {
    if (!text.empty()) object[name] = as_utf8(text);
  };
  const auto put_instant = [&](std::string_view name, const std::optional<Instant>& instant) {
    if (instant) object[name] = instant->time_since_epoch().count();
  };
  put_text("job", facts.job);
  put_text("instance", facts.instance);
  put_text("business_date", facts.business_date);
  put_text("zone", facts.zone);
  put_instant("window_start_us", facts.window_start);
  put_instant("window_end_us", facts.window_end);
  put_instant("until_us", facts.until);
  put_text("error", facts.error);
  object["count"] = facts.count;
  object["length_us"] = facts.length.count();
  return json::serialize(object);
}

std::string channels_text(const std::vector<std::string>& channels) {
  json::array array;
  for (const std::string& channel : channels) array.emplace_back(channel);
  return json::serialize(array);
}

std::string instants_text(const std::vector<Instant>& instants) {
  json::array array;
  for (const Instant instant : instants) array.emplace_back(instant.time_since_epoch().count());
  return json::serialize(array);
}

Incident read_incident(const Statement& row) {
  Incident incident;
  incident.id = row.integer(0);
  incident.key = row.text(1);
  incident.kind = parse_kind(row.text(2));
  incident.facts = parse_facts(row.text(3));
  incident.channels = parse_channels(row.text(4));
  incident.opened = row.instant(5);
  incident.seen = row.instant(6);
  incident.recovered = row.maybe_instant(7);
  incident.acknowledged = row.maybe_instant(8);
  incident.acknowledged_by = row.text(9);
  incident.notified = parse_instants(row.text(10));
  incident.told = row.small(11) != 0;
  incident.worse = row.small(12) != 0;
  incident.event = row.small(13) != 0;
  incident.closed = row.small(14) != 0;
  return incident;
}

Delivery read_delivery(const Statement& row) {
  Delivery delivery;
  delivery.id = row.integer(0);
  delivery.channel = row.text(1);
  delivery.state = parse_delivery_state(row.text(2));
  delivery.tries = row.small(3);
  delivery.next = row.instant(4);
  delivery.ended = row.maybe_instant(5);
  delivery.error = row.text(6);
  delivery.notice.id = row.integer(7);
  delivery.notice.incident = row.is_null(8) ? 0 : row.integer(8);
  const std::string event = row.text(9);
  const auto known = scheduler::notice_event_from_string(event);
  if (!known) refuse_alert_row("the event of a notice", event);
  delivery.notice.event = *known;
  delivery.notice.kind = parse_kind(row.text(10));
  delivery.notice.facts = parse_facts(row.text(11));
  delivery.notice.at = row.instant(12);
  delivery.notice.opened = row.instant(13);
  return delivery;
}

}  // namespace sluice::storage
