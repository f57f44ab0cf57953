#pragma once
// State files on the disk, for tests that look at their bytes.

#include "storage/state_file.hpp"
#include "tests/unit/storage/scenario.hpp"

#include <fstream>
#include <iterator>
#include <string>

namespace sluice::test {

inline std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

inline void put(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// The state of the file after the scenario.
inline std::string make_state(const std::string& path) {
  const auto store = storage::open_state_file(path, {});
  for (const auto& step : scenario()) step(*store);
  return dump(*store);
}

inline std::string state_of(const std::string& path) { return dump(*storage::open_state_file(path, {})); }

}  // namespace sluice::test
