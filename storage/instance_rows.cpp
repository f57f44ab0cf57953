#include "storage/instance_rows.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sluice::storage {
namespace {

using scheduler::AttemptResult;

[[noreturn]] void damaged(std::string_view what, std::string_view why) {
  throw ErrorException(
      Error(Errc::corrupt, fmt::format("read state: {}: {}; restore a backup of the state file", what, why)));
}

boost::json::value parse(std::string_view text, std::string_view what) {
  boost::json::error_code failure;
  boost::json::value json = boost::json::parse({text.data(), text.size()}, failure);
  if (failure) damaged(what, failure.message());
  return json;
}

job::ParameterValues parse_values(std::string_view text) {
  const boost::json::value json = parse(text, "parameter values of an instance");
  job::ParameterValues values;
  if (!json.is_array()) damaged("parameter values of an instance", "not a list");
  for (const boost::json::value& pair : json.get_array()) {
    const auto* list = pair.if_array();
    const bool good =
        list != nullptr && list->size() == 2 && (*list)[0].is_string() && (*list)[1].is_string();
    if (!good) damaged("parameter values of an instance", "not a list of name and value");
    values.emplace_back(std::string((*list)[0].get_string()), std::string((*list)[1].get_string()));
  }
  return values;
}

void append_quoted(std::string& out, std::string_view text) {
  const bool plain = std::ranges::none_of(
      text, [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; });
  if (!plain) {
    out += boost::json::serialize(boost::json::string(text.data(), text.size()));
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

AttemptResult parse_result(const std::string& text) {
  constexpr std::array kAll = {AttemptResult::open, AttemptResult::success, AttemptResult::failed,
                               AttemptResult::lost, AttemptResult::killed,  AttemptResult::timed_out};
  for (const AttemptResult result : kAll) {
    if (scheduler::to_string(result) == text) return result;
  }
  damaged("result of an attempt", fmt::format("\"{}\" is none", text));
}

}  // namespace

scheduler::State parse_state(const std::string& text) {
  const auto state = scheduler::state_from_string(text);
  if (!state) damaged("state of an instance", fmt::format("\"{}\" is none", text));
  return *state;
}

scheduler::Instance read_instance(const Statement& row) {
  scheduler::Instance instance;
  instance.row = row.integer(0);
  scheduler::Chain chain = scheduler::parse_chain(row.text(1));
  instance.id.job = std::move(chain.job);
  instance.id.group = chain.group;
  instance.id.scheduled = row.instant(2);
  instance.zone = row.text(3);
  instance.cycle = row.small(4);
  instance.values = parse_values(row.text(5));
  instance.window_start = row.instant(6);
  instance.window_end = row.instant(7);
  instance.version = row.text(8);
  instance.state = parse_state(row.text(9));
  instance.reason = row.text(10);
  instance.attempts = row.small(11);
  instance.failures = row.small(12);
  instance.retry_at = row.maybe_instant(13);
  instance.started = row.maybe_instant(14);
  instance.finished = row.maybe_instant(15);
  instance.rows = row.count(16);
  instance.bytes = row.count(17);
  instance.priority = row.small(18);
  instance.dry_run = row.small(19) != 0;
  instance.released = row.small(20) != 0;
  return instance;
}

scheduler::Attempt read_attempt(const Statement& row) {
  scheduler::Attempt attempt;
  attempt.instance_row = row.integer(0);
  attempt.number = row.small(1);
  attempt.result = parse_result(row.text(2));
  attempt.started = row.instant(3);
  attempt.finished = row.maybe_instant(4);
  attempt.error_code = row.text(5);
  attempt.error = row.text(6);
  attempt.statistics = row.text(7);
  return attempt;
}

// By hand, because planning writes some 300,000 of them.
std::string values_text(const job::ParameterValues& values) {
  std::string text = "[";
  for (const auto& [name, value] : values) {
    if (text.size() > 1) text += ',';
    text += '[';
    append_quoted(text, name);
    text += ',';
    append_quoted(text, value);
    text += ']';
  }
  return text += ']';
}

std::string positions_text(const pipeline::Positions& positions) {
  return boost::json::serialize(pipeline::to_json(positions));
}

pipeline::Positions parse_positions(std::string_view text) {
  Result<pipeline::Positions> positions = pipeline::positions_from_json(parse(text, "positions"));
  if (!positions) damaged("positions", positions.error().message());
  return std::move(*positions);
}

}  // namespace sluice::storage
