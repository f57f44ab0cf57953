#pragma once
// The encoder a target asks for.

#include "core/base/error.hpp"
#include "core/format/row_encoder.hpp"
#include "core/job/job.hpp"

#include <memory>

namespace sluice::format {

// invalid_argument, naming the job's key: an encoding that is not known, a delimiter that cannot work.
Result<std::unique_ptr<RowEncoder>> make_encoder(const job::Target& target);

}  // namespace sluice::format
