#pragma once
// OSS as an object store.

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/http/credentials.hpp"
#include "core/http/transport.hpp"
#include "core/job/job.hpp"
#include "core/objects/object_store.hpp"

#include <memory>

namespace sluice::oss {

// Everything outlives the stores.
struct StorePorts {
  http::Transport& transport;
  Clock& clock;
  Random& random;
  std::shared_ptr<http::CredentialsProvider> credentials{};  // null: the keys in the target
};

// invalid_argument for an endpoint or a bucket that cannot work.
Result<objects::StoreMaker> make_store_maker(const StorePorts& ports, const job::Target& target);

}  // namespace sluice::oss
