#include "core/objects/window_writer.hpp"

#include "core/base/within.hpp"
#include "core/format/make_encoder.hpp"
#include "core/objects/single_object.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace sluice::objects {
namespace {

using pipeline::Level;
using pipeline::Log;
using pipeline::ObjectInfo;
using pipeline::Statistics;
using pipeline::Window;

// For all requests that take an attempt back.
constexpr Duration kAbortLimit = std::chrono::minutes(2);

std::string content_type_of(const job::Target& target) {
  switch (target.file_format) {
    case job::FileFormat::csv:
      return "text/csv";
    case job::FileFormat::text:
      return "text/plain";
    case job::FileFormat::jsonl:
      return "application/x-ndjson";
  }
  return "application/octet-stream";
}

ObjectTraits traits_of(const job::Target& target) {
  ObjectTraits traits;
  traits.content_type = content_type_of(target);
  return traits;
}

class ObjectWindowWriter final : public pipeline::WindowWriter {
 public:
  ObjectWindowWriter(const WriterPorts& ports, const job::Target& target,
                     std::unique_ptr<format::RowEncoder> encoder, std::uint64_t bytes_per_second,
                     const UploadLimits& limits, ObjectNames names, Statistics& statistics, Log& log,
                     pipeline::DirtyRows& dirty)
      : clock_(ports.clock),
        log_(log),
        mode_(target.write_mode),
        single_(target.write_single_object),
        place_(ports.place),
        limits_(limits),
        names_(std::move(names)),
        encoder_(std::move(encoder)),
        store_(ports.open_store([&statistics, &log](std::string_view line) {
          ++statistics.retries;
          log.line(Level::warning, line);
        })),
        limiter_(ports.clock, bytes_per_second, bytes_per_second),
        tasks_(ports.executor),
        memory_(ports.executor, limits.memory_bytes),
        context_(UploadContext{*store_, limiter_, tasks_, memory_, *encoder_, names_, statistics, dirty,
                               limits_, target.header, traits_of(target), [this] { send_early(); }}),
        single_object_(context_) {}

  awaitable<Result<void>> prepare() override;
  pipeline::ShardSink& open(std::uint32_t index) override {
    return single_ ? single_object_.open(index) : shard(index);
  }
  awaitable<Result<std::vector<ObjectInfo>>> commit() override;
  awaitable<void> abort() override;
  const UploadMemory& memory() const noexcept { return memory_; }

 private:
  ShardWriter& shard(std::uint32_t index);
  void send_early();
  awaitable<Result<void>> publish(std::vector<ObjectInfo>& objects);
  awaitable<Result<void>> find_existing();
  awaitable<Result<void>> abort_uploads();
  awaitable<Result<void>> delete_surplus(const std::vector<ObjectInfo>& objects);
  awaitable<Result<void>> take_back();

