#pragma once
// Counters that tests read through /_sandbox/stats. Kept in memory only: they start at zero with the program.

#include <cstdint>
#include <map>
#include <string>

namespace sluice::sandbox {

struct Statistics {
  std::map<std::string, std::uint64_t> requests;  // by "ots.GetRow", "oss.PutObject"
  std::map<std::string, std::uint64_t> errors;    // answers of 400 and above, by "ots.GetRow OTSInvalidPK"
  std::map<std::string, std::uint64_t> faults;    // injected, by operation
};

}  // namespace sluice::sandbox
