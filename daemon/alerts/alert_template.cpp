#include "daemon/alerts/alert_template.hpp"

#include "core/job/problems.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sluice::daemon {
namespace {

constexpr std::array<std::string_view, 21> kAlertVariables = {
    "id",       "delivery",      "incident",     "event",      "rule",  "severity", "job",
    "instance", "business_date", "window_start", "window_end", "until", "error",    "count",
    "seconds",  "opened_at",     "at",           "title",      "text",  "way_out",  "link"};

bool is_number(std::string_view name) {
  return name == "id" || name == "incident" || name == "count" || name == "seconds";
}

// Calls `plain` for pieces between variables and `variable` for names.
template <class Plain, class Variable>
void walk_template(std::string_view text, Plain plain, Variable variable) {
  while (!text.empty()) {
    const auto at = text.find("${");
    const auto end = at == std::string_view::npos ? at : text.find('}', at);
    if (end == std::string_view::npos) break;
    if (at > 0 && text[at - 1] == '$') {
      plain(text.substr(0, at - 1));
      plain(text.substr(at, 2));
      text.remove_prefix(at + 2);
      continue;
    }
    plain(text.substr(0, at));
    variable(text.substr(at + 2, end - at - 2));
    text.remove_prefix(end + 1);
  }
  plain(text);
}

}  // namespace

std::vector<std::string_view> alert_variable_names() {
  return {kAlertVariables.begin(), kAlertVariables.end()};
}

std::string json_escaped(std::string_view text) {
  const std::string quoted = boost::json::serialize(boost::json::string(text));
  return quoted.substr(1, quoted.size() - 2);
}

std::string fill_template(std::string_view text, const AlertVariables& variables) {
  std::string out;
  walk_template(
      text, [&](std::string_view piece) { out += piece; },
      [&](std::string_view name) {
        const auto found = std::find_if(variables.begin(), variables.end(),
                                        [&](const auto& variable) { return variable.first == name; });
        out += found == variables.end() ? fmt::format("${{{}}}", name) : json_escaped(found->second);
      });
  return out;
}

Result<void> check_template(std::string_view text) {
  const auto names = alert_variable_names();
  std::string unknown;
  walk_template(
      text, [](std::string_view) {},
      [&](std::string_view name) {
        if (unknown.empty() && std::find(names.begin(), names.end(), name) == names.end()) unknown = name;
      });
  if (!unknown.empty()) {
    return Error(Errc::invalid_argument,
                 fmt::format("there is no variable ${{{}}}; there are {}", unknown, job::join_names(names)));
  }
  AlertVariables variables;
  // A text that is not within quotes would be no JSON only once the notice is sent.
  for (const std::string_view name : names) variables.emplace_back(name, is_number(name) ? "1" : "a");
  boost::system::error_code failure;
  boost::json::parse(fill_template(text, variables), failure);
  if (failure) {
    return Error(Errc::invalid_argument,
                 fmt::format("no JSON once the variables are filled in: {}; put them within "
                             "quotes, such as {{\"text\": \"${{title}}\"}}",
                             failure.message()));
  }
  return {};
}

}  // namespace sluice::daemon