  Clock& clock_;
  Log& log_;
  job::WriteMode mode_;
  bool single_;
  std::string place_;
  UploadLimits limits_;
  ObjectNames names_;
  std::unique_ptr<format::RowEncoder> encoder_;
  std::unique_ptr<ObjectStore> store_;
  RateLimiter limiter_;
  TaskGroup tasks_;
  UploadMemory memory_;
  UploadContext context_;
  std::map<std::uint32_t, std::unique_ptr<ShardWriter>> shards_;  // unused with one single object
  SingleObject single_object_;
  std::set<std::string, std::less<>> existing_;  // objects of this window's names that prepare() found
  std::vector<std::string> touched_;             // names this attempt has, perhaps, written
  bool reached_ = false;  // the bucket answered prepare(): there may be something to undo
};

ShardWriter& ObjectWindowWriter::shard(std::uint32_t index) {
  std::unique_ptr<ShardWriter>& place = shards_[index];
  if (!place) place = std::make_unique<ShardWriter>(context_, index);
  return *place;
}

// Largest first, until what is on its way makes room enough.
void ObjectWindowWriter::send_early() {
  while (memory_.over_after_sending()) {
    ShardWriter* largest = nullptr;
    for (const auto& [index, shard] : shards_) {
      if (shard->early_bytes() > (largest == nullptr ? 0 : largest->early_bytes())) largest = shard.get();
    }
    if (largest == nullptr) return;
    largest->send_early();
  }
}

awaitable<Result<void>> ObjectWindowWriter::prepare() {
  const Result<void> found = co_await find_existing();
  if (!found) co_return found.error();
  reached_ = true;
  if (mode_ == job::WriteMode::non_conflict && !existing_.empty()) {
    co_return Error(Errc::conflict, fmt::format("write {}: exists already in {}; delete it or use another "
                                                "`object` or `writeMode`",
                                                *existing_.begin(), place_));
  }
  co_return co_await abort_uploads();
}

// Also the check that the bucket is there and may be used.
awaitable<Result<void>> ObjectWindowWriter::find_existing() {
  if (single_) {
    const std::string name = names_.object(0);
    const Result<bool> exists = co_await store_->object_exists(name);
    if (!exists) co_return exists.error();
    if (*exists) existing_.insert(name);
    co_return Result<void>();
  }
  const Result<std::vector<ListedObject>> objects = co_await store_->list_objects(names_.prefix());
  if (!objects) co_return objects.error();
  for (const ListedObject& object : *objects) {
    if (names_.contains(object.name)) existing_.insert(object.name);
  }
  co_return Result<void>();
}

// Every upload of this window's names: those of an attempt that crashed, and those nobody was told the id of.
awaitable<Result<void>> ObjectWindowWriter::abort_uploads() {
  const Result<std::vector<ListedUpload>> uploads = co_await store_->list_uploads(names_.prefix());
  if (!uploads) co_return uploads.error();
  for (const ListedUpload& upload : *uploads) {
    if (!names_.contains(upload.object)) continue;
    const Result<void> aborted = co_await store_->abort_upload(upload.object, upload.upload_id);
    if (!aborted) co_return aborted.error();
    log_.line(Level::info, fmt::format("aborted an unfinished upload of {}", upload.object));
  }
  co_return Result<void>();
}

awaitable<Result<void>> ObjectWindowWriter::publish(std::vector<ObjectInfo>& objects) {
  if (single_) co_return co_await single_object_.publish(objects, touched_);
  bool any = false;
  for (const auto& [index, shard] : shards_) {
    const Result<void> finished = co_await shard->finish();
    if (!finished) co_return finished.error();
    any = any || !shard->empty();
  }
  co_await tasks_.join();
  if (!any) shard(0).begin_object();  // a window always leaves something to look at
  for (const auto& [index, shard] : shards_) {
    const Result<void> published = co_await shard->publish(objects, touched_);
    if (!published) co_return published.error();
  }
  co_return Result<void>();
}

awaitable<Result<std::vector<ObjectInfo>>> ObjectWindowWriter::commit() {
  std::vector<ObjectInfo> objects;
  const Result<void> published = co_await publish(objects);
  if (!published) co_return published.error();
  if (mode_ == job::WriteMode::truncate) {
    const Result<void> deleted = co_await delete_surplus(objects);
    if (!deleted) co_return deleted.error();
  }
  if (store_->may_have_lost_upload()) {
    // The objects are complete; a leftover upload costs storage, not data.
    const Result<void> aborted = co_await abort_uploads();
    if (!aborted) log_.line(Level::warning, "an unfinished upload may be left: " + aborted.error().message());
  }
  for (const ObjectInfo& object : objects) {
    log_.line(Level::info, fmt::format("wrote object {}: {} bytes, {} rows, CRC-64 {}", object.name,
                                       object.bytes, object.rows, object.crc64));
  }
  co_return objects;
}

// What an earlier attempt at this window wrote and this one has no rows for.
awaitable<Result<void>> ObjectWindowWriter::delete_surplus(const std::vector<ObjectInfo>& objects) {
  std::set<std::string, std::less<>> surplus = existing_;
  for (const ObjectInfo& object : objects) surplus.erase(object.name);
  for (const std::string& name : surplus) {
    const Result<void> deleted = co_await store_->delete_object(name);
    if (!deleted) co_return deleted.error();
    log_.line(Level::info, fmt::format("deleted object {} of an earlier attempt at this window", name));
  }
  co_return Result<void>();
}

awaitable<void> ObjectWindowWriter::abort() {
  namespace this_coro = boost::asio::this_coro;
  tasks_.stop();
  co_await this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  try {
    co_await tasks_.join();
  } catch (const std::exception& failure) {
    log_.line(Level::error, std::string("upload: ") + failure.what());
  }
  co_await this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  if (reached_) {
    auto work = take_back();
    const Result<void> done =
        co_await within(clock_, kAbortLimit, "taking the attempt back", std::move(work));
    if (!done) log_.line(Level::error, "could not take everything back: " + done.error().message());
  }
  co_await this_coro::reset_cancellation_state(boost::asio::enable_terminal_cancellation());
}

// Tries everything; reports what it could not do. Objects that were there before this attempt stay: of a
// window that is run again they hold what the ledger counts on, and the next attempt replaces them.
awaitable<Result<void>> ObjectWindowWriter::take_back() {
  for (const std::string& name : touched_) {
    if (existing_.contains(name)) {
      log_.line(Level::warning, fmt::format("object {} was there before this attempt and stays", name));
      continue;
    }
    const Result<void> deleted = co_await store_->delete_object(name);
    const std::string line = deleted ? "deleted object " + name : deleted.error().message();
    log_.line(deleted ? Level::info : Level::error, line);
  }
  co_return co_await abort_uploads();
}

class ObjectWriter final : public pipeline::Writer {
 public:
  ObjectWriter(WriterPorts ports, job::Target target, std::uint64_t bytes_per_second,
               const UploadLimits& limits)
      : ports_(std::move(ports)),
        target_(std::move(target)),
        bytes_per_second_(bytes_per_second),
        limits_(limits) {}

