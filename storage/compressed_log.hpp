#pragma once
// Logs of attempts that ended long ago, as gzip: FILE.log becomes FILE.log.gz.

#include "core/base/error.hpp"

#include <string>

namespace sluice::storage {

// Takes FILE.log's place with FILE.log.gz of the same content and time; whatever fails or crashes, one of the
// two is there whole. False: an attempt still writes to it, and it stays as it is. Errors: io,
// permission_denied, not_found.
Result<bool> compress_log(const std::string& path);

// The content of FILE.log.gz. Errors: not_found, permission_denied, io, also for what is no gzip.
Result<std::string> read_compressed_log(const std::string& path);

}  // namespace sluice::storage
