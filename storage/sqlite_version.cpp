#include "storage/sqlite_version.hpp"

#include <sqlite3.h>

namespace sluice::storage {

std::string sqlite_version() { return sqlite3_libversion(); }

}  // namespace sluice::storage
