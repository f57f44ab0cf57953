#pragma once
// Which SQLite the program runs with.

#include <string>

namespace sluice::storage {

// "3.40.1": of the library that is loaded, not of its header.
std::string sqlite_version();

}  // namespace sluice::storage
