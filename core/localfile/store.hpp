#pragma once
// A directory as an object store.

#include "core/base/random.hpp"
#include "core/job/job.hpp"
#include "core/localfile/file_system.hpp"
#include "core/objects/object_store.hpp"

#include <memory>

namespace sluice::localfile {

// `random` outlives the stores. A store has a thread of its own for what blocks, from its first request to
// its end; what is said of an object beside its content (ObjectTraits) but only_if_new is left out.
// invalid_argument for a directory that is no absolute path.
Result<objects::StoreMaker> make_store_maker(Random& random, std::shared_ptr<FileSystem> files,
                                             const job::Target& target);

}  // namespace sluice::localfile
