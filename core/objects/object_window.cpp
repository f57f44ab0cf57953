#include "core/objects/object_window.hpp"

#include "core/base/within.hpp"
#include "core/objects/side_by_side.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace sluice::objects {
namespace {

using pipeline::Level;
using pipeline::ObjectInfo;

// For all requests that take an attempt back.
constexpr Duration kAbortLimit = std::chrono::minutes(2);

// Archived, a manifest could not be read when it is needed, and they are small.
std::string manifest_class(const std::string& of_objects) {
  return of_objects.ends_with("Archive") ? "Standard" : of_objects;
}

}  // namespace

ObjectWindow::ObjectWindow(const WriterPorts& ports, WindowPlan plan,
                           std::unique_ptr<format::RowEncoder> encoder,
                           std::unique_ptr<format::Compressor> compressor, pipeline::Statistics& statistics,
                           pipeline::Log& log, pipeline::DirtyRows& dirty)
    : clock_(ports.clock),
      log_(log),
      plan_(std::move(plan)),
      place_(ports.place),
      encoder_(std::move(encoder)),
      compressor_(std::move(compressor)),
      store_(ports.open_store([&statistics, &log](std::string_view line) {
        ++statistics.retries;
        log.line(Level::warning, line);
      })),
      mark_(*store_, plan_.target.write_mode == job::WriteMode::non_conflict, plan_.mark),
      partitions_(plan_.target),
      bytes_rate_(ports.clock, plan_.bytes_per_second, plan_.bytes_per_second),
      rows_rate_(ports.clock, plan_.rows_per_second, plan_.rows_per_second),
      tasks_(ports.executor),
      memory_(ports.executor, plan_.limits.memory_bytes),
      context_(UploadContext{*store_, bytes_rate_, rows_rate_, tasks_, memory_, *encoder_, compressor_.get(),
                             plan_.names, partitions_, mark_, statistics, dirty, plan_.limits, plan_.target,
                             plan_.traits, [this] { send_early(); }}),
      single_object_(context_) {}

ShardWriter& ObjectWindow::shard(std::uint32_t index) {
  std::unique_ptr<ShardWriter>& place = shards_[index];
  if (!place) place = std::make_unique<ShardWriter>(context_, index);
  context_.shards = shards_.size();
  return *place;
}

// Largest first, until what is on its way makes room enough.
void ObjectWindow::send_early() {
  while (memory_.over_after_sending(memory_.bytes_max())) {
    ShardWriter* largest = nullptr;
    for (const auto& [index, shard] : shards_) {
      if (shard->early_bytes() > (largest == nullptr ? 0 : largest->early_bytes())) largest = shard.get();
    }
    if (largest == nullptr) return;
    largest->send_early();
  }
}

awaitable<Result<void>> ObjectWindow::prepare() {
  const Result<void> found = co_await find_existing();
  if (!found) co_return found.error();
  reached_ = true;
  if (mark_.exclusive()) {
    const Result<void> free = co_await refuse_others();
    if (!free) co_return free;
  }
  co_return co_await abort_uploads();
}

// Also the check that the bucket is there and may be used.
awaitable<Result<void>> ObjectWindow::find_existing() {
  const Result<void> objects = co_await find_existing_objects();
  if (!objects || plan_.manifest.empty()) co_return objects;
  const Result<bool> exists = co_await store_->object_exists(plan_.manifest);
  if (!exists) co_return exists.error();
  if (*exists) existing_.insert(plan_.manifest);
  co_return Result<void>();
}

awaitable<Result<void>> ObjectWindow::find_existing_objects() {
  if (plan_.target.write_single_object) {
    const std::string name = plan_.names.object(0);
    const Result<bool> exists = co_await store_->object_exists(name);
    if (!exists) co_return exists.error();
    if (*exists) existing_.insert(name);
    co_return Result<void>();
  }
  const Result<std::vector<ListedObject>> objects = co_await store_->list_objects(plan_.names.prefix());
  if (!objects) co_return objects.error();
  for (const ListedObject& object : *objects) {
    // What the ledger counts on may have been written under other keys: another suffix, say.
    if (plan_.names.contains(object.name) || plan_.written.contains(object.name))
      existing_.insert(object.name);
  }
  co_return Result<void>();
}

