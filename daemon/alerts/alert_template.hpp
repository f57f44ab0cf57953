#pragma once
// JSON texts with ${variables}, for webhooks whose receivers want a form of their own. Pure.

#include "core/base/error.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::daemon {

// Name and value; the names are those of kAlertVariables, in that order.
using AlertVariables = std::vector<std::pair<std::string_view, std::string>>;

// What a template may name.
std::vector<std::string_view> alert_variable_names();

// The template with every ${name} replaced by its value, escaped so that it stays within the JSON string it
// stands in. "$${" gives "${". An unknown name stays as it is; check_template() has refused it before.
std::string fill_template(std::string_view text, const AlertVariables& variables);

// invalid_argument: names an unknown variable, or the text is no JSON once filled.
Result<void> check_template(std::string_view text);

// `text` as the inside of a JSON string.
std::string json_escaped(std::string_view text);

}  // namespace sluice::daemon
