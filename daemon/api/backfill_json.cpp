#include "daemon/api/backfill_json.hpp"

#include "core/job/civil_time.hpp"
#include "daemon/api/api_json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::daemon {
namespace {

namespace json = boost::json;
using scheduler::BackfillOrder;
using scheduler::BackfillRange;
using scheduler::DayPart;

Error wrong_in_body(std::string_view name, std::string_view expected) {
  return Error(Errc::invalid_argument, fmt::format("read the body: {}: expected {}", name, expected));
}

Result<int> body_number(const json::object& body, std::string_view name, int fallback) {
  const auto* member = body.if_contains(name);
  if (member == nullptr || member->is_null()) return fallback;
  boost::system::error_code failure;
  const int number = member->to_number<int>(failure);
  if (failure) return wrong_in_body(name, "a whole number");
  return number;
}

// The local midnight that begins the day `later` days after the date of `text`.
Result<Instant> midnight_after(std::string_view name, std::string_view text, std::string_view zone,
                               int later) {
  const bool is_date = text.size() == 10 && text.find('T') == std::string_view::npos;
  if (!is_date)
    return wrong_in_body(name, fmt::format("a business date such as 2018-10-15, got \"{}\"", text));
  const auto date = time_from_text(text, "UTC");
  if (!date) return date.error().in(name);
  return job::to_instant(std::chrono::floor<std::chrono::days>(*date) + std::chrono::days(later), zone);
}

// Business date D is the run of the day D + 1.
Result<BackfillRange> read_range(const json::object& given, std::string_view zone) {
  const auto from = body_text(given, "from", "");
  if (!from) return from.error();
  const auto to = body_text(given, "to", "");
  if (!to) return to.error();
  const auto first = body_text(given, "first_date", "");
  if (!first) return first.error();
  const auto last = body_text(given, "last_date", *first);
  if (!last) return last.error();
  const bool times = !from->empty() || !to->empty();
  const bool dates = !first->empty() || !last->empty();
  if (times == dates) {
    return wrong_in_body("from",
                         "the slots with from and to, or the business dates with first_date and last_date");
  }
  const auto begin = times ? time_from_text(*from, zone) : midnight_after("first_date", *first, zone, 1);
  if (!begin) return times ? begin.error().in("from") : begin.error();
  const auto end = times ? time_from_text(*to, zone) : midnight_after("last_date", *last, zone, 2);
  if (!end) return times ? end.error().in("to") : end.error();
  return BackfillRange{*begin, *end};
}

// One range, or several under `ranges`.
Result<void> read_ranges(const json::object& body, std::string_view zone, BackfillOrder& order) {
  const auto* several = body.if_contains("ranges");
  if (several == nullptr || several->is_null()) {
    const auto range = read_range(body, zone);
    if (!range) return range.error();
    order.from = range->from;
    order.to = range->to;
    return {};
  }
  const bool also_one = body.contains("from") || body.contains("to") || body.contains("first_date") ||
                        body.contains("last_date");
  if (!several->is_array() || several->get_array().empty() || also_one)
    return wrong_in_body("ranges",
                         "a list of {from, to} or {first_date, last_date}, without these beside it");
  for (const json::value& one : several->get_array()) {
    if (!one.is_object()) return wrong_in_body("ranges", "a list of {from, to} or {first_date, last_date}");
    const auto range = read_range(one.get_object(), zone);
    if (!range) return range.error();
    order.ranges.push_back(*range);
  }
  order.from = std::ranges::min(order.ranges, {}, &BackfillRange::from).from;
  order.to = std::ranges::max(order.ranges, {}, &BackfillRange::to).to;
  if (order.ranges.size() == 1) order.ranges.clear();
  return {};
}

Result<void> read_day_part(const json::object& body, std::string_view name, DayPart& part) {
  const auto text = body_text(body, name, "");
  if (!text) return text.error();
  if (text->empty()) return {};
  const auto read = scheduler::day_part_from_string(*text);
  if (!read) return wrong_in_body(name, fmt::format("two times such as 22:00-06:00, got \"{}\"", *text));
  part = *read;
  return {};
}

Result<void> read_parameters_of(const json::object& body, BackfillOrder& order) {
  const auto* given = body.if_contains("parameters");
  if (given == nullptr || given->is_null()) return {};
  if (!given->is_object()) return wrong_in_body("parameters", "an object of names and expressions");
  for (const auto& [name, value] : given->get_object()) {
    if (!value.is_string()) return wrong_in_body("parameters", "an object of names and expressions");
    order.parameters.emplace_back(name, value.get_string());
  }
  return {};
}

Result<void> read_flags(const json::object& body, BackfillOrder& order) {
  for (const auto& [name, flag] : {std::pair("all", &order.all), std::pair("run_now", &order.run_now),
                                   std::pair("weekends", &order.run_hours.weekends)}) {
    const auto value = body_flag(body, name);
    if (!value) return value.error();
    *flag = *value;
  }
  for (const auto& [name, number] :
       {std::pair("parallel", &order.parallel), std::pair("priority", &order.priority)}) {
    const auto value = body_number(body, name, *number);
    if (!value) return value.error();
    *number = *value;
  }
  for (const auto& [name, part] :
       {std::pair("between", &order.times), std::pair("run_between", &order.run_hours.hours)}) {
    const auto read = read_day_part(body, name, *part);
    if (!read) return read.error();
  }
  return {};
}

Result<void> read_words(const json::object& body, BackfillOrder& order) {
  const auto direction = body_text(body, "order", "asc");
  if (!direction) return direction.error();
  if (*direction != "asc" && *direction != "desc") return wrong_in_body("order", "asc or desc");
  order.descending = *direction == "desc";
  const auto alerts = body_text(body, "alerts", "none");
  if (!alerts) return alerts.error();
  const auto notices = scheduler::end_notices_from_string(*alerts);
  if (!notices) return wrong_in_body("alerts", "none, success, failure or both");
  order.alerts = *notices;
  return {};
}

json::value day_part_json(const DayPart& part) {
  return part.whole_day() ? json::value(nullptr) : json::value(scheduler::to_string(part));
}

}  // namespace

