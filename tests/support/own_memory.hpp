#pragma once
// What the kernel says of this process's memory.

#include <fstream>
#include <string>
#include <string_view>

namespace sluice::test {

// A line of /proc/self/status in KiB, such as "RssAnon:" (memory of no file) or "RssFile:"; -1: there is
// none.
inline long own_kib(std::string_view name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    long kib = 0;
    if (word == name && status >> kib) return kib;
  }
  return -1;
}

}  // namespace sluice::test