  // An unusable window (an unknown zone) throws: job files are checked before.
  std::unique_ptr<pipeline::WindowWriter> begin(const Window& window, Statistics& statistics, Log& log,
                                                pipeline::DirtyRows& dirty) override {
    return std::make_unique<ObjectWindowWriter>(
        ports_, target_, format::make_encoder(target_).value(), bytes_per_second_, limits_,
        ObjectNames::make(target_, window).value(), statistics, log, dirty);
  }
  std::string object_name(const Window& window, std::uint32_t index) const override {
    return ObjectNames::make(target_, window).value().object(index);
  }

 private:
  WriterPorts ports_;
  job::Target target_;
  std::uint64_t bytes_per_second_;
  UploadLimits limits_;
};

Result<void> check_target(const job::Target& target) {
  const auto encoder = format::make_encoder(target);
  if (!encoder) return encoder.error();
  if (target.write_single_object && target.write_mode == job::WriteMode::append) {
    return Error(Errc::invalid_argument,
                 "use writeMode append: a single object cannot be added to; correct `writeMode` or "
                 "`writeSingleObject`");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<pipeline::Writer>> make_writer(const WriterPorts& ports, const job::Target& target,
                                                      const job::Settings& settings,
                                                      const UploadLimits& limits) {
  const Result<void> checked = check_target(target);
  if (!checked) return checked.error();
  return std::unique_ptr<pipeline::Writer>(
      std::make_unique<ObjectWriter>(ports, target, settings.bytes_per_second, limits));
}

std::size_t memory_peak(const pipeline::WindowWriter& writer) {
  return dynamic_cast<const ObjectWindowWriter&>(writer).memory().peak();
}

}  // namespace sluice::objects
