#pragma once
// S3-compatible stores as object stores.

#include "core/base/random.hpp"
#include "core/http/credentials.hpp"
#include "core/http/transport.hpp"
#include "core/job/job.hpp"
#include "core/objects/object_store.hpp"

#include <cstddef>
#include <memory>

namespace sluice::s3 {

// Everything outlives the stores.
struct StorePorts {
  http::Transport& transport;
  Clock& clock;
  Random& random;
  std::shared_ptr<http::CredentialsProvider> credentials{};  // null: the keys in the target
};

// invalid_argument for an endpoint, a bucket or a kind of encryption that cannot work.
Result<objects::StoreMaker> make_store_maker(const StorePorts& ports, const job::Target& target);

// The least that S3 takes as a part, but for the last one. So a shard may hold as much that cannot be sent
// yet.
constexpr std::size_t kPartBytesMin = 5 * 1024 * 1024;

}  // namespace sluice::s3
