#pragma once
// One attempt at one window of an object store. For make_writer() only.

#include "core/objects/manifest.hpp"
#include "core/objects/shard_writer.hpp"
#include "core/objects/single_object.hpp"
#include "core/objects/window_writer.hpp"

#include <map>
#include <set>

namespace sluice::objects {

// What an attempt is given. Values, but for what outlives the attempt.
struct WindowPlan {
  job::Target target;
  std::uint64_t bytes_per_second = 0;
  std::uint64_t rows_per_second = 0;
  UploadLimits limits;
  ObjectNames names;
  std::string manifest;  // its name; empty: none
  pipeline::Window window;
  ObjectTraits traits;
  std::string mark;                            // of nonConflict
  std::set<std::string, std::less<>> written;  // names the ledger counts on
  std::vector<std::string> spared;             // of truncateScope prefix: what begins so is another's
};

class ObjectWindow final : public pipeline::WindowWriter {
 public:
  ObjectWindow(const WriterPorts& ports, WindowPlan plan, std::unique_ptr<format::RowEncoder> encoder,
               std::unique_ptr<format::Compressor> compressor, pipeline::Statistics& statistics,
               pipeline::Log& log, pipeline::DirtyRows& dirty);

  awaitable<Result<void>> prepare() override;
  pipeline::ShardSink& open(std::uint32_t index) override {
    return plan_.target.write_single_object ? single_object_.open(index) : shard(index);
  }
  void describe(const pipeline::WindowFacts& facts) override { facts_ = facts; }
  awaitable<Result<std::vector<pipeline::ObjectInfo>>> commit() override;
  awaitable<void> abort() override;
  bool has_replaced() const noexcept override { return replacing_; }
  bool left_behind() const noexcept override { return left_behind_; }
  const UploadMemory& memory() const noexcept { return memory_; }

 private:
  using Names = std::set<std::string, std::less<>>;
  struct Place {
    ShardWriter* shard;
    std::size_t object;
  };

  ShardWriter& shard(std::uint32_t index);
  void send_early();
  awaitable<Result<void>> find_existing();
  awaitable<Result<void>> find_existing_objects();
  awaitable<Result<void>> refuse_others();
  awaitable<Result<void>> abort_uploads();
  awaitable<Result<void>> publish(std::vector<pipeline::ObjectInfo>& objects);
  awaitable<Result<std::vector<Place>>> finish();
  awaitable<Result<void>> publish_one(Place place, pipeline::ObjectInfo& object);
  awaitable<Result<void>> publish_manifest(const std::vector<pipeline::ObjectInfo>& objects);
  awaitable<Result<void>> delete_others(const std::vector<pipeline::ObjectInfo>& objects);
  awaitable<Result<void>> delete_one(const std::string& name, std::string_view why);
  bool is_spared(std::string_view name) const;
  awaitable<Result<void>> take_back();
  awaitable<Result<void>> take_back_objects();
  awaitable<Result<void>> take_back_one(const std::string& name);

  Clock& clock_;
  pipeline::Log& log_;
  WindowPlan plan_;
  std::string place_;
  std::unique_ptr<format::RowEncoder> encoder_;
  std::unique_ptr<format::Compressor> compressor_;
  std::unique_ptr<ObjectStore> store_;
  WindowMark mark_;
  PartitionTexts partitions_;
  RateLimiter bytes_rate_;
  RateLimiter rows_rate_;
  TaskGroup tasks_;
  UploadMemory memory_;
  UploadContext context_;
  std::map<std::uint32_t, std::unique_ptr<ShardWriter>> shards_;  // unused with one single object
  SingleObject single_object_;
  pipeline::WindowFacts facts_;
  Names existing_;           // this window's names that prepare() found
  bool reached_ = false;     // the bucket answered prepare(): there may be something to undo
  bool committing_ = false;  // all rows were had
  bool replacing_ = false;   // old objects may be gone, and the new ones are complete
  bool left_behind_ = false;
};

}  // namespace sluice::objects
