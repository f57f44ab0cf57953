#pragma once
// Counts the rows of CSV text, for the demo's proof.

#include <cstdint>
#include <string_view>

namespace sluice::daemon {

// Line ends inside quoted fields are no row ends; a last line without one counts.
std::uint64_t count_csv_rows(std::string_view text) noexcept;

}  // namespace sluice::daemon