Result<std::string> body_text(const json::object& body, std::string_view name, std::string fallback) {
  const auto* member = body.if_contains(name);
  if (member == nullptr || member->is_null()) return fallback;
  if (!member->is_string()) return wrong_in_body(name, "a text");
  return std::string(member->get_string());
}

Result<bool> body_flag(const json::object& body, std::string_view name) {
  const auto* member = body.if_contains(name);
  if (member == nullptr || member->is_null()) return false;
  if (!member->is_bool()) return wrong_in_body(name, "true or false");
  return member->get_bool();
}

Result<BackfillOrder> backfill_order_from(const json::object& body, std::string_view zone) {
  BackfillOrder order;
  const auto name = body_text(body, "job", "");
  if (!name) return name.error();
  order.job = *name;
  for (const Result<void>& read : {read_ranges(body, zone, order), read_flags(body, order),
                                   read_words(body, order), read_parameters_of(body, order)}) {
    if (!read) return read.error();
  }
  return order;
}

json::object to_json(const BackfillOrder& order, const std::string& zone) {
  json::array ranges;
  for (const BackfillRange& range : order.ranges)
    ranges.push_back(json::object{{"from", utc_text(range.from)}, {"to", utc_text(range.to)}});
  json::object parameters;
  for (const auto& [name, expression] : order.parameters) parameters[name] = expression;
  return {{"job", order.job},
          {"zone", zone},
          {"from", utc_text(order.from)},
          {"to", utc_text(order.to)},
          {"ranges", std::move(ranges)},
          {"between", day_part_json(order.times)},
          {"parallel", order.parallel},
          {"order", order.descending ? "desc" : "asc"},
          {"all", order.all},
          {"run_now", order.run_now},
          {"run_between", day_part_json(order.run_hours.hours)},
          {"weekends", order.run_hours.weekends},
          {"parameters", std::move(parameters)},
          {"alerts", scheduler::to_string(order.alerts)},
          {"priority", order.priority}};
}

}  // namespace sluice::daemon
