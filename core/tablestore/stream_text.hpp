#pragma once
// How times and places of the stream are written in errors and log lines.

#include "core/base/time.hpp"
#include "core/pipeline/position.hpp"

#include <string>

namespace sluice::tablestore {

// "2018-10-16T00:05:00.000001Z"; fractions only where there are some.
std::string to_text(Instant instant);

// "1_1539619500000001_0": epoch, microseconds, row index.
std::string to_text(const pipeline::Sequence& sequence);

}  // namespace sluice::tablestore