// Whatever is there is a conflict, but for what a crash left of a commit before the window ever succeeded.
awaitable<Result<void>> ObjectWindow::refuse_others() {
  for (const std::string& name : existing_) {
    Result<bool> ours = false;
    if (plan_.written.empty()) ours = co_await mark_.is_on(name);
    if (!ours) co_return ours.error();
    if (!*ours) {
      co_return Error(Errc::conflict, fmt::format("write {}: exists already in {}; delete it or use another "
                                                  "`object` or `writeMode`",
                                                  name, place_));
    }
    mark_.add_leftover(name);
    log_.line(Level::info, fmt::format("object {} was left by an interrupted commit of this window", name));
  }
  co_return Result<void>();
}

// Every upload of this window's names: those of an attempt that crashed, and those nobody was told the id of.
awaitable<Result<void>> ObjectWindow::abort_uploads() {
  const Result<std::vector<ListedUpload>> uploads = co_await store_->list_uploads(plan_.names.prefix());
  if (!uploads) co_return uploads.error();
  for (const ListedUpload& upload : *uploads) {
    if (!plan_.names.contains(upload.object)) continue;
    const Result<void> aborted = co_await store_->abort_upload(upload.object, upload.upload_id);
    if (!aborted) co_return aborted.error();
    log_.line(Level::info, fmt::format("aborted an unfinished upload of {}", upload.object));
  }
  co_return Result<void>();
}

