#pragma once
// The names of a window's objects: a function of job, window, shard and nothing else (docs/oss-writer.md).

#include "core/base/error.hpp"
#include "core/job/job.hpp"
#include "core/pipeline/window.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::objects {

// The label of a window of a whole table's rows.
inline constexpr std::string_view kTableLabel = "full";

class ObjectNames {
 public:
  // invalid_argument: a name that OSS does not take (empty, over 1023 bytes, begins with "/" or "\"), an
  // unknown time zone, or a label where one single object is written.
  static Result<ObjectNames> make(const job::Target& target, const pipeline::Window& window);

  // The object of shard `index` (below 10,000); `part` counts from 1 the objects one shard fills. With
  // `partition`: the one for the rows of this text of PartitionTexts.
  std::string object(std::uint32_t index, std::uint32_t part = 1, std::string_view partition = {}) const;

  // What the names of all objects of this window begin with.
  const std::string& prefix() const noexcept { return prefix_; }

  // True for a name that object() can give.
  bool contains(std::string_view name) const;

  // True with `partition`: object() wants a text.
  bool partitioned() const noexcept { return partitioned_; }

 private:
  std::string prefix_;
  std::string suffix_;
  bool single_ = false;
  bool partitioned_ = false;
};

// The window's manifest: "<target.manifest>/<job>__<start>_<end>.json", or "<job>__<label>_<start>.json".
// Never one of ObjectNames. invalid_argument: as ObjectNames::make(), and a target without `manifest`.
Result<std::string> manifest_name(const job::Target& target, const pipeline::Window& window);

// "20181016001500": `instant` on the clocks of `zone`, with "R" behind it in the second pass of an hour that
// an autumn change repeats.
Result<std::string> local_stamp(Instant instant, std::string_view zone);

}  // namespace sluice::objects
