#pragma once
// From a target to what writes to it, for every kind there is.

#include "core/base/random.hpp"
#include "core/http/credentials.hpp"
#include "core/http/transport.hpp"
#include "core/job/job.hpp"
#include "core/objects/window_writer.hpp"
#include "core/stream/row_output.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sluice::daemon {

// The world as targets see it. Everything outlives what is made of it.
struct TargetPorts {
  Executor executor;
  Clock& clock;
  Random& random;
  http::Transport& transport;
  std::shared_ptr<http::CredentialsProvider> credentials{};  // null: the keys in the target
  stream::RowOutput* rows = nullptr;                         // null: rows cannot be printed
};

// The store of a target that has objects; invalid_argument for one that prints rows, or cannot work.
Result<objects::WriterPorts> open_target(const TargetPorts& ports, const job::Target& target);

// Makes writers of one place; arguments as those of objects::make_writer().
using WriterMaker = std::function<Result<std::unique_ptr<pipeline::Writer>>(
    const job::Target& target, const job::Settings& settings, const objects::UploadLimits& limits,
    std::vector<pipeline::ObjectInfo> written)>;

// Writers for `target` and for targets that differ in what is written only. refused_by_state: rows cannot be
// printed here.
Result<WriterMaker> make_writer_maker(const TargetPorts& ports, const job::Target& target);

// "demo/orders in bucket exports at https://...", "demo/orders below /var/exports" or "standard output".
std::string place_of(const job::Target& target);

}  // namespace sluice::daemon