awaitable<Result<std::vector<ObjectInfo>>> ObjectWindow::commit() {
  committing_ = true;
  std::vector<ObjectInfo> objects;
  const Result<void> published = co_await publish(objects);
  if (!published) co_return published.error();
  const Result<void> described = co_await publish_manifest(objects);
  if (!described) co_return described.error();
  const Result<void> deleted = co_await delete_others(objects);
  if (!deleted) co_return deleted.error();
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

awaitable<Result<void>> ObjectWindow::publish(std::vector<ObjectInfo>& objects) {
  if (plan_.target.write_single_object) {
    Result<std::optional<ObjectInfo>> object = co_await single_object_.publish();
    if (!object) co_return object.error();
    co_await tasks_.join();
    if (*object) objects.push_back(std::move(**object));
    co_return Result<void>();
  }
  const Result<std::vector<Place>> places = co_await finish();
  if (!places) co_return places.error();
  objects.resize(places->size());
  const auto work = [&](std::size_t i) { return publish_one((*places)[i], objects[i]); };
  co_return co_await side_by_side(places->size(), plan_.limits.requests_at_once, work);
}

// Sends the rest of all that goes in parts; what is then to be made visible, in order.
awaitable<Result<std::vector<ObjectWindow::Place>>> ObjectWindow::finish() {
  std::vector<Place> places;
  for (const auto& [index, shard] : shards_) {
    const Result<void> finished = co_await shard->finish();
    if (!finished) co_return finished.error();
    for (std::size_t i = 0; i < shard->objects(); ++i) places.push_back(Place{shard.get(), i});
  }
  co_await tasks_.join();
  if (context_.failure) co_return *context_.failure;
  if (places.empty() && plan_.target.empty_object) {  // something to look at
    ShardWriter& first = shard(0);
    first.finish_empty();
    places.push_back(Place{&first, 0});
  }
  co_return places;
}

awaitable<Result<void>> ObjectWindow::publish_one(Place place, ObjectInfo& object) {
  Result<ObjectInfo> published = co_await place.shard->publish(place.object);
  if (!published) co_return published.error();
  object = std::move(*published);
  co_return Result<void>();
}

awaitable<Result<void>> ObjectWindow::publish_manifest(const std::vector<ObjectInfo>& objects) {
  if (plan_.manifest.empty()) co_return Result<void>();
  Manifest manifest;
  manifest.definition = facts_.definition;
  manifest.window = plan_.window;
  manifest.shards = shards_between(facts_.start, facts_.end);
  manifest.records = facts_.records;
  for (const ObjectInfo& object : objects) manifest.rows += object.rows;
  manifest.dirty_rows = context_.dirty_rows;
  manifest.objects = objects;
  const std::string text = to_text(manifest);
  ObjectTraits traits = plan_.traits;
  traits.content_type = "application/json";
  traits.storage_class = manifest_class(traits.storage_class);
  const Result<ObjectInfo> put = co_await put_whole(context_, plan_.manifest, text, traits);
  if (!put) co_return put.error();
  log_.line(Level::info, fmt::format("wrote manifest {}: {} bytes", put->name, put->bytes));
  co_return Result<void>();
}

bool ObjectWindow::is_spared(std::string_view name) const {
  return std::any_of(plan_.spared.begin(), plan_.spared.end(),
                     [&](const std::string& prefix) { return name.starts_with(prefix); });
}

// What an earlier attempt at this window wrote and this one has no rows for; with append only what the ledger
// knows of, for the rest may be somebody else's; with truncateScope prefix all that is not this window's.
awaitable<Result<void>> ObjectWindow::delete_others(const std::vector<ObjectInfo>& objects) {
  Names others = existing_;
  if (plan_.target.write_mode == job::WriteMode::append) {
    std::erase_if(others, [&](const std::string& name) { return !plan_.written.contains(name); });
  }
  std::string_view why = "of an earlier attempt at this window";
  if (plan_.target.truncate_scope == job::TruncateScope::prefix &&
      plan_.target.write_mode == job::WriteMode::truncate) {
    why = "under the prefix `object`";
    const Result<std::vector<ListedObject>> all = co_await store_->list_objects(plan_.target.object);
    if (!all) co_return all.error();
    for (const ListedObject& object : *all) {
      if (!is_spared(object.name)) others.insert(object.name);
    }
  }
  for (const ObjectInfo& object : objects) others.erase(object.name);
  others.erase(plan_.manifest);
  const std::vector<std::string> names(others.begin(), others.end());
  // From here on the rows may be in the new objects only: whatever fails, they stay.
  replacing_ = !names.empty();
  const auto work = [&](std::size_t i) { return delete_one(names[i], why); };
  co_return co_await side_by_side(names.size(), plan_.limits.requests_at_once, work);
}

awaitable<Result<void>> ObjectWindow::delete_one(const std::string& name, std::string_view why) {
  const Result<void> deleted = co_await store_->delete_object(name);
  if (!deleted) co_return deleted.error();
  log_.line(Level::info, fmt::format("deleted object {} {}", name, why));
  co_return Result<void>();
}

awaitable<void> ObjectWindow::abort() {
  namespace this_coro = boost::asio::this_coro;
  tasks_.stop();
  co_await this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  try {
    co_await tasks_.join();
  } catch (const std::exception& failure) {
    log_.line(Level::error, std::string("upload: ") + failure.what());
  }
  if (reached_) {
    auto work = take_back();
    const Result<void> done =
        co_await within(clock_, kAbortLimit, "taking the attempt back", std::move(work));
    if (!done) log_.line(Level::error, "could not take everything back: " + done.error().message());
    left_behind_ = replacing_ || !done;
  }
  co_await this_coro::reset_cancellation_state(boost::asio::enable_terminal_cancellation());
}

// Tries everything; reports what it could not do.
awaitable<Result<void>> ObjectWindow::take_back() {
  if (replacing_) {
    log_.line(Level::warning,
              "the new objects are complete and stay, for the deletion of those that they replace has begun; "
              "the next attempt goes on with it");
  } else {
    const Result<void> objects = co_await take_back_objects();
    if (!objects) co_return objects;
  }
  co_return co_await abort_uploads();
}

awaitable<Result<void>> ObjectWindow::take_back_objects() {
  Names touched(context_.touched.begin(), context_.touched.end());
  if (committing_) {
    // What a crashed commit left was of use only while the rows might not be had again.
    for (const std::string& name : existing_) {
      if (mark_.is_leftover(name)) touched.insert(name);
    }
  }
  const std::vector<std::string> names(touched.begin(), touched.end());
  const auto work = [&](std::size_t i) { return take_back_one(names[i]); };
  co_return co_await side_by_side(names.size(), plan_.limits.requests_at_once, work);
}

// Objects that were there before this attempt stay: of a window that is run again they hold what the ledger
// counts on, and the next attempt replaces them.
awaitable<Result<void>> ObjectWindow::take_back_one(const std::string& name) {
  if (existing_.contains(name) && !mark_.is_leftover(name)) {
    log_.line(Level::warning, fmt::format("object {} was there before this attempt and stays", name));
    co_return Result<void>();
  }
  Result<bool> ours = true;
  if (mark_.exclusive()) ours = co_await mark_.is_on(name);
  if (ours && !*ours) co_return Result<void>();  // somebody else's, or not there
  Result<void> deleted = ours ? Result<void>() : Result<void>(ours.error());
  if (ours) deleted = co_await store_->delete_object(name);
  const std::string line = deleted ? "deleted object " + name : deleted.error().message();
  log_.line(deleted ? Level::info : Level::error, line);
  co_return Result<void>();
}

}  // namespace sluice::objects
