#pragma once
// The encoder a target asks for.

#include "core/base/error.hpp"
#include "core/format/row_encoder.hpp"
#include "core/job/job.hpp"

#include <memory>

namespace sluice::format {

// invalid_argument, naming the job's key: an encoding that is not known or lacks what every row needs, a
// delimiter or line end that cannot work, a date pattern or zone that cannot be read, columns that jsonl
// cannot name.
Result<std::unique_ptr<RowEncoder>> make_encoder(const job::Target& target);

}  // namespace sluice::format
