#pragma once
// How times and places of the stream are written in errors and log lines.

#include "core/base/time.hpp"
#include "core/pipeline/position.hpp"

#include <string>

namespace sluice::tablestore {

// "2018-10-16T00:05:00.000001Z"; fractions only where there are some.
std::string to_text(Instant instant);

// "17 h 5 min", "59 min", "-2 d 3 h", "40 s": the two largest units.
std::string to_text(Duration duration);

// "1_1539619500000001_0": epoch, microseconds, row index.
std::string to_text(const pipeline::Sequence& sequence);

}  // namespace sluice::tablestore
