#pragma once
// S3-compatible stores as object stores.

#include "core/base/random.hpp"
#include "core/http/credentials.hpp"
#include "core/http/transport.hpp"
#include "core/job/job.hpp"
#include "core/objects/object_store.hpp"
#include "core/objects/shard_writer.hpp"

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

// Parts of 5 MiB, the least that S3 takes but for the last one. So a shard may hold up to 5 MiB that cannot
// be sent yet: memory of an attempt is bounded by these for all shards with rows, or by memory_bytes where
// that is more.
objects::UploadLimits upload_limits();

}  // namespace sluice::s3
