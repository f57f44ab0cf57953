#pragma once
// Reads a file that somebody names: job files, scripts, keys, certificates.

#include "core/base/error.hpp"

#include <cstddef>
#include <string>

namespace sluice {

// The file's bytes, at most `bytes_max` of them: "read FILE: No such file or
// directory". Nothing that could keep the caller waiting is read: a named pipe
// or a socket is invalid_argument. Pipes that this process was given as
// /dev/stdin or /dev/fd/N are read to their end: whoever gave them fills them.
Result<std::string> read_file(const std::string& path, std::size_t bytes_max);

}  // namespace sluice
