#include "daemon/export/csv_count.hpp"

namespace sluice::daemon {

std::uint64_t count_csv_rows(std::string_view text) noexcept {
  std::uint64_t rows = 0;
  bool quoted = false;  // a doubled quote closes and opens again
  bool begun = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    begun = true;
    if (c == '\n' && !quoted) {
      ++rows;
      begun = false;
    }
  }
  return rows + (begun ? 1U : 0U);
}

}  // namespace sluice::daemon
