#pragma once
// Compares what a store holds of a window with what the ledger says (sluice verify).

#include "core/job/job.hpp"
#include "core/objects/manifest.hpp"
#include "core/objects/object_store.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::objects {

// What the ledger has of a window that succeeded.
struct LedgerWindow {
  job::Target target;  // as the job's present definition gives it
  pipeline::Window window;
  std::vector<pipeline::ObjectInfo> objects;
  std::uint64_t rows = 0;
  bool same_definition =
      true;  // false: the job has changed since, so nothing can be said of a missing manifest
};

enum class DifferenceKind : std::uint8_t {
  missing,           // the ledger's object is not there
  size,              // it has another size
  checksum,          // it has another CRC-64
  unexpected,        // an object of this window's names that the ledger does not have
  rows,              // the ledger's own numbers do not agree
  manifest_missing,  // the job writes manifests, and this window's is not there
  manifest,          // it does not say what the ledger says, or was archived and cannot be read
};

// "missing", "manifest_missing", ... as the API has them.
std::string_view to_string(DifferenceKind kind) noexcept;

struct Difference {
  DifferenceKind kind = DifferenceKind::missing;
  std::string object;  // its name; that of the window for `rows`
  std::string detail;  // "has 12 bytes, the ledger says 34"
};

struct WindowCheck {
  std::vector<Difference> differences;  // by object, in the ledger's order; then what else there is
  std::uint64_t objects = 0;            // looked at
  std::uint64_t rows = 0;               // the ledger's
  std::uint64_t bytes = 0;              // the ledger's
  std::uint64_t without_checksum = 0;   // of the objects: the store tells no CRC-64, so their sizes count
};

// Asks for each object's head, a listing of the window's names, and the manifests. Errors: those of the
// store, and invalid_argument for names that cannot be.
awaitable<Result<WindowCheck>> check_window(ObjectStore& store, const LedgerWindow& ledger);

}  // namespace sluice::objects
