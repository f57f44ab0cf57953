#pragma once
// Two texts, line by line.

#include <string>
#include <string_view>

namespace sluice::daemon {

// A unified diff with three lines of context and the two names in its head; empty for equal texts. Texts of
// more than some thousand differing lines are shown as one replacing the other.
std::string unified_diff(std::string_view before, std::string_view after, std::string_view before_name,
                         std::string_view after_name);

}  // namespace sluice::daemon
